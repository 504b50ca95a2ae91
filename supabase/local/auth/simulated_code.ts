/** The code that every simulated second factor accepts. */
export const SIMULATED_CODE = "123456";

import { z } from "zod";

/**
 * Checks options when the middleware is built, so that a typo fails the deploy and not a request.
 *
 * @param schema What is allowed.
 * @param options What was given.
 * @param name The factory, for the message.
 * @returns The options with their defaults.
 * @throws {TypeError} An option is unknown or wrong; the message names it.
 */
export function parseOptions<S extends z.ZodType>(
  schema: S,
  options: z.input<S>,
  name: string,
): z.output<S> {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new TypeError(`${name}: ${z.prettifyError(parsed.error)}`);
}

/** A function, of which zod can check no more than that. */
export function functionOf<F>() {
  return z.custom<F>((value) => typeof value === "function", "must be a function");
}

/** What is wrong with the value of an option, to follow its name in a sentence; else `undefined`. */
export type OptionRule = (value: unknown) => string | undefined;

/**
 * Checks options when a middleware is built, so that a typo fails at the start and not in a request.
 *
 * @param factory The function that was called, for the message: `auth()`.
 * @param options What was given; an option that is `undefined` counts as not given.
 * @param rules The rule of each option that exists.
 * @throws {TypeError} An option is unknown or wrong; the message names each.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 *
 * const rules = { timeout: integer(1, 60_000) };
 * checkOptions("auth()", { timeout: 500 }, rules);
 * assertThrows(() => checkOptions("auth()", { timeout: 0 }, rules), TypeError, "auth(): timeout must");
 * assertThrows(() => checkOptions("auth()", { timeuot: 1 }, rules), TypeError, "timeuot is unknown");
 * ```
 */
export function checkOptions(
  factory: string,
  options: object,
  rules: Readonly<Record<string, OptionRule>>,
): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`${factory}: the options must be an object`);
  }
  const problems = Object.entries(options).flatMap(([name, value]) => {
    if (!Object.hasOwn(rules, name)) return [`the option ${name} is unknown`];
    const problem = value === undefined ? undefined : rules[name]!(value);
    return problem === undefined ? [] : [`${name} ${problem}`];
  });
  if (problems.length > 0) throw new TypeError(`${factory}: ${problems.join("; ")}`);
}

/** A whole number within bounds. */
export function integer(min: number, max: number): OptionRule {
  return (value) =>
    Number.isInteger(value) && Number(value) >= min && Number(value) <= max
      ? undefined
      : `must be a whole number from ${min} to ${max}`;
}

/** A number within bounds. */
export function number(min: number, max: number): OptionRule {
  return (value) =>
    typeof value === "number" && value >= min && value <= max
      ? undefined
      : `must be a number from ${min} to ${max}`;
}

export const boolean: OptionRule = (value) =>
  typeof value === "boolean" ? undefined : "must be true or false";

export const functionOption: OptionRule = (value) =>
  typeof value === "function" ? undefined : "must be a function";

/** An object with named members: a Map or a list has none, and would silently count as empty. */
export const object: OptionRule = (value) =>
  typeof value === "object" && value !== null && !(Symbol.iterator in value)
    ? undefined
    : "must be an object";

/** A list of texts, each of which follows a rule. */
export function listOf(rule: (item: string) => boolean, problem: string): OptionRule {
  return (value) =>
    Array.isArray(value) && value.every((item) => typeof item === "string" && rule(item))
      ? undefined
      : problem;
}

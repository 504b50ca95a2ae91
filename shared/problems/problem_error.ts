import type { ProblemDetails } from "./problem.ts";
import type { ProblemCode } from "./table.ts";

/**
 * A problem that a handler throws. `edgeFunction` answers it in the one JSON shape, with the status
 * and the action of its code in the table. For codes of your own: `defineProblems()`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const error = new ProblemError("not_found");
 * assertEquals(error.code, "not_found");
 * ```
 */
export class ProblemError extends Error {
  override readonly name: string = "ProblemError";
  /** One of the table, one that an application declares, or one that only a newer Auth has. */
  readonly code: ProblemCode | (string & Record<never, never>);
  readonly details: ProblemDetails;

  /**
   * @param code One of the table.
   * @param details The optional members of the body.
   * @param options `cause`: what failed. It is never answered; where the status is 500 or above, it
   * is logged and given to `onError`.
   */
  constructor(code: ProblemCode, details: ProblemDetails = {}, options?: ErrorOptions) {
    super(code, options);
    this.code = code;
    this.details = details;
  }
}

/**
 * A problem whose code is not of the table: the application declares it, or a newer Auth has it. For
 * this library only, which answers a code that it was not given in one of these ways as
 * `internal_error`.
 */
export function createProblemError(
  code: string,
  details: ProblemDetails,
  options?: ErrorOptions,
): ProblemError {
  return new ProblemError(code as ProblemCode, details, options);
}

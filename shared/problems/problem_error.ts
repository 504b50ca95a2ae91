import type { ProblemDetails } from "./problem.ts";
import type { ProblemCode } from "./table.ts";

/**
 * A problem that a handler throws. `edgeFunction` answers it in the one JSON shape, with the status
 * and the action of its code in the table.
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
  readonly code: ProblemCode | (string & Record<never, never>);
  readonly details: ProblemDetails;

  /**
   * @param code One of the table, or one that a newer Auth has.
   * @param details The optional members of the body.
   */
  constructor(code: ProblemCode | (string & Record<never, never>), details: ProblemDetails = {}) {
    super(code);
    this.code = code;
    this.details = details;
  }
}

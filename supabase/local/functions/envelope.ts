/**
 * A request or an answer as it goes from the host to the process of a function: everything but the
 * body stands in one header. So HTTP between the two adds, changes and decodes no header.
 */

/** The header that holds an envelope. */
export const ENVELOPE = "x-envelope";

/** A request for the function. */
export interface RequestEnvelope {
  /** The process answers only to who knows it. */
  readonly key: string;
  readonly url: string;
  readonly method: string;
  readonly headers: readonly [string, string][];
}

/** The answer of the function, or what it threw. */
export type ResponseEnvelope =
  | {
    readonly status: number;
    readonly statusText: string;
    readonly headers: readonly [string, string][];
    readonly hasBody: boolean;
  }
  | { readonly thrown: string };

/** Writes an envelope as the value of a header. */
export function seal(envelope: RequestEnvelope | ResponseEnvelope): string {
  return encodeURIComponent(JSON.stringify(envelope));
}

/** Reads what {@linkcode seal} has written. */
export function unseal(headers: Headers): unknown {
  return JSON.parse(decodeURIComponent(headers.get(ENVELOPE) ?? "null"));
}

/** A fetch that tells what goes over the wire. */

/** A request, as it is sent. */
export interface SentRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
  /** Tells one call from another. */
  readonly signal: AbortSignal | null;
}

/** A request and its answer. */
export interface Exchange {
  readonly request: SentRequest;
  /** 0 if nothing came back. */
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly body: string;
  readonly milliseconds: number;
}

/** Is told of a request, and then of its answer. */
export type Observer = (request: SentRequest) => (exchange: Exchange) => void;

let observer: Observer = () => () => {};

/** Sets who is told. */
export function observeRequests(next: Observer): void {
  observer = next;
}

/** fetch, observed. */
export const observedFetch: typeof fetch = async (input, init) => {
  const { method, url, headers } = new Request(input, init);
  const { pathname, search } = new URL(url);
  const body = typeof init?.body === "string" ? init.body : "";
  const { signal = null } = init ?? {};
  const request = { method, path: pathname + search, headers, body, signal };
  const from = performance.now();
  const answered = observer(request);
  const tell = (answer: Omit<Exchange, "request" | "milliseconds">) =>
    answered({ ...answer, request, milliseconds: performance.now() - from });
  try {
    const response = await fetch(input, init);
    const { status, statusText, headers } = response;
    tell({ status, statusText, headers, body: await response.clone().text() });
    return response;
  } catch (error) {
    tell({ status: 0, statusText: "", headers: new Headers(), body: "" });
    throw error;
  }
};

/** The user's token that a request carried. */
export function bearerOf({ headers }: SentRequest): string | undefined {
  const token = /^Bearer (\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  return token?.split(".").length === 3 ? token : undefined;
}

/** Whether a request went to a function. */
export function isFunction({ path }: SentRequest): boolean {
  return path.startsWith("/functions/v1/");
}

/** Whether a request went to Auth; its public keys are no news. */
export function isAuth({ path }: SentRequest): boolean {
  return path.startsWith("/auth/v1/") && !path.includes("/.well-known/");
}

/** Whether an answer is a success. */
export function isSuccess({ status }: Exchange): boolean {
  return status >= 200 && status < 300;
}

/** The code that a refusal names, of ours or of Auth; the older shape of Auth has a number as well. */
export function codeOf({ body }: Exchange): string | undefined {
  try {
    const { error_code, code } = Object(JSON.parse(body));
    return [error_code, code].find((value) => typeof value === "string");
  } catch {
    return undefined;
  }
}

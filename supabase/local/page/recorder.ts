/** A fetch that remembers what went over the wire, for the panes and the timeline. */

/** A request and its answer. */
export interface Exchange {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
  /** 0 if nothing came back. */
  readonly status: number;
  readonly statusText: string;
  readonly answerHeaders: Headers;
  readonly answer: string;
  readonly milliseconds: number;
}

const listeners = new Set<(exchange: Exchange) => void>();

/** Is told of every exchange, when it is over. */
export function onExchange(listener: (exchange: Exchange) => void): void {
  listeners.add(listener);
}

/** fetch, recorded. */
export const recordingFetch: typeof fetch = async (input, init) => {
  const { method, url, headers } = new Request(input, init);
  const { pathname, search } = new URL(url);
  const body = typeof init?.body === "string"
    ? init.body
    : input instanceof Request
    ? await input.clone().text()
    : "";
  const request = { method, path: pathname + search, headers, body };
  const begin = performance.now();
  const tell = (rest: Omit<Exchange, keyof typeof request | "milliseconds">) => {
    const exchange = { ...request, ...rest, milliseconds: performance.now() - begin };
    for (const listener of listeners) listener(exchange);
  };
  try {
    const response = await fetch(input, init);
    const { status, statusText, headers: answerHeaders } = response;
    const answer = await response.clone().text();
    tell({ status, statusText, answerHeaders, answer });
    return response;
  } catch (error) {
    tell({ status: 0, statusText: "", answerHeaders: new Headers(), answer: "" });
    throw error;
  }
};

/** The bearer token that a request carried. */
export function bearerOf({ headers }: Exchange): string | undefined {
  const token = /^Bearer (\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  return token?.split(".").length === 3 ? token : undefined;
}

/** Whether a request went to a function. */
export function isCall({ path }: Exchange): boolean {
  return path.startsWith("/functions/v1/");
}

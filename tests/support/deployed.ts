import { fakeEnvironment } from "../../shared/testing/project.ts";
import { installRuntime } from "../../shared/testing/runtime.ts";
import { alive, AUTH_URL, bearer, json } from "./fake_auth.ts";
import { token } from "./tokens.ts";

/** A function of functions/, with the global `fetch` and the environment of the edge runtime. */
export interface Deployed {
  /** Calls the function. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** Calls it with a JSON body and a live token. */
  send(method: string, path: string, body?: unknown, headers?: HeadersInit): Promise<Response>;
  /** The requests it sent to Auth and the database, without the checks of the caller's token. */
  sent(): Promise<{ method: string; path: string; body: unknown; authorization: string | null }[]>;
  /** Answers its requests, except the checks of the caller's token. */
  answer: (request: Request) => Response | Promise<Response>;
  /** What Auth answers about the user besides the id. */
  user: Record<string, unknown>;
}

/**
 * Loads a function of functions/ for the tests of one file: replaces the environment and the global
 * `fetch` before the first test, and puts both back after the last one.
 *
 * @param load Imports the function.
 * @param more Variables besides those of the platform.
 */
export function deployed(
  load: () => Promise<{ default: { fetch: (request: Request) => Response | Promise<Response> } }>,
  more: Record<string, string> = {},
): Deployed {
  let calls: Request[] = [];
  let restore = () => {};
  Deno.test.beforeAll(() => {
    restore = installRuntime(fakeEnvironment(more), async (input, init) => {
      const request = new Request(input, init);
      if (request.method === "GET" && request.url === `${AUTH_URL}/auth/v1/user`) {
        return alive(it.user);
      }
      calls.push(request.clone());
      return await it.answer(request);
    });
  });
  Deno.test.beforeEach(() => {
    calls = [];
    it.answer = () => json(200, {});
    it.user = {};
  });
  Deno.test.afterAll(() => restore());
  const it: Deployed = {
    answer: () => json(200, {}),
    user: {},
    async request(path, init) {
      const { default: served } = await load();
      return await served.fetch(new Request(`http://localhost${path}`, init));
    },
    send: (method, path, body, headers = bearer(token())) =>
      it.request(path, {
        method,
        headers: [...new Headers(headers), ["Content-Type", "application/json"]],
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    sent: () =>
      Promise.all(calls.map(async (call) => {
        const text = await call.clone().text();
        return {
          method: call.method,
          path: call.url.slice(AUTH_URL.length),
          body: text === "" ? null : JSON.parse(text) as unknown,
          authorization: call.headers.get("authorization"),
        };
      })),
  };
  return it;
}

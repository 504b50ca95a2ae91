// A Supabase Auth that is one function, and what it answers.
import { FAKE_PROJECT, fakeEnvironment, legacyKey } from "../../shared/testing/project.ts";
import { USER_ID } from "./tokens.ts";

export const AUTH_URL = FAKE_PROJECT.url;
export const PUBLISHABLE = FAKE_PROJECT.publishableKey;
export const SECRET = FAKE_PROJECT.secretKey;
export const ANON = legacyKey("anon");
export const SERVICE_ROLE = legacyKey("service_role");

/** The variables of a function. A new object per call, so that no two tests share a backend. */
export function environment(
  more: Record<string, string | undefined> = {},
): Record<string, string | undefined> {
  return { ...fakeEnvironment(), ...more };
}

/** The Authorization header of a token. */
export const bearer = (jwt: string) => ({ Authorization: `Bearer ${jwt}` });

/** A JSON answer; a body that is a string is sent as it is. */
export const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(typeof body === "string" ? body : JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });

/** Stands in every error text of the fake Auth: none of our answers may hold it. */
export const UPSTREAM_TEXT = "UPSTREAM-TEXT someone@elsewhere.example";

/** An error of Auth as it writes them since API version 2024-01-01. */
export const refuses = (status: number, code: string, headers: Record<string, string> = {}) =>
  json(status, { code, message: UPSTREAM_TEXT }, { "x-sb-error-code": code, ...headers });

/** An error of Auth in its legacy shape. */
export const refusesOld = (status: number, code: string) =>
  json(status, { code: status, error_code: code, msg: UPSTREAM_TEXT });

/** Auth's answer about a live session. */
export const alive = (user: Record<string, unknown> = {}) =>
  json(200, { id: USER_ID, email: "ada@example.com", aud: "authenticated", ...user });

/** What {@linkcode fakeAuth} makes. */
export interface FakeAuth {
  /** Every request it got. */
  readonly calls: Request[];
  /** The `env` and `fetch` options of `auth()`. */
  readonly options: { env: Record<string, string | undefined>; fetch: typeof globalThis.fetch };
}

/**
 * Makes a fake Auth.
 *
 * @param answer Answers each request; one that throws is a network error.
 * @param env The variables that lead to it.
 */
export function fakeAuth(
  answer: (request: Request, call: number) => Response | Promise<Response> = () => alive(),
  env: Record<string, string | undefined> = environment(),
): FakeAuth {
  const calls: Request[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    calls.push(request);
    return await answer(request, calls.length);
  };
  return { calls, options: { env, fetch } };
}

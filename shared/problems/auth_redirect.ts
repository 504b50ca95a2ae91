/**
 * What Supabase Auth puts into the address of the page that a mail link or a sign-in provider leads
 * back to: an error, as the same typed problem as anywhere else, and an address without it.
 *
 * @module
 */
import { type Problem, problem } from "./problem.ts";
import type { Action } from "./table.ts";

/** What an address says. */
export interface AuthRedirect {
  /** What went wrong; `null` if nothing did. Auth's own English is not in it. */
  readonly problem: Problem | null;
  /** The address without the error, for `history.replaceState`; the same if there is none. */
  readonly url: string;
  /**
   * The same page under the other name of this machine, if the sign-in was probably begun there:
   * `localhost` and `127.0.0.1` share no storage, so one of them lacks the code verifier.
   */
  readonly otherHost: string | null;
}

/** What {@linkcode parseAuthRedirect} cannot read from the address. */
export interface AuthRedirectOptions {
  /**
   * Whether this browser holds the code verifier of a sign-in (PKCE) that it began.
   *
   * @default looks for it in localStorage and in the readable cookies
   */
  readonly hasVerifier?: boolean | undefined;
}

/** `sb` is a mark of Auth, empty, beside the errors in a fragment. */
const MEMBERS = new Set(["error", "error_code", "error_description", "error_uri", "sb"]);

/** What still holds of an attempt that is over; any other action becomes "begin it again". */
const LASTING: readonly Action[] = ["contact_support", "none", "restart_flow"];

const BEGIN_AGAIN = "The sign-in was not completed. Begin it again.";

/** An auth code is a UUID: any other `code` in an address is the application's own. */
const AUTH_CODE = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const OTHER_HOST: Readonly<Record<string, string>> = {
  "localhost": "127.0.0.1",
  "127.0.0.1": "localhost",
};

/**
 * Reads what Auth put into the address of a page, from query and fragment.
 *
 * Call it before `createClient()`, which takes a sign-in out of the address. `error_description` is
 * never passed on: anybody can write a link with any text in it.
 *
 * @param url The page's address: `location.href`.
 * @param options What only the browser knows.
 * @returns The problem, and the address without it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { problem, url } = parseAuthRedirect(
 *   "https://app.example/done?tab=1#error=access_denied&error_code=otp_expired&sb=",
 * );
 * assertEquals([problem?.code, problem?.action], ["otp_expired", "restart_flow"]);
 * assertEquals(url, "https://app.example/done?tab=1");
 * ```
 */
export function parseAuthRedirect(
  url: string | URL,
  options: AuthRedirectOptions = {},
): AuthRedirect {
  const page = new URL(url);
  const [query, fragment] = [page.search.slice(1), page.hash.slice(1)];
  const said = [new URLSearchParams(query), new URLSearchParams(fragment)];
  const first = (name: string) => said.map((one) => one.get(name)).find(Boolean);
  const code = first("error_code") ?? first("error");
  // `error` alone is any application's own parameter; Auth says more (RFC 6749, section 4.1.2.1).
  if (code && (first("error_code") ?? first("error_description"))) {
    page.search = without(query);
    page.hash = without(fragment);
    return { problem: redirectProblem(code), url: page.href, otherHost: null };
  }
  const unchanged = { problem: null, url: page.href, otherHost: null };
  if (!AUTH_CODE.test(said[0]?.get("code") ?? "")) return unchanged;
  if (options.hasVerifier ?? findVerifier()) return unchanged;
  const other = OTHER_HOST[page.hostname];
  const elsewhere = new URL(page);
  if (other !== undefined) elsewhere.hostname = other;
  page.search = without(query, "code");
  return {
    problem: redirectProblem("bad_code_verifier"),
    url: page.href,
    otherHost: other === undefined ? null : elsewhere.href,
  };
}

function redirectProblem(code: string): Problem {
  const { retry_after: _, ...made } = problem(code, "handler", { request_id: "" });
  if (LASTING.includes(made.action)) return made;
  return { ...made, action: "restart_flow", message: BEGIN_AGAIN };
}

/** The other members as they are written, so that an application's own encoding stays. */
function without(members: string, ...more: string[]): string {
  const dropped = (name: string) => MEMBERS.has(name) || more.includes(name);
  return members.split("&").filter((one) => !dropped(one.split("=", 1)[0] ?? "")).join("&");
}

/** supabase-js keeps verifiers under keys that end so; @supabase/ssr in cookies of that name. */
function findVerifier(): boolean {
  try {
    const { localStorage, document }: {
      localStorage?: { readonly length: number; key(index: number): string | null };
      document?: { readonly cookie: string };
    } = globalThis;
    const keys = Array.from({ length: localStorage?.length ?? 0 }, (_, n) => localStorage?.key(n));
    return keys.some((key) => /^sb-.*-code-verifier$/.test(key ?? "")) ||
      /(?:^|; ?)sb-[^=]*-code-verifier(?:\.\d+)?=./.test(document?.cookie ?? "");
  } catch {
    return false; // a page that may not read its own storage has no verifier either
  }
}

// What the browser part does about a fault of Auth: run with supabase-js, as a page uses it.
import { createClient } from "@supabase/supabase-js";
import { Hono } from "hono";
import { createRecovery } from "../../../shared/browser/mod.ts";
import { auth, type AuthEnv } from "../../../shared/mod.ts";
import { fakeAuth, json } from "../../support/fake_auth.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { logged, settle } from "../../support/async.ts";
import { now, token, USER_ID } from "../../support/tokens.ts";
import type { Fault } from "./upstream.ts";

/** What one call of a page led to. */
export interface Observed {
  /** How often the function was called. */
  readonly calls: number;
  /** How often the session was refreshed. */
  readonly refreshes: number;
  readonly isAnswered: boolean;
  /** Whether the page was told that the user is signed out. */
  readonly isSignedOut: boolean;
  /** Whether the session is still in the browser's storage. */
  readonly isStored: boolean;
}

// Deno has Web Locks: the page of one fault would wait for that of another, whose time stands still.
Object.defineProperty(navigator, "locks", { value: undefined });

const STORAGE_KEY = "sb-project-auth-token";

/**
 * Calls a function from a page, while Auth has a fault for both: for the function's check, and for
 * the page's own GET /user.
 *
 * @param fault Told anew how to behave, since some behave differently the second time.
 * @param refresh `"works"`: the refresh grant gives a new session, and the stored token is alive.
 * `"fails"`: it has the same fault, and the stored token has expired, so that it is needed at once.
 */
export async function observe(fault: Fault, refresh: "works" | "fails"): Promise<Observed> {
  using time = new FakeTime();
  const app = new Hono<AuthEnv>().use(auth(fakeAuth(fault.answer).options))
    .all("/*", (c) => c.json("in"));
  const storage = new Map([[STORAGE_KEY, JSON.stringify(session(refresh === "works"))]]);
  let calls = 0;
  let refreshes = 0;
  let isOver = false;
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/functions/")) {
      calls++;
      return await app.request(request);
    }
    if (pathname === "/auth/v1/token" && (refresh === "works" || isOver)) {
      refreshes++;
      return json(200, session(true));
    }
    return await abortable(fault.answer(request), init?.signal);
  };
  const ended: unknown[] = [];
  const recovery = createRecovery({ fetch, onSignedOut: (ending) => void ended.push(ending) });
  const supabase = recovery.attach(
    createClient("https://project.example", "sb_publishable_test", {
      auth: {
        autoRefreshToken: false,
        storageKey: STORAGE_KEY,
        storage: {
          getItem: (key) => storage.get(key) ?? null,
          setItem: (key, value) => void storage.set(key, value),
          removeItem: (key) => void storage.delete(key),
        },
      },
      global: { fetch: recovery.fetch },
    }),
  );
  let answer: { readonly data: unknown } | undefined;
  await logged(async () => {
    void supabase.functions.invoke("me").then((result) => answer = result);
    await settle();
    for (let elapsed = 0; answer === undefined && elapsed < 180_000; elapsed += 100) {
      time.tick(100);
      await settle(2);
    }
  });
  if (answer === undefined) throw new Error(`${fault.name}: invoke() did not end in three minutes`);
  const observed = {
    calls,
    refreshes,
    isAnswered: answer.data === "in",
    isSignedOut: ended.length > 0,
    isStored: storage.has(STORAGE_KEY),
  };
  isOver = true; // Auth is back: nothing is left that waits for it
  await logged(async () => {
    time.tick(60_000);
    await settle();
  });
  return observed;
}

function session(isAlive: boolean) {
  const exp = now() + (isAlive ? 2700 : -100);
  return {
    access_token: token({ iat: exp - 3600, exp, jti: crypto.randomUUID() }),
    refresh_token: "r".repeat(12),
    token_type: "bearer",
    expires_in: 3600,
    expires_at: exp,
    user: { id: USER_ID, aud: "authenticated", app_metadata: {}, user_metadata: {} },
  };
}

/** What a real fetch does when its signal is aborted; some faults never answer. */
async function abortable(
  answer: Response | Promise<Response>,
  signal: AbortSignal | null | undefined,
): Promise<Response> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal?.addEventListener("abort", () => reject(signal.reason));
  return await Promise.race([answer, promise]);
}

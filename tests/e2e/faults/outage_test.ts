// Auth is gone for 30 s in the middle of a minute of load: 20 requests a second of 100 users, in fake
// time. Three ways to be gone, and users who sign out while it is.
import { assert, assertEquals } from "@std/assert";
import { Hono } from "hono";
import { auth, type AuthEnv } from "../../../shared/mod.ts";
import { decodeToken } from "../../../shared/server/core/claims.ts";
import { settle } from "../../support/async.ts";
import { alive, bearer, fakeAuth, refuses } from "../../support/fake_auth.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { token } from "../../support/tokens.ts";

const LATENCY_MS = 20;
const GONE_FROM_MS = 15_000;
const GONE_UNTIL_MS = 45_000;
const END_MS = 60_000;
const STEP_MS = 50;
const USERS = 100;

const WAYS: Record<string, (signal: AbortSignal) => Promise<Response>> = {
  "refuses connections": () => Promise.reject(new TypeError("connection refused")),
  "hangs": (signal) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  "answers 503": () => Promise.resolve(new Response("", { status: 503 })),
};

/** Makes `Math.random()` the same in every run: a second try comes after a random pause. */
function fixedRandom(): Disposable {
  const { random } = Math;
  Math.random = () => 0.5;
  return { [Symbol.dispose]: () => void (Math.random = random) };
}

for (const freshness of ["strict", 10] as const) {
  for (const [way, gone] of Object.entries(WAYS)) {
    Deno.test(`auth() at ${freshness} signs nobody out and admits nobody by mistake when Auth ${way} for 30 s`, async () => {
      using time = new FakeTime();
      using _ = fixedRandom();
      const began = time.now;
      const passed = () => time.now - began;
      const isGone = () => passed() >= GONE_FROM_MS && passed() < GONE_UNTIL_MS;
      const signedOutAt = new Map<string, number>();
      const callsAt: number[] = [];
      const { options } = fakeAuth(async ({ headers, signal }) => {
        callsAt.push(passed());
        if (isGone()) return await gone(signal);
        await new Promise((resolve) => setTimeout(resolve, LATENCY_MS));
        const jwt = headers.get("authorization")!.slice("Bearer ".length);
        const { sub } = decodeToken(jwt)!.claims;
        return signedOutAt.has(jwt) ? refuses(403, "session_not_found") : alive({ id: sub });
      });
      const app = new Hono<AuthEnv>().use(auth({ ...options, freshness })).get(
        "/",
        (c) => c.text("in"),
      );
      const users = Array.from({ length: USERS }, (_, n) => token({ sub: `user-${n}` }));

      const seen: { at: number; ms: number; status: number; jwt: string }[] = [];
      for (let n = 0; passed() < END_MS; n++) {
        const jwt = users[n % USERS]!;
        const at = passed();
        void Promise.resolve(app.request("/", { headers: bearer(jwt) })).then(({ status }) =>
          seen.push({ at, ms: passed() - at, status, jwt })
        );
        // Some sign out: before, during (where another way led to Auth) and after.
        if (n % 97 === 96) signedOutAt.set(users[(n * 31) % USERS]!, at);
        await settle(2);
        time.tick(STEP_MS);
      }
      for (let n = 0; n < 100; n++) {
        await settle(2);
        time.tick(STEP_MS);
      }

      const lastsMs = freshness === "strict" ? 0 : freshness * 1000;
      const wrongful401 = seen.filter(({ status, jwt, at, ms }) =>
        status === 401 && !(signedOutAt.get(jwt)! <= at + ms)
      );
      const wrongfulAdmissions = seen.filter(({ status, jwt, at }) =>
        status === 200 && signedOutAt.get(jwt)! + lastsMs < at
      );
      const slowest = Math.max(...seen.map(({ ms }) => ms));
      const whileGone = callsAt.filter((at) => at >= GONE_FROM_MS && at < GONE_UNTIL_MS).length;
      const firstSecond = callsAt.filter((at) =>
        at >= GONE_UNTIL_MS && at < GONE_UNTIL_MS + 1000
      ).length;
      const back = seen.filter(({ status, at }) => status === 200 && at >= GONE_UNTIL_MS)
        .reduce((first, { at }) => Math.min(first, at), Infinity) - GONE_UNTIL_MS;
      console.log(
        `Auth ${way} for 30 s, ${freshness}: ${seen.length} answers, ` +
          `${wrongful401.length} wrongful 401, ${wrongfulAdmissions.length} wrongful admissions, ` +
          `slowest answer ${slowest} ms, ${whileGone} calls while gone, ` +
          `${firstSecond} calls in the first second back, first admission ${back} ms after`,
      );
      assertEquals([wrongful401, wrongfulAdmissions], [[], []]);
      assert(slowest <= 3000 + STEP_MS, `${slowest} ms`);
      assert(firstSecond <= 25, `${firstSecond} calls in the first second`);
      assert(back <= 2000, `${back} ms`);
      assert(whileGone <= 150, `${whileGone} calls while Auth was gone`);
      assertEquals(new Set(seen.map(({ status }) => status)), new Set([200, 401, 503]));
    });
  }
}

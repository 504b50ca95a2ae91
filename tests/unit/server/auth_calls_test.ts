// How many calls to Supabase Auth a function makes: counted at a fake Auth, in fake time.
import { assert, assertEquals } from "@std/assert";
import { Hono } from "hono";
import { auth, edgeFunction } from "../../../shared/mod.ts";
import {
  alive,
  bearer,
  deferred,
  environment,
  fakeAuth,
  inFakeTime,
  newSigningKey,
  now,
  refuses,
  settle,
  token,
} from "../../support/server.ts";

type Answer = Parameters<typeof fakeAuth>[0];

/** An isolate with a fake Auth of its own, in each form in which a function can check its callers. */
const FORMS = {
  "auth()": (answer: Answer, env?: Record<string, string>) => {
    const { calls, options } = fakeAuth(answer, environment(env));
    return { calls, app: new Hono().use(auth(options)).all("/me", (c) => c.text("in")) };
  },
  "auth({ freshness: 10 })": (answer: Answer, env?: Record<string, string>) => {
    const { calls, options } = fakeAuth(answer, environment(env));
    const check = auth({ ...options, freshness: 10 });
    return { calls, app: new Hono().use(check).all("/me", (c) => c.text("in")) };
  },
  "edgeFunction()": (answer: Answer, env?: Record<string, string>) => {
    const { calls, options } = fakeAuth(answer, environment(env));
    return { calls, app: edgeFunction("me", { auth: options }).all("/", (c) => c.text("in")) };
  },
};

async function statusOf(app: { fetch: Hono["fetch"] }, jwt: string): Promise<number> {
  return (await app.fetch(new Request("http://localhost/me", { headers: bearer(jwt) }))).status;
}

/** An answer with the Date header by which a function compares its clock with Auth's. */
function dated(response: Response): Response {
  response.headers.set("Date", new Date().toUTCString());
  return response;
}

/** A project that signs with ES256: its environment, and its key. */
async function project() {
  const { jwk } = await newSigningKey("ES256", "current");
  const jwks = { keys: [jwk] };
  return { jwks, env: { SUPABASE_JWKS: JSON.stringify(jwks) } };
}

for (const [form, isolate] of Object.entries(FORMS)) {
  Deno.test(`${form} makes one call when 8 requests of a page load arrive together`, async () => {
    const { app, calls } = isolate(() => alive());
    const jwt = token();
    const statuses = await Promise.all(Array.from({ length: 8 }, () => statusOf(app, jwt)));
    assertEquals([new Set(statuses), calls.length], [new Set([200]), 1]);
  });

  Deno.test(`${form} makes at most two calls when 7 requests arrive while the first one is checked`, async () => {
    const gate = deferred();
    const { app, calls } = isolate(async () => {
      await gate.promise;
      return alive();
    });
    const jwt = token();
    const statuses: Promise<number>[] = [];
    for (let n = 0; n < 8; n++) {
      statuses.push(statusOf(app, jwt));
      await settle(2);
    }
    gate.resolve();
    assertEquals(new Set(await Promise.all(statuses)), new Set([200]));
    assert(calls.length <= 2, `${calls.length} calls`);
  });

  Deno.test(`${form} makes no call for 1,000 tokens that are not JWTs`, async () => {
    const { app, calls } = isolate(() => refuses(403, "bad_jwt"));
    for (let n = 0; n < 1000; n++) assertEquals(await statusOf(app, `opaque-${n}`), 401);
    assertEquals(calls.length, 0);
  });

  for (const kid of ["current", "random"]) {
    Deno.test(`${form} makes at most 6 calls per second when 1,000 forged tokens in 10 s name the key ${kid}`, () =>
      inFakeTime(async (time) => {
        const { env, jwks } = await project();
        const { app, calls } = isolate(
          (request) =>
            request.url.endsWith("jwks.json") ? Response.json(jwks) : refuses(403, "bad_jwt"),
          env,
        );
        const statuses: Promise<number>[] = [];
        for (let n = 0; n < 1000; n++) {
          const header = { alg: "ES256", kid: kid === "random" ? `random-${n}` : kid };
          statuses.push(statusOf(app, token({ n }, header)));
          await settle(1);
          time.tick(10);
        }
        for (let n = 0; n < 300; n++) {
          await settle(1);
          time.tick(10);
        }
        assertEquals([...new Set(await Promise.all(statuses))].sort(), [401, 503]);
        assert(calls.length <= 20 + 13 * 6, `${calls.length} calls in 13 s, 20 of them saved up`);
      }));
  }

  Deno.test(`${form} makes one call for each forged token that is signed with HS256`, async () => {
    const { env } = await project();
    const { app, calls } = isolate(() => refuses(403, "bad_jwt"), env);
    for (let n = 0; n < 50; n++) assertEquals(await statusOf(app, token({ n })), 401);
    assertEquals(calls.length, 50);
  });

  Deno.test(`${form} makes no call for 1,000 expired tokens when Auth's Date has agreed with the clock`, async () => {
    const { app, calls } = isolate(() => dated(alive()));
    assertEquals(await statusOf(app, token()), 200);
    for (let n = 0; n < 1000; n++) {
      assertEquals(await statusOf(app, token({ n, exp: now() - 600 })), 401);
    }
    assertEquals(calls.length, 1);
  });

  Deno.test(`${form} makes at most one call per 5 s when a client repeats the token of an ended session`, () =>
    inFakeTime(async (time) => {
      const { app, calls } = isolate(() => refuses(403, "session_not_found"));
      const jwt = token();
      for (let n = 0; n < 1000; n++) {
        assertEquals(await statusOf(app, jwt), 401);
        time.tick(10);
      }
      assert(calls.length <= 2, `${calls.length} calls in 10 s`);
    }));
}

Deno.test("auth({ freshness: f }) on N isolates makes R / (1 + R f / N) calls per second for a user of R requests per second", () =>
  inFakeTime(async (time) => {
    const fleets = [
      { isolates: 1, freshness: 2, rate: 1 },
      { isolates: 1, freshness: 10, rate: 5 },
      { isolates: 4, freshness: 5, rate: 2 },
    ];
    for (const { isolates, freshness, rate } of fleets) {
      const random = seeded(7);
      const fleet = Array.from({ length: isolates }, () => {
        const { calls, options } = fakeAuth(() => alive());
        const check = auth({ ...options, freshness });
        return { calls, app: new Hono().use(check).get("/me", (c) => c.text("in")) };
      });
      const jwt = token({ exp: now() + 1_000_000 });
      let ms = 0;
      for (let n = 0; n < 4000; n++) {
        const pause = Math.round(-Math.log(1 - random()) * 1000 / rate); // a Poisson process
        time.tick(pause);
        ms += pause;
        assertEquals(await statusOf(fleet[Math.floor(random() * isolates)]!.app, jwt), 200);
      }
      const calls = fleet.reduce((sum, isolate) => sum + isolate.calls.length, 0);
      const expected = rate / (1 + rate * freshness / isolates);
      const found = calls / (ms / 1000) / expected;
      assert(found > 0.95 && found < 1.05, `${found} of it with ${isolates} isolates`);
    }
  }));

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function seeded(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

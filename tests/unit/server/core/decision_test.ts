import { assert, assertEquals, assertMatch } from "@std/assert";
import { Hono } from "hono";
import { auth, type AuthEnv, type Decision } from "../../../../shared/mod.ts";
import { serverTiming } from "../../../../shared/server/core/decision.ts";
import {
  alive,
  bearer,
  fakeAuth,
  logged,
  refuses,
  SECRET,
  token,
  USER_ID,
} from "../../../support/server.ts";

Deno.test("serverTiming() is one entry that a browser can read", () => {
  assertEquals(serverTiming({ source: "precheck", ms: 0 }), 'auth;desc="precheck";dur=0.0');
  assertEquals(
    serverTiming({ source: "shared_check", ms: 12.34 }),
    'auth;desc="shared_check";dur=12.3',
  );
});

Deno.test("onDecision says how each decision was found, and nothing about who", async () => {
  const seen: Decision[] = [];
  const { options } = fakeAuth((request) =>
    request.headers.get("authorization")?.includes(dead)
      ? refuses(403, "session_not_found")
      : alive()
  );
  const dead = token({ n: "dead" });
  const living = token();
  const app = new Hono<AuthEnv>()
    .use(auth({ ...options, onDecision: (told) => seen.push(told) }))
    .get("/", (c) => c.text(""));
  const ask = (headers: Record<string, string>) =>
    app.request("/", { headers: { ...headers, "X-Request-Id": `r${seen.length}` } });
  const nobody = { guard: null, kind: null, key_name: null, client_id: null, recheck: false };
  await ask({});
  await logged(() => ask({ Authorization: `Bearer ${SECRET}` }));
  await ask(bearer(living));
  await ask(bearer(dead));
  await ask(bearer(dead));
  assertEquals(
    seen.map(({ ms: _, ...told }) => told),
    [
      {
        outcome: "refused",
        code: "no_authorization",
        source: "precheck",
        ...nobody,
        upstream_calls: 0,
        request_id: "r0",
      },
      {
        outcome: "refused",
        code: "bad_jwt",
        source: "precheck",
        ...nobody,
        upstream_calls: 0,
        request_id: "r1",
      },
      {
        outcome: "admitted",
        code: null,
        source: "check",
        ...nobody,
        kind: "user",
        upstream_calls: 1,
        request_id: "r2",
      },
      {
        outcome: "refused",
        code: "session_not_found",
        source: "check",
        ...nobody,
        upstream_calls: 1,
        request_id: "r3",
      },
      {
        outcome: "refused",
        code: "session_not_found",
        source: "memory",
        ...nobody,
        upstream_calls: 0,
        request_id: "r4",
      },
    ],
  );
  const told = JSON.stringify(seen);
  for (const secret of [living, dead, SECRET, USER_ID, "ada", "@", "eyJ"]) {
    assert(!told.includes(secret));
  }
  assert(seen.every(({ ms }) => Number.isFinite(ms) && ms >= 0));
});

Deno.test("Server-Timing says the same on admissions and refusals, in a new entry", async () => {
  const { options } = fakeAuth();
  const app = new Hono<AuthEnv>()
    .use(async (c, next) => {
      c.header("Server-Timing", "db;dur=1");
      await next();
    })
    .use(auth(options)).get("/", (c) => c.text("in"));
  for (const [headers, source] of [[{}, "precheck"], [bearer(token()), "check"]] as const) {
    const response = await app.request("/", { headers });
    assertMatch(
      response.headers.get("Server-Timing") ?? "",
      new RegExp(`^db;dur=1, auth;desc="${source}";dur=[\\d.]+$`),
    );
  }
});

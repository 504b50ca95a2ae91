import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { FunctionsHttpError } from "@supabase/supabase-js";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import {
  auth,
  type AuthEnv,
  defineProblems,
  edgeFunction,
  guard,
  type GuardTest,
  ProblemError,
} from "../../../shared/mod.ts";
import { problem } from "../../../shared/problems/problem.ts";
import {
  alive,
  assertRefusal,
  bearer,
  deferred,
  fakeAuth,
  inFakeTime,
  json,
  logged,
  settle,
  token,
  USER_ID,
} from "../../support/server.ts";
import { askGuards, GUARD_REFUSALS } from "../../support/guards.ts";

/** An error of which nothing can be read. */
function unreadable(): Error {
  const get = () => {
    throw new Error("unreadable");
  };
  const error = new Error();
  return Object.defineProperties(error, { name: { get }, message: { get }, stack: { get } });
}

const { insufficient_scope, request_timeout } = GUARD_REFUSALS;

Deno.test("guard() lets a user through when its test returns true, or a promise of it", async () => {
  for (const test of [() => true, () => Promise.resolve(true)]) {
    assertEquals((await askGuards(guard("any", test))).status, 200);
  }
  assertEquals(guard("any", () => true).name, 'guard("any")');
});

Deno.test("guard() refuses when its test returns anything else, and logs what is not a boolean", async () => {
  for (const test of [() => false, () => Promise.resolve(false)]) {
    const lines = await logged(async () => {
      await assertRefusal(await askGuards(guard("no", test)), insufficient_scope);
    });
    assertEquals(lines, "");
  }
  const values = [undefined, null, 1, "true", {}, [], [true], new Boolean(true), new Response()];
  for (const [i, value] of values.entries()) {
    for (const test of [() => value, () => Promise.resolve(value)]) {
      const name = `odd ${i} ${test.toString().length}`;
      const lines = await logged(async () => {
        const odd = guard(name, test as unknown as GuardTest);
        await assertRefusal(await askGuards(odd), insufficient_scope);
        await assertRefusal(await askGuards(odd), insufficient_scope);
      });
      const kind = value === null ? "null" : typeof value;
      assertEquals(
        lines,
        `edge-auth: guard("${name}") returned ${kind} instead of true or false, which counts as false.`,
      );
    }
  }
});

Deno.test("guard() gives its test the caller's own context, and the request with its parameters", async () => {
  const { options, calls } = fakeAuth((request) =>
    request.url.includes("/rest/") ? json(200, [{ user_id: USER_ID }]) : alive()
  );
  const member = guard("member", async (auth, c) => {
    assertStrictEquals(auth, c.var.auth);
    const { data, error } = await auth.supabase.from("members").select("user_id")
      .eq("organization_id", c.req.param("id")).eq("user_id", auth.user.id);
    if (error) throw error;
    return data.length === 1;
  });
  const app = edgeFunction("f", { auth: options });
  app.get("/:id", member, (c) => c.text(`in ${c.req.param("id")}`));
  const jwt = token();
  const response = await app.request("/f/7", { headers: bearer(jwt) });
  assertEquals([response.status, await response.text()], [200, "in 7"]);
  const [, rest] = calls;
  assertEquals(
    rest?.url,
    `https://project.example/rest/v1/members?select=user_id&organization_id=eq.7&user_id=eq.${USER_ID}`,
  );
  assertEquals(rest?.headers.get("authorization"), `Bearer ${jwt}`);
});

Deno.test("guard() answers what its test throws like an error of a handler, which does not run", async () => {
  const database = (code: string) => ({ code, message: "…", details: null, hint: null });
  const cases: [unknown, number, string, string][] = [
    [new ProblemError("not_found"), 404, "not_found", "fix_request"],
    [new ProblemError("insufficient_aal"), 403, "insufficient_aal", "none"],
    [database("PGRST116"), 404, "not_found", "fix_request"],
    [database("42501"), 403, "insufficient_scope", "none"],
    [database("57014"), 504, "request_timeout", "retry"],
    [new HTTPException(403), 403, "insufficient_scope", "none"],
    [new HTTPException(401), 403, "insufficient_scope", "none"],
    [new Error("broken"), 500, "internal_error", "contact_support"],
    [undefined, 500, "internal_error", "contact_support"],
    [unreadable(), 500, "internal_error", "contact_support"],
  ];
  for (const [thrown, status, code, action] of cases) {
    for (const isAsync of [false, true]) {
      const test = () => {
        if (isAsync) return Promise.reject(thrown);
        throw thrown;
      };
      await logged(async () => {
        const retry = action === "retry" ? { retry_after: true } as const : {};
        const response = await askGuards(guard("failing", test));
        await assertRefusal(response, { status, code, action, replay: false, ...retry });
      });
    }
  }
});

Deno.test("guard() answers a declared problem, and the problem of another function, that its test throws", async () => {
  const problems = defineProblems({
    payment_required: { status: 402, action: "none", message: "Choose a plan first." },
  });
  const body = problem("not_found", "handler", { request_id: "r2" });
  const other = Response.json(body, { status: body.status });
  const cases = [
    [problems.error("payment_required"), 402, "payment_required"],
    [new FunctionsHttpError(other), 404, "not_found"],
  ] as const;
  for (const [thrown, status, code] of cases) {
    const response = await askGuards(guard("failing", () => Promise.reject(thrown)));
    assertEquals([response.status, (await response.json()).code], [status, code]);
  }
});

Deno.test("guard() hands an error of its test to the function's onError, once", async () => {
  const taken: unknown[] = [];
  const thrown = new Error("broken");
  const { options } = fakeAuth();
  const app = edgeFunction("f", {
    auth: options,
    onError: (error) => {
      taken.push(error);
      return false;
    },
  });
  app.get("/", guard("failing", () => Promise.reject(thrown)), (c) => c.text("in"));
  const lines = await logged(async () => {
    assertEquals((await app.request("/f", { headers: bearer(token()) })).status, 500);
  });
  assertEquals([taken, lines], [[thrown], ""]);
});

Deno.test("guard() logs an error of its test in an app of its own, and answers in the one shape", async () => {
  const { options } = fakeAuth();
  const app = new Hono<AuthEnv>().use(auth(options))
    .onError((_error, c) => c.text("careless"))
    .get("/", guard("failing", () => Promise.reject(new Error("broken"))), (c) => c.text("in"));
  const lines = await logged(async () => {
    const response = await app.request("/", { headers: bearer(token()) });
    await assertRefusal(response, {
      status: 500,
      code: "internal_error",
      action: "contact_support",
      replay: false,
    });
  });
  assert(lines.includes("broken"), lines);
});

Deno.test("guard() leaves an error of the handler behind it to the app", async () => {
  const { options } = fakeAuth();
  const app = edgeFunction("f", { auth: options });
  app.get("/", guard("any", () => true), () => {
    throw new ProblemError("conflict");
  });
  const response = await app.request("/f", { headers: bearer(token()) });
  assertEquals([response.status, (await response.json()).replay], [409, false]);
});

Deno.test("guard() answers 503 when its test takes too long, and a later answer changes nothing", async () => {
  for (const [timeout, options] of [[10_000], [500, { timeout: 500 }]] as const) {
    for (const later of ["true", "rejects", "never"]) {
      await inFakeTime(async (time) => {
        const gate = deferred<boolean>();
        const name = `slow ${timeout} ${later}`;
        let asked = 0;
        const slow = guard(name, () => {
          asked++;
          return gate.promise;
        }, options);
        const lines = await logged(async () => {
          const answer = askGuards(slow);
          await settle();
          time.tick(timeout - 1);
          await settle();
          time.tick(1);
          await assertRefusal(await answer, request_timeout);
          if (later === "true") gate.resolve(true);
          if (later === "rejects") gate.reject(new Error("late"));
          await settle();
        });
        assertEquals(asked, 1);
        assertEquals(
          lines,
          `edge-auth: guard("${name}") took longer than ${timeout} ms: the request was answered with 503.`,
        );
      });
    }
  }
});

Deno.test("guard() throws a TypeError when an argument is wrong", () => {
  const test = () => true;
  const wrong: unknown[][] = [
    [],
    ["member"],
    ["member", true],
    ["", test],
    ["1", test],
    ["a\nb", test],
    ["a".repeat(65), test],
    [test],
    ["member", test, { timeout: 0 }],
    ["member", test, { timeout: 60_001 }],
    ["member", test, { timeuot: 1 }],
    ["member", test, null],
  ];
  for (const args of wrong) {
    assertThrows(
      () => (guard as (...args: unknown[]) => unknown)(...args),
      TypeError,
      "guard()",
      String(args),
    );
  }
});

import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import * as v from "valibot";
import { z } from "zod";
import * as mini from "zod/mini";
import { problemOf } from "../../../shared/browser/mod.ts";
import { readFailure } from "../../../shared/browser/failure.ts";
import { nextStep } from "../../../shared/browser/step.ts";
import { createProblemSchema, problemSchema } from "../../../shared/server/problem_schema.ts";
import {
  type DeclaredProblem,
  defineProblems,
  edgeFunction,
  type EdgeFunctionOptions,
  type Problem,
  ProblemError,
  type StandardSchema,
} from "../../../shared/mod.ts";
import { getDeclared } from "../../../shared/problems/declared_error.ts";
import { isProblems } from "../../../shared/problems/define_problems.ts";
import { assertRefusal, fakeAuth, logged } from "../../support/server.ts";
import { openRecovering, session, store, TabStorage, VERSIONS } from "../browser/_support.ts";
import { fakeProject, json, STORAGE_KEY } from "../browser/_support.ts";

const problems = defineProblems({
  payment_required: {
    status: 402,
    action: "none",
    message: "This needs a paid plan.",
    details: { plan: z.enum(["pro", "team"]), price_cents: z.int().optional() },
    headers: ["Link"],
    type: "https://shop.example/problems/payment-required",
  },
  warehouse_down: {
    status: 503,
    action: "retry",
    retry_after: 30,
    message: "The warehouse does not answer.",
  },
  sold_out: { status: 409, action: "fix_request", message: "This is sold out." },
});

/** What a caller gets of an error that a handler throws. */
async function answerTo(
  thrown: unknown,
  headers: HeadersInit = {},
  options: EdgeFunctionOptions = {},
): Promise<Response> {
  const app = edgeFunction("f", { auth: fakeAuth().options, public: ["/"], ...options });
  app.get("/", (c) => {
    c.header("Link", "<https://stale.example>");
    throw thrown;
  });
  return await app.request("/f", { headers });
}

const PAYMENT = { status: 402, code: "payment_required", action: "none", replay: false };

Deno.test("problems.error() creates a ProblemError that is answered as it is declared", async () => {
  const error = problems.error("payment_required", { plan: "pro", price_cents: 900 });
  assert(error instanceof ProblemError && error instanceof Error);
  assertEquals([error.name, error.message, error.code], [
    "ProblemError",
    "payment_required",
    "payment_required",
  ]);
  assertEquals(error.details, { plan: "pro", price_cents: 900 });

  const body = await assertRefusal(await answerTo(error), PAYMENT);
  assertEquals(body, {
    code: "payment_required",
    message: "This needs a paid plan.",
    status: 402,
    action: "none",
    replay: false,
    request_id: body.request_id,
    plan: "pro",
    price_cents: 900,
  } as Problem);
});

Deno.test("problems.error() is answered in the same way by a function with another set or none", async () => {
  const others = defineProblems({ other: { status: 418, action: "none", message: "Tea only." } });
  const error = problems.error("payment_required", { plan: "team" });
  for (const options of [{}, { problems }, { problems: others }]) {
    const body = await assertRefusal(await answerTo(error, {}, options), PAYMENT);
    assertEquals((body as unknown as { plan: string }).plan, "team");
  }
});

Deno.test("problems.error() sends its own retry_after, else the declared one, and its issues", async () => {
  const retry = { status: 503, code: "warehouse_down", action: "retry", replay: false };
  const declared = await answerTo(problems.error("warehouse_down"));
  await assertRefusal(declared, { ...retry, retry_after: 30 });
  const given = await answerTo(problems.error("warehouse_down", { retry_after: 0 }));
  await assertRefusal(given, { ...retry, retry_after: 0 });
  for (const odd of [-1, 0.5, NaN, Infinity]) {
    const response = await answerTo(problems.error("warehouse_down", { retry_after: odd }));
    await assertRefusal(response, { ...retry, retry_after: 30 });
  }
  const issues = [{ path: ["size"], code: "custom", message: "Take another size." }];
  const sold = await answerTo(problems.error("sold_out", { issues }));
  const expected = { status: 409, code: "sold_out", action: "fix_request", replay: false };
  assertEquals((await assertRefusal(sold, expected)).issues, issues);
});

Deno.test("problems.error() is answered with its headers, and with RFC 9457's members when Accept names them", async () => {
  const error = problems.error("payment_required", { plan: "pro" }, {
    headers: { Link: "<https://shop.example/plans>; rel=help" },
  });
  const response = await answerTo(error, { Accept: "application/problem+json" });
  assertEquals(response.headers.get("Link"), "<https://shop.example/plans>; rel=help");
  const contentType = "application/problem+json";
  const body = await assertRefusal(response, { ...PAYMENT, contentType });
  const { type, title } = body as unknown as Record<string, unknown>;
  assertEquals([type, title], [
    "https://shop.example/problems/payment-required",
    "This needs a paid plan.",
  ]);
  const sold = await answerTo(problems.error("sold_out"), { Accept: contentType });
  assertEquals((await sold.json()).type, "tag:edge-auth,2026:sold_out");
});

Deno.test("problems.error() is logged and handed to onError only for a fault with a cause", async () => {
  const seen: unknown[] = [];
  const onError = (error: unknown, { code }: { code: string }) => void seen.push([error, code]);
  const cause = new Error("ECONNREFUSED");
  const refusal = problems.error("payment_required", { plan: "pro" }, { cause });
  const fault = problems.error("warehouse_down", {}, { cause });
  const log = await logged(async () => {
    for (const error of [refusal, fault, problems.error("warehouse_down")]) {
      await (await answerTo(error, {}, { onError })).body?.cancel();
    }
    const known = new ProblemError("unexpected_failure", {}, { cause });
    await (await answerTo(known, {}, { onError })).body?.cancel();
  });
  assertEquals(seen.length, 2);
  assertEquals(seen[0], [fault, "warehouse_down"]);
  assertEquals(log.match(/caused by Error: ECONNREFUSED/g)?.length, 2);
});

Deno.test("problems.error() throws a TypeError for what is not declared or does not fit", () => {
  const anything = problems as unknown as {
    error(code: string, details?: unknown, options?: unknown): ProblemError;
  };
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  const loose = defineProblems({
    loose: { status: 400, action: "none", message: "x", details: { value: z.unknown() } },
    slow: {
      status: 400,
      action: "none",
      message: "x",
      details: {
        value: {
          "~standard": {
            version: 1,
            vendor: "own",
            validate: () => Promise.reject<{ value: string }>(new Error("late")),
          },
        } satisfies StandardSchema<unknown, string>,
      },
    },
  });
  const cases: [() => unknown, RegExp][] = [
    [() => anything.error("payment_requird"), /payment_requird is not declared/],
    [() => anything.error("constructor"), /constructor is not declared/],
    [() => anything.error("payment_required"), /"payment_required"\): details\.plan: /],
    [() => anything.error("payment_required", { plan: "free" }), /details\.plan: /],
    [() => anything.error("payment_required", { plan: "pro", size: 1 }), /details\.size is not/],
    [() => anything.error("payment_required", { plan: "pro", retry_after: 1 }), /retry_after is/],
    [() => anything.error("sold_out", { status: 200 }), /details\.status is not declared/],
    [() => anything.error("sold_out", {}, { headers: { Link: "x" } }), /headers\.Link is not/],
    ...["a\nb", "é", "x".repeat(5000)].map((Link): [() => unknown, RegExp] => [
      () => anything.error("payment_required", { plan: "pro" }, { headers: { Link } }),
      /headers\.Link must be ASCII/,
    ]),
    ...[10n, cyclic, () => {}, Symbol("x")].map((value): [() => unknown, RegExp] => [
      () => loose.error("loose", { value }),
      /must be JSON values/,
    ]),
    [() => loose.error("loose", { value: "x".repeat(20_000) }), /at most 16384 characters/],
    [() => loose.error("slow", { value: "x" }), /details\.value must be synchronous/],
  ];
  for (const [run, message] of cases) assertMatch(assertThrows(run, TypeError).message, message);
  assertEquals(loose.error("loose").details, {});
});

Deno.test("problems.error() sends the output of a schema, and not what the schema strips", () => {
  const { error } = defineProblems({
    outdated: {
      status: 409,
      action: "fix_request",
      message: "Somebody else has changed this.",
      details: { current: z.object({ title: z.string() }), changed_at: z.date().optional() },
    },
  });
  const row = { title: "tea", owner_email: "ada@example.com" };
  const thrown = error("outdated", { current: row, changed_at: new Date(0) });
  assertEquals(getDeclared(thrown)?.members, {
    current: { title: "tea" },
    changed_at: "1970-01-01T00:00:00.000Z",
  });
});

Deno.test("defineProblems() takes any Standard Schema", () => {
  const own = defineProblems({
    limited: {
      status: 429,
      action: "retry",
      retry_after: 5,
      message: "Slow down.",
      details: { limit: mini.number() },
    },
  });
  assertEquals(own.error("limited", { limit: 10 }).details, { limit: 10 });
});

Deno.test("defineProblems() names the code and the member of each definition that is wrong", () => {
  const good = { status: 402, action: "none", message: "Pay." };
  const define = (code: string, definition: unknown) =>
    defineProblems({ [code]: definition } as never);
  const cases: [code: string, definition: unknown, message: string][] = [
    ["not_found", good, 'not_found is a code of the table: throw new ProblemError("not_found")'],
    ...["PaymentRequired", "1st", "", "a-b", "x".repeat(65), "__proto__x"].map((
      code,
    ): [string, unknown, string] => [code, good, `${code} must match ^[a-z]`]),
    ["own", null, "own must be an object"],
    ...[undefined, 200, 399, 600, 402.5, "402", 401, 407].map((
      status,
    ): [string, unknown, string] => ["own", { ...good, status }, "own.status must be a whole"]),
    ...["panic", undefined, "", "NONE"].map((
      action,
    ): [string, unknown, string] => ["own", { ...good, action }, "own.action must be one of "]),
    ...["sign_in", "refresh", "step_up"].map((
      action,
    ): [string, unknown, string] => [
      "own",
      { ...good, action },
      "own.action must not be sign_in, refresh or step_up",
    ]),
    ["own", { ...good, action: "retry" }, "own.retry_after must say how many seconds"],
    ["own", { ...good, action: "retry", retry_after: -1 }, "own.retry_after must be a whole"],
    ["own", { ...good, action: "retry", retry_after: 1e6 }, "own.retry_after must be a whole"],
    ["own", { ...good, retry_after: 5 }, "own.retry_after goes with the action retry only"],
    ...["", " ", "a\nb", "a".repeat(301), 5, undefined].map((
      message,
    ): [string, unknown, string] => ["own", { ...good, message }, "own.message must be one line"]),
    ["own", { ...good, acton: "none" }, "own.acton is not a member of a definition"],
    ...[[], 5, null].map((
      details,
    ): [string, unknown, string] => ["own", { ...good, details }, "own.details must be an object"]),
    ...["code", "retry_after", "issues", "title", "error_code", "toString", "constructor", "toJSON"]
      .map((name): [string, unknown, string] => [
        "own",
        { ...good, details: { [name]: z.string() } },
        `own.details cannot have ${name}, which has a meaning already`,
      ]),
    ["own", { ...good, details: { "a b": z.string() } }, "own.details cannot have a b: a name"],
    ["own", { ...good, details: { id: z.string() } }, "own.details cannot have id: a name is 3"],
    [
      "own",
      { ...good, details: { plan: "string" } },
      "own.details needs a Standard Schema for plan",
    ],
    [
      "own",
      { ...good, details: { plan: v.pipeAsync(v.string(), v.checkAsync(() => true)) } },
      "own.details needs a synchronous schema for plan",
    ],
    ...["Link", [5], ["a b"], ["X: y"], [""]].map((
      headers,
    ): [string, unknown, string] => ["own", { ...good, headers }, "own.headers must be a list"]),
    ...[
      "Set-Cookie",
      "Access-Control-Allow-Origin",
      "WWW-Authenticate",
      "Clear-Site-Data",
      "Strict-Transport-Security",
      "Alt-Svc",
      "NEL",
      "Upgrade",
      "Cache-Control",
      "CDN-Cache-Control",
      "Content-Type",
      "Retry-After",
      "Location",
      "Vary",
      "x-sb-error-code",
      "X-Supabase-Api-Version",
      "X-Request-Id",
    ].map((name): [string, unknown, string] => [
      "own",
      { ...good, headers: [name] },
      `own.headers cannot have ${name}, which handlers must not set`,
    ]),
    ["own", { ...good, type: "payment-required" }, "own.type must be an absolute URI"],
  ];
  for (const [code, definition, message] of cases) {
    const error = assertThrows(() => define(code, definition), TypeError);
    assert(error.message.startsWith(`defineProblems(): ${message}`), error.message);
  }
  const both = assertThrows(() => defineProblems({ a: {}, b: null } as never), TypeError);
  assertMatch(both.message, /a\.status .*; a\.action .*; a\.message .*; b must be an object/);
});

Deno.test("defineProblems() keeps definitions that cannot be changed, and that another set can spread", async () => {
  const definition = { status: 402, action: "none" as const, message: "Pay." };
  const own = defineProblems({ pay: definition });
  definition.status = 200;
  assertEquals((await answerTo(own.error("pay"))).status, 402);
  assert(Object.isFrozen(own) && Object.isFrozen(own.definitions.pay));
  const all = defineProblems({ ...own.definitions, ...problems.definitions });
  assertEquals(all.error("pay").code, "pay");
  assertEquals(all.error("payment_required", { plan: "pro" }).details.plan, "pro");
  assert(isProblems(all) && !isProblems({ ...all }) && !isProblems(null));
});

Deno.test("edgeFunction() refuses an option `problems` that does not come from defineProblems()", () => {
  for (const wrong of [{}, { definitions: {}, error: () => {} }, null, []]) {
    assertThrows(
      () => edgeFunction("f", { problems: wrong as never }),
      TypeError,
      "edgeFunction(): problems must be what defineProblems() returns",
    );
  }
  edgeFunction("f", { problems });
});

Deno.test("a typing mistake in a code, a definition or a detail does not compile", () => {
  // Never run: its lines are what the type check has to refuse.
  const _compileErrors = () => {
    // @ts-expect-error: no code of the table
    new ProblemError("insufficient_permissions");
    // @ts-expect-error: a declared code is thrown as problems.error()
    new ProblemError("payment_required");
    // @ts-expect-error: no declared code
    problems.error("payment_requird");
    // @ts-expect-error: a code of the table is thrown as new ProblemError()
    problems.error("not_found");
    // @ts-expect-error: the plan is missing
    problems.error("payment_required");
    // @ts-expect-error: the plan is missing
    problems.error("payment_required", {});
    // @ts-expect-error: no such plan
    problems.error("payment_required", { plan: "free" });
    // @ts-expect-error: no such member
    problems.error("payment_required", { plan: "pro", plam: "pro" });
    // @ts-expect-error: the action is not retry
    problems.error("sold_out", { retry_after: 1 });
    // @ts-expect-error: no header is declared
    problems.error("sold_out", {}, { headers: { Link: "x" } });
    // @ts-expect-error: another header is declared
    problems.error("payment_required", { plan: "pro" }, { headers: { Lnk: "x" } });
    // @ts-expect-error: a code of the table
    defineProblems({ not_found: { status: 404, action: "none", message: "x" } });
    // @ts-expect-error: only the check of the caller asks for a sign-in
    defineProblems({ own: { status: 403, action: "sign_in", message: "x" } });
    // @ts-expect-error: no such action
    defineProblems({ own: { status: 403, action: "sigh", message: "x" } });
    // @ts-expect-error: how long?
    defineProblems({ own: { status: 503, action: "retry", message: "x" } });
    // @ts-expect-error: goes with retry only
    defineProblems({ own: { status: 403, action: "none", retry_after: 3, message: "x" } });
    // @ts-expect-error: no message
    defineProblems({ own: { status: 403, action: "none" } });
    // @ts-expect-error: no such member
    defineProblems({ own: { status: 403, action: "none", message: "x", level: 3 } });
    defineProblems({
      // @ts-expect-error: a member that every problem has
      own: { status: 403, action: "none", message: "x", details: { code: z.string() } },
    });
    // @ts-expect-error: no schema
    defineProblems({ own: { status: 403, action: "none", message: "x", details: { plan: "x" } } });
    // @ts-expect-error: nothing that defineProblems() returned
    edgeFunction("f", { problems: {} });
  };
  const body = {} as DeclaredProblem<typeof problems>;
  if (body.code === "payment_required") {
    body.plan satisfies "pro" | "team";
    body.status satisfies 402;
    // @ts-expect-error: not of this problem
    assertEquals(body.limit, undefined);
  }
  const one = {} as DeclaredProblem<typeof problems, "warehouse_down">;
  one.code satisfies "warehouse_down" | undefined;
  one.retry_after satisfies number | undefined;
});

Deno.test("createProblemSchema() knows the declared codes, and accepts others", async () => {
  const schema = createProblemSchema(problems);
  const error = problems.error("payment_required", { plan: "pro" });
  const body = await (await answerTo(error)).json();
  assertEquals(schema.parse(body), body);
  assertEquals(problemSchema.parse(body), body);
  const wrong = [
    { ...body, plan: "free" },
    { ...body, plan: undefined },
    { ...body, status: 403 },
    { ...body, action: "retry" },
  ];
  for (const one of wrong) assert(!schema.safeParse(one).success, JSON.stringify(one));
  for (const code of ["not_found", "a_code_of_tomorrow", "constructor"]) {
    assert(schema.safeParse({ ...body, code, plan: 5 }).success, code);
  }
  assertEquals(schema.safeParse({ ...body, plan: 5 }).error?.issues[0]?.path, ["plan"]);
  const parsed: Problem | DeclaredProblem<typeof problems> = schema.parse(body);
  assertEquals(parsed.code, "payment_required");
});

Deno.test("problemOf() and readFailure() go by action and status for a code that they do not know", async () => {
  const cases = [
    [problems.error("payment_required", { plan: "pro" }), "none", "give_up"],
    [problems.error("warehouse_down"), "retry", "wait"],
    [problems.error("sold_out"), "fix_request", "give_up"],
  ] as const;
  const begun = {
    isOwnToken: true,
    isRefreshed: false,
    dialogs: { step_up: 0, reauthenticate: 0 },
    waits: 0,
    waitedMs: 0,
  };
  const limits = { onStepUp: () => {}, onReauthenticate: () => {}, patience: 60_000 };
  for (const [error, action, step] of cases) {
    const response = await answerTo(error);
    const failure = await readFailure(response, {
      method: "GET",
      url: new URL("https://project.example/functions/v1/me"),
    }, 1000);
    assertEquals([failure.problem.code, failure.problem.action, failure.source], [
      error.code,
      action,
      "handler",
    ]);
    const request = { repeatable: true, bodyReusable: true };
    assertEquals(nextStep(failure, request, begun, limits, 0).kind, step);
    const found = problemOf(await response.json());
    assertEquals([found?.code, found?.action], [error.code, action]);
  }
});

for (const [version, create] of VERSIONS) {
  Deno.test(`createRecovery() never refreshes or signs out for a declared problem (supabase-js ${version})`, async () => {
    const storage = new TabStorage();
    const mine = store(storage, session());
    const body = await (await answerTo(problems.error("payment_required", { plan: "pro" }))).json();
    const ended: unknown[] = [];
    // Whatever a sender says: the steps that touch the session are not a handler's to ask for.
    for (const action of ["none", "sign_in", "refresh", "step_up"]) {
      const { fetch, calls } = fakeProject({
        "/functions/v1/shop": () => json(402, { ...body, action }),
      });
      const supabase = openRecovering(create, storage, fetch, {
        onSignedOut: (problem) => ended.push(problem),
      });
      const { error } = await supabase.functions.invoke("shop");
      const problem = problemOf(error) as DeclaredProblem<typeof problems, "payment_required">;
      assertEquals([problem.code, problem.plan], ["payment_required", "pro"]);
      assertEquals(calls.length, 1);
    }
    assertEquals(ended, []);
    const kept = JSON.parse(storage.getItem(STORAGE_KEY) ?? "null");
    assertStrictEquals(kept.access_token, mine.access_token);
  });
}

Deno.test("defineProblems() sends what it has checked, also for a class and for getters that change", async () => {
  class Definition {
    readonly status = 402;
    readonly action = "none";
    get message() {
      return "This needs a paid plan.";
    }
  }
  let reads = 0;
  const changing = {
    action: "none" as const,
    message: "This needs a paid plan.",
    get status() {
      return ++reads > 2 ? 200 : 402;
    },
  };
  const odd = defineProblems({
    of_a_class: new Definition(),
    inherited: Object.create(new Definition()) as Definition,
    changing,
  });
  for (const code of ["of_a_class", "inherited", "changing"] as const) {
    const body = await assertRefusal(await answerTo(odd.error(code)), { ...PAYMENT, code });
    assertEquals(body.message, "This needs a paid plan.");
  }
});

Deno.test("problems.error() sends a member in the body, whatever it is called, and never as a header or a source", async () => {
  const { error } = defineProblems({
    limited: {
      status: 402,
      action: "none",
      message: "x",
      details: {
        headers: z.record(z.string(), z.string()),
        source: z.string(),
        realm: z.string(),
        declared: z.null(),
      },
    },
  });
  const members = {
    headers: { "Set-Cookie": "a=b", "X-Request-Id": "é" },
    source: "credential",
    realm: 'a"b',
    declared: null,
  };
  const response = await answerTo(error("limited", members));
  assertEquals(response.headers.getSetCookie(), []);
  const body = await assertRefusal(response, { ...PAYMENT, code: "limited" });
  const { headers, source, realm, declared } = body as unknown as typeof members;
  assertEquals({ headers, source, realm, declared }, members);
});

Deno.test("edgeFunction() takes only details from the details of a ProblemError", async () => {
  const details = { source: "credential", replay: true, headers: { "X-A": "b" }, status: 200 };
  class OwnError extends ProblemError {
    readonly status = 200;
    readonly challenge = "Bearer";
  }
  for (const ErrorClass of [ProblemError, OwnError]) {
    const response = await answerTo(new ErrorClass("session_not_found", details as object));
    assertEquals(response.headers.get("X-A"), null);
    await assertRefusal(response, {
      status: 404,
      code: "session_not_found",
      action: "fix_request",
      replay: false,
    });
  }
});

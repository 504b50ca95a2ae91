// Fuzzed requests and answers of Auth. A failure prints its seed and the smallest input; FUZZ_SEED
// runs it again.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Hono } from "hono";
import { z } from "zod";
import { auth, type AuthEnv, body, edgeFunction } from "../../../shared/mod.ts";
import { problemSchema } from "../../../shared/server/problem_schema.ts";
import { logged } from "../../support/async.ts";
import { alive, bearer, fakeAuth, PUBLISHABLE, refuses, SECRET } from "../../support/fake_auth.ts";
import { token, USER_ID } from "../../support/tokens.ts";

/** Cases of all properties together. */
const CASES = Number(Deno.env.get("FUZZ_CASES") ?? 100_000);
const PROPERTIES = 5;
const seed = Number(Deno.env.get("FUZZ_SEED") ?? Math.floor(Math.random() * 2 ** 31));
const parameters = { numRuns: Math.ceil(CASES / PROPERTIES), seed };

/** Runs a property; a failure names the seed. */
async function hold<T>(name: string, cases: fc.Arbitrary<T>, check: (one: T) => Promise<void>) {
  const log = await logged(() => fc.assert(fc.asyncProperty(cases, check), parameters));
  assert(!/eyJ|sb_secret|@example/.test(log), "the log holds a secret");
  console.log(`${name}: ${parameters.numRuns} cases, FUZZ_SEED=${seed}`);
}

/** The one shape, and nothing of a caller's or an operator's secret. */
async function assertShape(response: Response): Promise<z.infer<typeof problemSchema>> {
  const text = await response.text();
  for (const secret of [SECRET, PUBLISHABLE, "eyJ"]) assert(!text.includes(secret), text);
  const problem = problemSchema.parse(JSON.parse(text));
  assertEquals([problem.status, response.headers.get("Cache-Control")], [
    response.status,
    "no-store",
  ]);
  return problem;
}

const headerText = fc.string({
  unit: fc.integer({ min: 0x21, max: 0xff }).map((n) => n === 0x7f ? "~" : String.fromCharCode(n)),
  maxLength: 40,
});
const good = token();
const piece = fc.oneof(
  headerText,
  fc.constantFrom(
    "Bearer",
    "bearer",
    " ",
    "  ",
    "\t",
    ",",
    ", ",
    "Basic",
    good,
    good.slice(0, -1),
    SECRET,
    PUBLISHABLE,
    "a.b.c",
    "null",
    "undefined",
    "\u00a0",
  ),
);

Deno.test("auth() admits nobody by a strange Authorization header", async () => {
  const { options } = fakeAuth(({ headers }) =>
    headers.get("authorization") === `Bearer ${good}` ? alive() : refuses(403, "bad_jwt")
  );
  const app = new Hono<AuthEnv>().use(auth(options)).get("/", (c) => c.text("in"));
  const headers = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join("").trim());
  await hold("Authorization headers", headers, async (Authorization) => {
    const response = await app.request("/", { headers: { Authorization } });
    if (response.status === 200) {
      assert(/^bearer /i.test(Authorization) && Authorization.slice(7) === good, Authorization);
      return;
    }
    const { status, action } = await assertShape(response);
    assert([400, 401].includes(status), `${status}`);
    assert(action !== "retry");
  });
});

Deno.test("auth() admits nobody by a strange token, whatever Auth says about another one", async () => {
  const { options } = fakeAuth();
  const app = new Hono<AuthEnv>().use(auth(options)).get("/", (c) => c.text(c.var.auth.user.id));
  const claims = fc.record({
    sub: fc.oneof(fc.constant(USER_ID), fc.string(), fc.jsonValue()),
    exp: fc.oneof(fc.constant(4_000_000_000), fc.integer(), fc.jsonValue()),
    session_id: fc.oneof(fc.uuid(), fc.string(), fc.jsonValue()),
    amr: fc.jsonValue(),
    iat: fc.jsonValue(),
    more: fc.jsonValue(),
  }, { requiredKeys: [] });
  const header = fc.record({
    alg: fc.oneof(fc.constantFrom("HS256", "none", "XX"), fc.jsonValue()),
    kid: fc.jsonValue(),
  }, { requiredKeys: [] });
  await hold("tokens", fc.tuple(claims, header), async ([payload, header]) => {
    const jwt = token(
      { session_id: undefined, exp: undefined, sub: undefined, ...payload },
      header,
    );
    const response = await app.request("/", { headers: bearer(jwt) });
    if (response.status === 200) {
      assertEquals([await response.text(), payload.sub], [USER_ID, USER_ID]);
      assert(typeof payload.exp === "number" && typeof payload.session_id === "string");
      return;
    }
    const { status } = await assertShape(response);
    assert([401, 503].includes(status), `${status}`);
  });
});

Deno.test("auth() believes only Auth, whatever answers", async () => {
  const code = fc.constantFrom(
    "session_not_found",
    "user_not_found",
    "user_banned",
    "bad_jwt",
    "new_code",
    "internal_error",
    "A b",
  );
  const answer = fc.record({
    status: fc.oneof(
      fc.constantFrom(200, 401, 403, 404, 408, 429, 500),
      fc.integer({ min: 200, max: 599 }),
    ),
    type: fc.constantFrom("application/json", "text/html", "application/problem+json", ""),
    body: fc.oneof(
      fc.constant({ id: USER_ID }),
      fc.record({ id: fc.jsonValue(), banned_until: fc.jsonValue() }, { requiredKeys: [] }),
      code.map((code) => ({ code, message: "x" })),
      code.map((code) => ({ code: 403, error_code: code, msg: "x" })),
      fc.record({ message: fc.string() }),
      fc.jsonValue(),
    ).map((value) => JSON.stringify(value)),
    mark: fc.option(code),
    age: fc.option(fc.constantFrom("0", "60")),
    // A second try comes after a pause: not 20,000 times.
    retryAfter: fc.constantFrom("1", "x", "Thu, 01 Jan 1970 00:00:00 GMT"),
  });
  await hold("answers of Auth", answer, async ({ status, type, body, mark, age, retryAfter }) => {
    const headers = new Headers({ "Retry-After": retryAfter });
    if (type !== "") headers.set("Content-Type", type);
    if (mark !== null) headers.set("x-sb-error-code", mark);
    if (age !== null) headers.set("Age", age);
    const isEmpty = [204, 205, 304].includes(status);
    const { options } = fakeAuth(() => new Response(isEmpty ? null : body, { status, headers }));
    const app = new Hono<AuthEnv>().use(auth(options)).get("/", (c) => c.text("in"));
    const response = await app.request("/", { headers: bearer(good) });
    if (response.status === 200) {
      assertEquals([status, age, JSON.parse(body).id], [200, null, USER_ID]);
      return;
    }
    const problem = await assertShape(response);
    assert([401, 403, 429, 500, 503].includes(problem.status), `${problem.status}`);
    if (problem.status === 401) {
      assert(status >= 400 && status < 500 && ![404, 408, 429].includes(status), `${status}`);
      const { code, error_code } = JSON.parse(body);
      assert(age === null && (typeof error_code === "string" || mark === code));
    }
  });
});

Deno.test("edgeFunction() opens only its public routes, on every path, method and origin", async () => {
  const { options, calls } = fakeAuth();
  const app = edgeFunction("f", {
    auth: options,
    public: ["/open"],
    cors: { origins: ["https://app.example"] },
  });
  app.all("/open", (c) => c.text("public"));
  app.all("*", (c) => c.text("private"));
  const segment = fc.oneof(
    fc.constantFrom(
      "f",
      "open",
      "..",
      ".",
      "%2e%2e",
      "",
      "%2F",
      "open%00",
      "OPEN",
      "open;x",
      "%6fpen",
      "*",
      ":id",
      "\\",
    ),
    fc.webSegment(),
  );
  const request = fc.record({
    path: fc.array(segment, { maxLength: 5 }).map((segments) => `/f/${segments.join("/")}`),
    method: fc.constantFrom("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "PROPFIND"),
    origin: fc.option(
      fc.oneof(
        fc.constantFrom("https://app.example", "null", "https://app.example.evil", "*"),
        headerText,
      ),
    ),
    preflight: fc.boolean(),
  });
  await hold("paths and origins", request, async ({ path, method, origin, preflight }) => {
    const headers = new Headers();
    if (origin !== null) headers.set("Origin", origin);
    if (preflight) headers.set("Access-Control-Request-Method", "PUT");
    const url = new URL(path, "http://localhost");
    const response = await app.fetch(new Request(url, { method, headers }));
    const allowed = response.headers.get("Access-Control-Allow-Origin");
    assert(
      allowed === null || allowed === origin?.trim() && allowed === "https://app.example",
      `${allowed}`,
    );
    const text = await response.text();
    assert(text !== "private", url.pathname);
    if (text === "public") assert(/^\/f\/(?:open|%6fpen)\/?$/.test(url.pathname), url.pathname);
    assert([200, 204, 401, 404, 405].includes(response.status), `${response.status}`);
  });
  assertEquals(calls.length, 0);
});

Deno.test("body() answers every body with 200 or a 4xx in the one shape", async () => {
  const app = edgeFunction("f", { public: ["/"] });
  const schema = z.strictObject({
    a: z.string().max(10),
    b: z.array(z.number()).default([]),
    c: z.string().refine((text) => Promise.resolve(text !== "no")).optional(),
  });
  app.post("/", body(schema, { maxBytes: 2000 }), (c) => c.json(c.req.valid("json")));
  const text = fc.oneof(
    fc.json(),
    fc.string(),
    fc.record({ a: fc.jsonValue(), b: fc.jsonValue(), c: fc.constantFrom("no", "yes", 1) }, {
      requiredKeys: [],
    })
      .map((value) => JSON.stringify(value)),
    fc.constantFrom(
      "[".repeat(5000),
      '{"a":'.repeat(300),
      `"${"x".repeat(3000)}"`,
      '{"__proto__":{"a":"x"}}',
    ),
  );
  const type = fc.constantFrom("application/json", "application/json", "text/plain", "");
  await hold("bodies", fc.tuple(text, type), async ([text, type]) => {
    const headers = new Headers();
    if (type !== "") headers.set("Content-Type", type);
    const response = await app.request("/f", { method: "POST", body: text, headers });
    if (response.status === 200) {
      assertEquals(type, "application/json");
      assertEquals(typeof (await response.json()).a, "string");
      return;
    }
    const problem = await assertShape(response);
    assert([400, 413].includes(problem.status), `${problem.status}`);
    assert((problem.issues?.length ?? 0) <= 20);
  });
});

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type AuthCall, callAuth, ProblemError } from "../../../shared/mod.ts";
import {
  deferred,
  environment,
  fakeAuth,
  FakeTime,
  json,
  logged,
  refuses,
  refusesOld,
  settle,
  token,
  UPSTREAM_TEXT,
} from "../../support/server.ts";

const call = (answer: () => Response | Promise<Response>, more: Partial<AuthCall> = {}) =>
  callAuth({ method: "GET", path: "/user", ...fakeAuth(answer).options, ...more });
const refusal = async (answer: () => Response | Promise<Response>) => {
  const error = await assertRejects(() => call(answer), ProblemError);
  assert(!error.message.includes("UPSTREAM"));
  return error;
};

Deno.test("callAuth() sends the caller's token and the project's public key", async () => {
  const { options, calls } = fakeAuth(() => json(200, { id: "x" }));
  const jwt = token();
  const body = { password: "secret" };
  const got = await callAuth({ method: "PUT", path: "/user?a=b", token: jwt, body, ...options });
  assertEquals(got, { id: "x" });
  const [sent] = calls;
  assert(sent);
  assertEquals([sent.method, sent.url], ["PUT", "https://project.example/auth/v1/user?a=b"]);
  assertEquals(await sent.json(), body);
  const header = (name: string) => sent.headers.get(name);
  assertEquals(header("authorization"), `Bearer ${jwt}`);
  assertEquals(header("apikey"), "sb_publishable_test");
  assertEquals(header("content-type"), "application/json");
  assertEquals(header("x-supabase-api-version"), "2024-01-01");
});

Deno.test("callAuth() sends no token and no body when it is given none", async () => {
  const { options, calls } = fakeAuth(() => json(200, {}));
  await callAuth({ method: "GET", path: "/health", ...options });
  assertEquals(calls[0]?.headers.get("authorization"), null);
  assertEquals(calls[0]?.headers.get("content-type"), null);
  assertEquals(await calls[0]?.text(), "");
});

Deno.test("callAuth() forwards an address with a secret key, and only without a token", async () => {
  const secret = "sb_secret_y";
  const sent = async (more: Partial<AuthCall>, keys: Record<string, string | undefined> = {}) => {
    const env = environment({ SUPABASE_SECRET_KEYS: JSON.stringify({ jobs: secret }), ...keys });
    const { options, calls } = fakeAuth(() => json(200, {}), env);
    await callAuth({ method: "POST", path: "/verify", ...options, ...more });
    const { headers } = calls[0]!;
    return [headers.get("sb-forwarded-for"), headers.get("apikey")];
  };
  const none = [null, "sb_publishable_test"];
  for (const clientAddress of ["203.0.113.9", "2001:db8::1"]) {
    assertEquals(await sent({ clientAddress }), [clientAddress, secret]);
  }
  for (const clientAddress of [undefined, "", "a, b", "203.0.113.9, 10.0.0.1", "x\u00e9"]) {
    assertEquals(await sent({ clientAddress }), none);
  }
  const clientAddress = "203.0.113.9";
  assertEquals(await sent({ clientAddress, token: token() }), none);
  for (const SUPABASE_SECRET_KEYS of [undefined, "{}"]) {
    assertEquals(await sent({ clientAddress }, { SUPABASE_SECRET_KEYS }), none);
  }
  const legacy = { SUPABASE_SECRET_KEYS: undefined, SUPABASE_SERVICE_ROLE_KEY: "a.b.c" };
  assertEquals(await sent({ clientAddress }, legacy), none);
});

Deno.test("callAuth() returns the JSON of any 2xx, and nothing for 204", async () => {
  assertEquals(await call(() => json(201, { a: 1 })), { a: 1 });
  assertEquals(await call(() => json(202, {})), {});
  assertEquals(await call(() => new Response(null, { status: 204 })), {});
});

Deno.test("callAuth() throws Auth's own code, in both wire shapes", async () => {
  for (const answer of [refuses, refusesOld]) {
    for (const code of ["same_password", "session_not_found", "brand_new_code"]) {
      assertEquals((await refusal(() => answer(422, code))).code, code);
    }
  }
});

Deno.test("callAuth() throws the reasons when a password is weak", async () => {
  const body = {
    error_code: "weak_password",
    msg: UPSTREAM_TEXT,
    weak_password: { reasons: ["length", UPSTREAM_TEXT, 5] },
  };
  const error = await refusal(() => json(422, body));
  assertEquals(error.code, "weak_password");
  assertEquals(error.details.issues?.map(({ code }) => code), ["length"]);
});

Deno.test("callAuth() keeps the code and the Retry-After when Auth answers 429", async () => {
  const limited = await refusal(() =>
    refuses(429, "over_email_send_rate_limit", { "Retry-After": "40" })
  );
  assertEquals([limited.code, limited.details.retry_after], ["over_email_send_rate_limit", 40]);
  const page = await refusal(() => new Response("slow down", { status: 429 }));
  assertEquals(page.code, "over_request_rate_limit");
});

Deno.test("callAuth() throws auth_unavailable when the answer is a fault or not Auth's", async () => {
  const faults: (() => Response | Promise<Response>)[] = [
    () => refuses(500, "unexpected_failure"),
    () => refuses(503, "same_password"),
    () => new Response("<html>", { status: 502 }),
    () => new Response(UPSTREAM_TEXT, { status: 404 }),
    () => new Response("", { status: 200 }),
    () => json(200, "null"),
    () => json(200, "[]"),
    () => new Response('{"a":1}', { headers: { "Content-Type": "text/html" } }),
    () => new Response(null, { status: 303, headers: { Location: "https://x.example" } }),
    () => json(400, { error: "x" }),
    () => json(404, { code: "flow_state_not_found", message: "x" }),
    () => json(408, { code: "request_timeout" }),
    () => json(403, { message: "Invalid API key" }),
    () => json(200, { id: "x" }, { Age: "1" }),
    () => json(200, { pad: "x".repeat(2 * 1024 * 1024) }),
    () => {
      throw new TypeError("down");
    },
  ];
  for (const fault of faults) assertEquals((await refusal(fault)).code, "auth_unavailable");
});

Deno.test("callAuth() throws auth_misconfigured for a wrong key, and for a missing variable", async () => {
  const refused = await logged(async () => {
    for (const message of ["Invalid API key", "Legacy API keys are disabled", "Unauthorized"]) {
      const wrong = await refusal(() => json(401, { message }));
      assertEquals(wrong.code, "auth_misconfigured");
    }
  });
  assertEquals(refused.match(/refuses this function's API key/g)?.length, 1);
  const { options, calls } = fakeAuth(undefined, environment({ SUPABASE_URL: undefined }));
  const log = await logged(async () => {
    const error = await assertRejects(
      () => callAuth({ method: "GET", path: "/user", ...options }),
      ProblemError,
    );
    assertEquals(error.code, "auth_misconfigured");
  });
  assert(log.includes("SUPABASE_URL"));
  assertEquals(calls.length, 0);
});

Deno.test("callAuth() throws auth_unavailable after ten seconds, or after its timeout", async () => {
  using time = new FakeTime();
  for (const [timeout, limit] of [[undefined, 10_000], [200, 200]] as const) {
    let code: unknown;
    const waiting = call(() => deferred<Response>().promise, { timeout })
      .catch((error: ProblemError) => (code = error.code));
    await settle(2);
    time.tick(limit - 1);
    await settle(2);
    assertEquals(code, undefined);
    time.tick(1);
    await waiting;
    assertEquals(code, "auth_unavailable");
  }
});

Deno.test("callAuth() throws a refusal when an Auth hook refuses", async () => {
  const hook = (status: number) => refusal(() => refusesOld(status, "unknown"));
  assertEquals((await hook(403)).code, "insufficient_scope");
  assertEquals((await hook(400)).code, "validation_failed");
  assertEquals((await hook(500)).code, "auth_unavailable");
});

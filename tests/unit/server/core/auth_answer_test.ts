import { assert, assertEquals } from "@std/assert";
import {
  type AuthAnswer,
  isApiKeyRefusal,
  readAuthError,
  readJsonObject,
  retryAfterSeconds,
} from "../../../../shared/server/core/auth_answer.ts";
import { FakeTime } from "../../../support/server.ts";

const answer = (
  status: number,
  text: string,
  headers: Record<string, string> = { "Content-Type": "application/json" },
): AuthAnswer => {
  const sent = new Headers(headers);
  return { kind: "answer", status, headers: sent, text, body: readJsonObject(sent, text) };
};

Deno.test("readAuthError() returns null when an answer lacks Auth's shape or its header", () => {
  const type = { "Content-Type": "application/json" };
  const marked = (code: string) => ({ ...type, "x-sb-error-code": code });
  const echoed = { ...type, "X-Supabase-Api-Version": "2024-01-01" };
  const code = (body: unknown, headers?: Record<string, string>) =>
    readAuthError(answer(403, JSON.stringify(body), headers))?.code ?? null;
  assertEquals(code({ code: 403, error_code: "old", msg: "x" }), "old");
  assertEquals(code({ code: 403, error_code: "old", msg: "x" }, marked("old")), "old");
  assertEquals(code({ code: "new", message: "x" }, marked("new")), "new");
  assertEquals(code({ code: "new", message: "x" }, echoed), "new");
  assertEquals(code({ code: "new", message: "x" }), null); // any API may use this shape
  assertEquals(code({ code: "new", message: "x" }, marked("other")), null);
  assertEquals(code({ code: 403, error_code: "old", msg: "x" }, marked("other")), null);
  for (
    const body of [
      {},
      null,
      [],
      "text",
      { code: "no_message" },
      { error_code: "no_msg" },
      { code: 403, message: "x" },
      { code: 500, msg: "x" },
      { code: "Bad-Code", message: "x" },
      { code: "__proto__", message: "x" },
      { code: "a\n", message: "x" },
      { code: "x".repeat(65), message: "x" },
      { code: "", message: "x" },
      { error: "invalid_grant", error_description: "x" },
    ]
  ) {
    for (const headers of [type, echoed, marked("from_header")]) {
      assertEquals([body, code(body, headers)], [body, null]);
    }
  }
  assertEquals(
    code({ code: "fine", message: "x" }, { ...marked("fine"), "Content-Type": "text/html" }),
    null,
  );
  assertEquals(readAuthError({ kind: "fault", reason: "network" }), null);
});

Deno.test("readAuthError() reads the reasons of a weak password that are strings", () => {
  const reasons = (weak_password: unknown) =>
    readAuthError(
      answer(422, JSON.stringify({ error_code: "weak_password", msg: "x", weak_password })),
    )?.reasons;
  assertEquals(reasons({ reasons: ["length", 5, null, "pwned"] }), ["length", "pwned"]);
  for (const wrong of [undefined, null, {}, { reasons: "length" }, "length"]) {
    assertEquals(reasons(wrong), []);
  }
});

Deno.test("readJsonObject() reads an object when both the content type and the text are JSON", () => {
  const types = [
    "application/json",
    "application/json; charset=utf-8",
    "Application/JSON",
    "application/vnd.x+json",
  ];
  for (const type of types) {
    assertEquals(readJsonObject(new Headers({ "Content-Type": type }), '{"a":1}'), { a: 1 });
  }
  for (
    const type of ["text/plain", "text/json", "application/jsonp", "application/javascript", ""]
  ) {
    assertEquals(readJsonObject(new Headers({ "Content-Type": type }), '{"a":1}'), null);
  }
  assertEquals(readJsonObject(new Headers({}), '{"a":1}'), null);
  for (const text of ["", "null", "[1]", "1", '"a"', "{", "true", "<html>"]) {
    assertEquals(readJsonObject(new Headers({ "Content-Type": "application/json" }), text), null);
  }
});

Deno.test("isApiKeyRefusal() decides by the shape of a gateway's answer, not by its text", () => {
  const is = (status: number, body: unknown, headers: Record<string, string> = {}) =>
    isApiKeyRefusal(
      answer(status, JSON.stringify(body), { "Content-Type": "application/json", ...headers }),
    );
  assert(is(401, { message: "Invalid API key", hint: "x" }));
  assert(is(401, { message: "Legacy API keys are disabled" }));
  assert(is(401, { message: "Unauthorized" }));
  assert(!is(400, { message: "Invalid API key" }));
  assert(!is(403, { message: "Invalid API key" }));
  assert(!is(500, { message: "Invalid API key" }));
  assert(!is(401, { message: 5 }));
  assert(!is(401, { msg: "Invalid JWT" }));
  assert(!is(401, { code: "bad_jwt", message: "Invalid API key" }));
  assert(!is(401, { error_code: "bad_jwt", message: "Invalid API key" }));
  assert(!is(401, { message: "Invalid API key" }, { "x-sb-error-code": "bad_jwt" }));
  assert(!is(401, { message: "Invalid API key" }, { "X-Supabase-Api-Version": "2024-01-01" }));

  const isText = (status: number, headers: Record<string, string>, text = "Unauthorized") =>
    isApiKeyRefusal(answer(status, text, { "Content-Type": "text/plain", ...headers }));
  assert(isText(401, { Server: "envoy" }));
  assert(isText(401, { Server: "envoy" }, "a sentence of tomorrow"));
  assert(!isText(401, {}));
  assert(!isText(401, { Server: "nginx" }));
  assert(!isText(403, { Server: "envoy" }));
  assert(!isText(401, { Server: "envoy", "Content-Type": "text/html" }));
  assert(!isText(401, { Server: "envoy", "X-Envoy-Upstream-Service-Time": "3" }));
  assert(!isText(401, { Server: "envoy", "x-sb-error-code": "bad_jwt" }));
  assert(!isApiKeyRefusal({ kind: "fault", reason: "network" }));
});

Deno.test("retryAfterSeconds() reads seconds and HTTP dates, from one second to an hour", () => {
  using time = new FakeTime();
  const read = (value: string) => retryAfterSeconds(answer(429, "", { "Retry-After": value }));
  assertEquals([read("7"), read(" 7 "), read("007")], [7, 7, 7]);
  assertEquals([read("3600"), read("3601"), read("9".repeat(400))], [3600, 3600, 3600]);
  assertEquals(read("Mon, 23 Nov 2026 12:00:30 GMT"), 30);
  assertEquals(read("Tue, 24 Nov 2026 12:00:30 GMT"), 3600);
  time.setDate(Date.parse("2026-11-23T12:00:00.500Z"));
  assertEquals(read("Mon, 23 Nov 2026 12:00:30 GMT"), 30); // rounded up, so that no client retries too early
  for (const garbage of ["", "-5", "1.5", "soon 5", "5, 5", "1e3", "0x10"]) {
    assertEquals([garbage, read(garbage)], [garbage, undefined]);
  }
  assert((read("0") ?? 0) >= 1 && (read("Sun, 22 Nov 2026 12:00:00 GMT") ?? 0) >= 1);
  assertEquals(retryAfterSeconds(answer(429, "")), undefined);
  assertEquals(retryAfterSeconds({ kind: "fault", reason: "network" }), undefined);
});

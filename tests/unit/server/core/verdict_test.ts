import { assert, assertEquals } from "@std/assert";
import type { GetUserResult } from "../../../../shared/server/core/get_user.ts";
import { TIMED_OUT } from "../../../../shared/server/core/bounded_fetch.ts";
import { judge } from "../../../../shared/server/core/verdict.ts";
import { USER_ID } from "../../../support/server.ts";

const NOW = 1_800_000_000;
const claims = { sub: USER_ID, exp: NOW + 3600 };

function of(status: number, body: unknown, more: Record<string, string> = {}): GetUserResult {
  const headers = new Headers({ "Content-Type": "application/json", ...more });
  const text = JSON.stringify(body);
  return {
    user: status === 200 ? body : null,
    calls: 1,
    answer: { kind: "answer", status, headers, text, body: body as Record<string, unknown> },
  };
}
const refused = (code: string, status = 403) =>
  of(status, { code, message: "x" }, { "X-Supabase-Api-Version": "2024-01-01" });
const code = (result: GetUserResult, exp: number | undefined = claims.exp) => {
  const { exp: _, ...rest } = claims;
  const verdict = judge(result, exp === undefined ? rest : { ...rest, exp }, NOW, 30);
  return verdict.ok ? "ok" : verdict.code;
};

Deno.test("judge() admits only a 200 in JSON with the user of the token", () => {
  const verdict = judge(of(200, { id: USER_ID, email: "a" }), claims, NOW, 30);
  assert(verdict.ok);
  assertEquals([verdict.user.id, verdict.user.email], [USER_ID, "a"]);
  for (const status of [100, 101, 201, 202, 203, 204, 206, 226, 299, 0]) {
    assertEquals([status, code(of(status, { id: USER_ID }))], [status, "auth_unavailable"]);
  }
  // supabase-js takes the user out of such a body; Auth never sends one.
  const wrapped = { ...of(200, { id: "x", user: { id: USER_ID } }), user: { id: USER_ID } };
  assertEquals(code(wrapped), "auth_unavailable");
});

Deno.test("judge() calls an expired token expired, within the skew of either side", () => {
  for (const word of ["bad_jwt", "validation_failed"]) {
    assertEquals(code(refused(word), NOW + 3600), "bad_jwt");
    assertEquals(code(refused(word), NOW + 31), "bad_jwt");
    assertEquals(code(refused(word, 400), NOW - 3600), "token_expired");
  }
  assertEquals(code(refused("bad_jwt"), NOW - 29), "token_expired");
  assertEquals(code(refused("bad_jwt"), NOW + 29), "token_expired");
});

Deno.test("judge() takes a user whose ban has not ended for banned, by Auth's clock", () => {
  const until = (seconds: number) => ({
    id: USER_ID,
    banned_until: new Date((NOW + seconds) * 1000).toISOString(),
  });
  assertEquals(code(of(200, until(1))), "user_banned");
  assertEquals(code(of(200, until(-1))), "ok");
  assertEquals(
    code(of(200, { id: USER_ID, banned_until: "2126-11-24T18:44:10.853647649Z" })),
    "user_banned",
  );
});

Deno.test("judge() makes a fault or a limit of what Auth itself calls one, whatever its 4xx", () => {
  for (
    const word of ["unexpected_failure", "request_timeout", "hook_timeout", "conflict", "unknown"]
  ) {
    assertEquals([word, code(refused(word, 422))], [word, "auth_unavailable"]);
  }
  for (const word of ["over_request_rate_limit", "over_email_send_rate_limit"]) {
    assertEquals([word, code(refused(word, 400))], [word, "over_request_rate_limit"]);
  }
});

Deno.test("judge() makes nothing of a 5xx but a fault, whatever code it holds", () => {
  for (
    const word of ["session_not_found", "user_not_found", "bad_jwt", "user_banned", "new_code"]
  ) {
    for (const status of [500, 502, 503, 504, 599]) {
      assertEquals(code(refused(word, status)), "auth_unavailable");
    }
    for (const status of [301, 302, 307]) {
      assertEquals(code(refused(word, status)), "auth_unavailable");
    }
  }
});

Deno.test("judge() keeps the Retry-After of a fault and of a limit", () => {
  for (const status of [429, 500, 503, 302]) {
    const verdict = judge(of(status, {}, { "Retry-After": "7" }), claims, NOW, 30);
    assert(!verdict.ok);
    assertEquals(verdict.retry_after, 7);
  }
  const verdict = judge({ user: null, answer: TIMED_OUT, calls: 1 }, claims, NOW, 30);
  assertEquals(verdict, { ok: false, code: "auth_unavailable" });
});

Deno.test("judge() tells the operator of a proxy that removes the bearer, and of a wrong key", () => {
  const proxy = judge(refused("no_authorization", 401), claims, NOW, 30);
  assert(!proxy.ok && proxy.operator?.includes("Authorization"));
  assertEquals(proxy.code, "auth_unavailable");
  const key = judge(of(401, { message: "Invalid API key" }), claims, NOW, 30);
  assert(!key.ok && key.operator?.includes("SUPABASE_PUBLISHABLE_KEYS"));
  assertEquals(key.code, "auth_misconfigured");
});

Deno.test("judge() is plain data: it can be cloned and sent", () => {
  for (const result of [of(200, { id: USER_ID }), refused("bad_jwt"), of(503, {})]) {
    const verdict = judge(result, claims, NOW, 30);
    assertEquals(structuredClone(verdict), verdict);
  }
});

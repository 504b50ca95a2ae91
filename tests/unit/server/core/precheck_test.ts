import { assert, assertEquals } from "@std/assert";
import {
  precheck,
  type PrecheckClock,
  type PrecheckRules,
} from "../../../../shared/server/core/precheck.ts";
import { SESSION_ID, token, USER_ID } from "../../../support/server.ts";

const NOW = 1_800_000_000;
const trusted: PrecheckClock = { now: () => NOW, mayRefuseExpired: () => true };
const rules: PrecheckRules = { skew: 30, allowSessionless: false, oauthClients: new Set() };
const carried = (jwt: string) => ({ kind: "token", token: jwt }) as const;
const check = (
  claims: Record<string, unknown>,
  more: Partial<PrecheckRules & { clock: PrecheckClock }> = {},
) => {
  const credential = carried(token({ exp: NOW + 60, ...claims }));
  const result = precheck(credential, { ...rules, ...more }, more.clock ?? trusted);
  return result.ok ? "ok" : result.code;
};

Deno.test("precheck() hands on a token that may live, with its claims and session", () => {
  const jwt = token({ exp: NOW + 60 });
  const result = precheck(carried(jwt), rules, trusted);
  assert(result.ok);
  assertEquals(result.token, jwt);
  assertEquals([result.claims.sub, result.session?.id], [USER_ID, SESSION_ID]);
});

Deno.test("precheck() has one refusal for each kind of credential", () => {
  assertEquals(precheck({ kind: "none" }, rules, trusted), { ok: false, code: "no_authorization" });
  assertEquals(precheck({ kind: "malformed" }, rules, trusted), {
    ok: false,
    code: "invalid_authorization_header",
  });
  const secret = precheck({ kind: "secret_key" }, rules, trusted);
  assert(!secret.ok && secret.operator !== undefined);
  assertEquals(secret.code, "bad_jwt");
  assertEquals(precheck(carried("a.b.c"), rules, trusted), {
    ok: false,
    code: "bad_jwt",
  });
});

Deno.test("precheck() refuses past the skew, to the second, and lets Auth decide within it", () => {
  assertEquals(check({ exp: NOW - 30 }), "ok");
  assertEquals(check({ exp: NOW - 31 }), "token_expired");
  assertEquals(check({ exp: NOW - 30.5 }), "token_expired");
  assertEquals(check({ exp: NOW - 1 }, { skew: 0 }), "token_expired");
  assertEquals(check({ exp: NOW }, { skew: 0 }), "ok");
  assertEquals(check({ exp: NOW - 300 }, { skew: 300 }), "ok");
  assertEquals(check({ exp: 0 }), "token_expired");
  assertEquals(check({ exp: -1e300 }), "token_expired");
});

Deno.test("precheck() refuses nothing by a clock that may not", () => {
  const asked: number[] = [];
  const clock: PrecheckClock = {
    ...trusted,
    mayRefuseExpired: (skew) => {
      asked.push(skew);
      return false;
    },
  };
  assertEquals(check({ exp: NOW - 3600 }, { clock }), "ok");
  assertEquals(asked, [30]);
  assertEquals(check({ exp: NOW + 3600 }, { clock }), "ok");
  assertEquals(asked, [30]); // a living token uses no question up
});

Deno.test("precheck() refuses a token without a session unless those may pass", () => {
  for (const claims of [{ session_id: undefined }, { exp: undefined }, { exp: "soon" }]) {
    assertEquals(check(claims), "session_required");
    assertEquals(check(claims, { allowSessionless: true }), "ok");
  }
  assertEquals(
    check({ session_id: undefined, exp: NOW - 31 }, { allowSessionless: true }),
    "token_expired",
  );
});

Deno.test("precheck() leaves nbf, iat, aud, iss and the algorithm to Auth", () => {
  for (
    const claims of [{ nbf: NOW + 3600 }, { iat: NOW + 3600 }, { aud: undefined }, { iss: "x" }]
  ) assertEquals(check(claims), "ok");
  const none = token({ exp: NOW + 60 }, { alg: "none" });
  assert(precheck(carried(none), rules, trusted).ok);
});

Deno.test("precheck() refuses a token of an OAuth client unless the client is named", () => {
  const oauthClients = new Set(["app-1"]);
  for (const client_id of ["app-1", "app-2", "", "*", 5, null, ["app-1"], { id: "app-1" }, true]) {
    assertEquals(check({ client_id }), "oauth_client_not_allowed");
    const named = check({ client_id }, { oauthClients });
    assertEquals(named, client_id === "app-1" ? "ok" : "oauth_client_not_allowed");
    const any = check({ client_id }, { oauthClients: "*" });
    const isId = typeof client_id === "string" && client_id !== "";
    assertEquals(any, isId ? "ok" : "oauth_client_not_allowed");
  }
  assertEquals(check({ client_id: undefined }), "ok");
});

Deno.test("precheck() says first that a client may not call, so that nobody renews its token for it", () => {
  assertEquals(check({ client_id: "app-1", exp: NOW - 3600 }), "oauth_client_not_allowed");
  assertEquals(check({ client_id: "app-1", session_id: undefined }), "oauth_client_not_allowed");
  const allowed = { oauthClients: "*" } as const;
  assertEquals(check({ client_id: "app-1", exp: NOW - 3600 }, allowed), "token_expired");
});

Deno.test("precheck() hands on the client of a token, or null", () => {
  for (const [claims, client] of [[{}, null], [{ client_id: "app-1" }, "app-1"]] as const) {
    const jwt = token({ exp: NOW + 60, ...claims });
    const result = precheck(carried(jwt), { ...rules, oauthClients: "*" }, trusted);
    assertEquals(result.ok && result.client, client);
  }
});

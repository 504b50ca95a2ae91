// `doctor token`: what a token says, what Auth says, and why a session is gone.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Finding, runChecks } from "../../../supabase/doctor/finding.ts";
import { inspectionChecks } from "../../../supabase/doctor/registry.ts";
import { jsonReport, textReport } from "../../../supabase/doctor/report.ts";
import { runCommand, UsageError } from "../../../supabase/doctor/run.ts";
import { inspect } from "../../../supabase/doctor/token/inspection.ts";
import { readHidden } from "../../../supabase/doctor/token/read_token.ts";
import { type Claims, decodeClaims, KeyRing } from "../../../supabase/local/jwt.ts";
import { apiKeys, jwtSecret, signingKey } from "../../../supabase/local/keys.ts";
import { bootStack, type RunningStack } from "../../../supabase/local/stack.ts";

let stack: RunningStack;
let ring: KeyRing;
const shown = new Set<string>();

Deno.test.beforeAll(async () => {
  stack = await bootStack({ port: 0, functions: false });
  ring = await KeyRing.of(signingKey, jwtSecret);
});
Deno.test.afterAll(() => stack.close());

let people = 0;

async function signUp(): Promise<{ token: string; claims: Claims; email: string }> {
  const email = `ada${people++}@example.com`;
  const body = JSON.stringify({ email, password: "correct-horse" });
  const answer = await auth("/signup", { method: "POST", body });
  const { access_token: token } = await answer.json();
  return { token, claims: decodeClaims(token), email };
}

function auth(path: string, init: RequestInit, key = apiKeys.publishable): Promise<Response> {
  const headers = { apikey: key, "Content-Type": "application/json", ...init.headers };
  return fetch(`${stack.url}/auth/v1${path}`, { ...init, headers });
}

async function diagnose(
  token: string,
  url: string | undefined = stack.url,
  answer?: () => Response,
) {
  const fetch = answer && (() => Promise.resolve().then(answer));
  const found = runChecks(inspectionChecks, await inspect(token, url, apiKeys.publishable, fetch));
  for (const { id } of found) shown.add(id);
  assertTellsNothing(found, token);
  return found;
}

/** Neither the token, nor what identifies its user, nor a key. */
function assertTellsNothing(found: readonly Finding[], token: string) {
  const text = textReport({ findings: found }, false) + jsonReport({ findings: found });
  assert(!/eyJ|@|[0-9a-f]{8}-[0-9a-f]{4}|sb_\w+_\w{6}/.test(text), text);
  for (const part of token.split(".").filter((one) => one.length > 8)) assert(!text.includes(part));
}

const ids = (found: readonly Finding[]) =>
  found.filter((one) => one.id !== "token-says").map(({ severity, id }) => `${severity} ${id}`);
const text = (found: readonly Finding[]) => found.map((one) => one.message).join("\n");

const alive = () => Response.json({ id: "ada" });
const refuse = (code: string, status = 403) => () =>
  Response.json({ code: 403, error_code: code, msg: "m" }, { status });
const sign = (claims: Claims) => {
  const exp = Date.now() / 1000 + 3600;
  const session_id = "22222222-2222-4222-8222-222222222222";
  return ring.sign({ sub: "11111111-1111-4111-8111-111111111111", exp, session_id, ...claims });
};

Deno.test("doctor token says alive when the session lives, however the token was pasted", async () => {
  const { token } = await signUp();
  for (
    const pasted of [token, ` Bearer ${token}\n`, `Authorization: bearer ${token}`, `"${token}"`]
  ) {
    const found = await diagnose(pasted);
    assertEquals(ids(found), ["info token-alive"]);
    assertMatch(
      text(found),
      /The token: signed with ES256, issued \d+ s ago, good for 60 min, a session of aal1, by password\./,
    );
  }
});

Deno.test("doctor token tells a sign-out when Auth says session_not_found", async () => {
  const { token } = await signUp();
  await auth("/logout", { method: "POST", headers: { Authorization: `Bearer ${token}` } });
  const found = await diagnose(token);
  assertEquals(ids(found), ["error token-session-ended"]);
  assertMatch(text(found), /sign-out.*password change.*second factor verified on another device/);
  assertMatch(found[0]!.why, /user exists/);
});

Deno.test("doctor token leaves the second factor out when the token has it", async () => {
  const found = await diagnose(await sign({ aal: "aal2" }), stack.url, refuse("session_not_found"));
  assertEquals(ids(found), ["error token-session-ended"]);
  assert(!text(found).includes("second factor"));
});

Deno.test("doctor token tells a db reset when a local stack has no such user", async () => {
  const { token, claims } = await signUp();
  await stack.store.deleteUser(String(claims.sub));
  const found = await diagnose(token);
  assertEquals(ids(found), ["error token-user-gone"]);
  assertMatch(text(found), /db reset/);
});

Deno.test("doctor token tells a deleted user when the project is not on this machine", async () => {
  const token = await sign({ iss: "https://auth.example/auth/v1" });
  const found = await diagnose(token, "https://auth.example", refuse("user_not_found"));
  assertMatch(text(found), /The user was deleted/);
});

Deno.test("doctor token tells a ban, of a new Auth and of an old one", async () => {
  const { token, claims } = await signUp();
  await stack.store.setBan(String(claims.sub), new Date(Date.now() + 3_600_000));
  assertEquals(ids(await diagnose(token)), ["error token-user-banned"]);
  const old = () => Response.json({ id: claims.sub, banned_until: "2999-01-01T00:00:00Z" });
  assertEquals(ids(await diagnose(token, stack.url, old)), ["error token-user-banned"]);
});

Deno.test("doctor token tells an expired token, by Auth's clock", async () => {
  const found = await diagnose(await sign({ exp: Date.now() / 1000 - 7300 }));
  assertEquals(ids(found), ["error token-expired"]);
  assertMatch(text(found), /expired 2 h ago/);
  const soon = await sign({ exp: Date.now() / 1000 + 60 });
  const later = { Date: new Date(Date.now() + 300_000).toUTCString() };
  const ahead = () =>
    Response.json({ code: 403, error_code: "bad_jwt", msg: "m" }, { status: 403, headers: later });
  assert(ids(await diagnose(soon, stack.url, ahead)).includes("error token-expired"));
});

Deno.test("doctor token tells an API key when one was used as the token", async () => {
  for (const [kind, key] of Object.entries(apiKeys)) {
    const found = await diagnose(key);
    assertEquals(ids(found), ["error token-is-api-key"], kind);
    assertEquals(/leaked/.test(text(found)), kind === "secret" || kind === "serviceRole", kind);
  }
});

Deno.test("doctor token tells what is no token", async () => {
  for (const wrong of ["abc", "a.b.c", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "vw4hexq2xv3a"]) {
    assertEquals(ids(await diagnose(wrong)), ["error token-malformed"], wrong);
  }
});

Deno.test("doctor token tells a token that can never be revoked", async () => {
  const { claims } = await signUp();
  const token = await sign({ ...claims, session_id: undefined });
  assertEquals(ids(await diagnose(token)), ["warning token-without-session", "info token-alive"]);
});

Deno.test("doctor token tells another project, another stack and an unknown key", async () => {
  const [one, other] = ["a", "b"].map((letter) => `https://${letter.repeat(20)}.supabase.co`);
  const keys = (kid: string, code: string) => () =>
    Response.json({ keys: [{ kty: "EC", kid }], code: 403, error_code: code, msg: "m" }, {
      status: 403,
    });
  const elsewhere = await diagnose(
    await sign({ iss: `${one}/auth/v1` }),
    other,
    keys("x", "bad_jwt"),
  );
  assert(ids(elsewhere).includes("error token-of-another-project"));
  assert(ids(elsewhere).includes("error token-refused"));
  const local = await diagnose(
    await sign({ iss: `${stack.url}/auth/v1` }),
    one,
    keys("x", "bad_jwt"),
  );
  assertMatch(text(local), /from a local stack/);
  const { d: _, ...pair } = signingKey;
  const unknown = await KeyRing.of({ ...signingKey, ...pair, kid: "another" }, jwtSecret);
  const { claims } = await signUp();
  const found = await diagnose(await unknown.sign(claims));
  assertMatch(text(found), /no key of the name/);
});

Deno.test("doctor token says unknown when there is nobody to ask, or no answer", async () => {
  const { token } = await signUp();
  const nobody = runChecks(inspectionChecks, await inspect(token, undefined, undefined));
  assertEquals(ids(nobody), ["info token-unknown"]);
  const down = () => {
    throw new TypeError("network");
  };
  const key = () => Response.json({ message: "Invalid API key" }, { status: 401 });
  const stranger = () => Response.json({ id: "somebody-else" });
  for (const answer of [down, key, stranger, refuse("unexpected_failure", 500), alive]) {
    assertEquals(ids(await diagnose(token, stack.url, answer)), ["error token-unknown"]);
  }
});

Deno.test("inspectionChecks are each shown firing", () => {
  for (const { id } of inspectionChecks) assert(shown.has(id), id);
});

Deno.test("doctor token sends the token to the project that was named, and nowhere else", async () => {
  const sent: string[] = [];
  const fetch: typeof globalThis.fetch = (input) => {
    sent.push(new URL(new Request(input).url).origin);
    return Promise.resolve(
      new Response(null, { status: 302, headers: { Location: "https://evil.example" } }),
    );
  };
  const token = await sign({ iss: "https://evil.example/auth/v1" });
  await inspect(token, "https://a.example", "key", fetch);
  await inspect(token, undefined, "key", fetch);
  assertEquals(sent, ["https://a.example", "https://a.example"]);
});

Deno.test("runCommand() reads the token from its reader and takes the project from the environment", async () => {
  const { token } = await signUp();
  const env = { SUPABASE_URL: stack.url, SUPABASE_ANON_KEY: apiKeys.anon };
  const { findings: found } = await runCommand({ kind: "token" }, {
    env,
    readToken: () => Promise.resolve(token),
  });
  assertEquals(ids(found), ["info token-alive"]);
  for (const nothing of [undefined, " \n"]) {
    const world = { env, readToken: () => Promise.resolve(nothing) };
    const error = await runCommand({ kind: "token" }, world).catch((thrown) => thrown);
    assert(error instanceof UsageError);
  }
});

Deno.test("readHidden() takes pasted text, erases, and gives up on Ctrl-C", async () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  assertEquals(await readHidden([bytes("\x1b[200~ab"), bytes("c\x1b[201~\rrest")]), "abc");
  assertEquals(await readHidden([bytes("\x7fab\x08c\n")]), "ac");
  assertEquals(await readHidden([bytes("ab"), bytes("\x03")]), undefined);
});

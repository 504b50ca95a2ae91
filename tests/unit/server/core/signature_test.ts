import { assert, assertEquals } from "@std/assert";
import { mock } from "node:test";
import { Hono } from "hono";
import { auth, type AuthEnv } from "../../../../shared/mod.ts";
import { getBackend } from "../../../../shared/server/core/backend.ts";
import { type Claims, decodeToken } from "../../../../shared/server/core/claims.ts";
import { createKeyStore } from "../../../../shared/server/core/key_store.ts";
import type { Candidate } from "../../../../shared/server/core/precheck.ts";
import { readProject } from "../../../../shared/server/core/project.ts";
import { createSignatureCheck } from "../../../../shared/server/core/signature.ts";
import {
  alive,
  assertRefusal,
  bearer,
  environment,
  fakeAuth,
  inFakeTime,
  json,
  REFUSALS,
  refuses,
  settle,
  token,
} from "../../../support/server.ts";

const base64url = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** A signing key of a project, as Auth has it. */
async function signingKey(kid: string) {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
    "sign",
    "verify",
  ]);
  const jwk = { ...await crypto.subtle.exportKey("jwk", pair.publicKey), kid, alg: "ES256" };
  const sign = async (claims: Record<string, unknown> = {}) => {
    const unsigned = token(claims, { alg: "ES256", kid }).split(".").slice(0, 2).join(".");
    const signature = await crypto.subtle.sign(
      { name: "ECDSA", hash: "SHA-256" },
      pair.privateKey,
      new TextEncoder().encode(unsigned),
    );
    return `${unsigned}.${base64url(new Uint8Array(signature))}`;
  };
  return { jwk, sign };
}
const candidate = (jwt: string, claims: Claims = { sub: "x" }): Candidate => ({
  ok: true,
  kind: "token",
  token: jwt,
  header: decodeToken(jwt)?.header ?? {},
  claims,
  session: null,
});
const forge = (jwt: string) => `${jwt.slice(0, jwt.lastIndexOf("."))}.${"A".repeat(86)}`;
const isJwks = (request: Request) => request.url.endsWith("/.well-known/jwks.json");

/** An Auth that serves a key set, and knows which tokens it signed. */
function project(jwks: () => Response | Promise<Response>, env: Record<string, string> = {}) {
  const genuine = new Set<string>();
  const { options, calls } = fakeAuth((request) => {
    if (isJwks(request)) return jwks();
    const jwt = request.headers.get("authorization")?.slice("Bearer ".length) ?? "";
    return genuine.has(jwt) ? alive() : refuses(403, "bad_jwt");
  }, environment(env));
  const app = new Hono<AuthEnv>().use(auth(options)).get("/", (c) => c.text("in"));
  const ask = async (jwt: string) => {
    const response = await app.request("/", { headers: bearer(jwt) });
    if (response.status === 200) return await response.text();
    return (await assertRefusal(response, REFUSALS.bad_jwt)).code;
  };
  const count = () => ({
    users: calls.filter((call) => !isJwks(call)).length,
    keys: calls.filter(isJwks).length,
  });
  return { ask, count, genuine, calls };
}
const keySet = (...keys: unknown[]) => JSON.stringify({ keys });

/** Runs with a clock of its own in `performance.now()`. */
async function timed(run: (advance: (ms: number) => void) => Promise<void>) {
  let mono = 1_000_000;
  const clock = mock.method(performance, "now", () => mono);
  try {
    await run((ms) => mono += ms);
  } finally {
    clock.mock.restore();
  }
}

Deno.test("createSignatureCheck() refuses a bad signature of a known key without a call", async () => {
  const { jwk, sign } = await signingKey("k1");
  const { ask, count, genuine } = project(() => json(200, {}), { SUPABASE_JWKS: keySet(jwk) });
  const good = await sign();
  genuine.add(good);
  assertEquals(await ask(good), "in");
  for (let n = 0; n < 50; n++) {
    assertEquals(await ask(forge(token({ n }, { alg: "ES256", kid: "k1" }))), "bad_jwt");
  }
  assertEquals(await ask(forge(good)), "bad_jwt");
  assertEquals(count(), { users: 1, keys: 0 });
});

Deno.test("createSignatureCheck() asks Auth about every genuine token: it never admits", async () => {
  const { jwk, sign } = await signingKey("k1");
  const { ask, count } = project(() => json(200, {}), { SUPABASE_JWKS: keySet(jwk) });
  assertEquals(await ask(await sign()), "bad_jwt"); // Auth says so
  assertEquals(count().users, 1);
});

Deno.test("createSignatureCheck() leaves HS256, unknown algorithms and none to Auth", async () => {
  const { jwk } = await signingKey("k1");
  const { ask, count, genuine } = project(() => json(200, keySet(jwk)), {
    SUPABASE_JWKS: keySet(jwk, { kty: "oct", k: "c2VjcmV0" }),
  });
  const headers = [
    { alg: "HS256" },
    { alg: "HS256", kid: "k1" },
    { alg: "none" },
    { alg: "XX1" },
    {},
    { alg: 5 },
  ];
  for (const [n, header] of headers.entries()) {
    const jwt = token({ n }, header);
    genuine.add(jwt);
    assertEquals(await ask(jwt), "in");
  }
  assertEquals(count(), { users: headers.length, keys: 0 });
});

Deno.test("createSignatureCheck() takes no key from where a token points", async () => {
  const ours = await signingKey("k1");
  const theirs = await signingKey("k2");
  const { ask, count, calls } = project(() => json(200, keySet(ours.jwk)), {
    SUPABASE_JWKS: keySet(ours.jwk),
  });
  const evil = "https://evil.example/jwks.json";
  const header = { alg: "ES256", kid: "k2", jku: evil, x5u: evil, jwk: theirs.jwk };
  assertEquals(await ask(token({ iss: "https://evil.example" }, header)), "bad_jwt");
  assertEquals(count(), { users: 0, keys: 1 });
  assert(calls.every(({ url }) => url.startsWith("https://project.example/auth/v1/")));
});

Deno.test("createSignatureCheck() fetches no keys before Auth refused a token", async () => {
  const { jwk, sign } = await signingKey("k1");
  const { ask, count, genuine } = project(() => json(200, keySet(jwk)));
  const good = await sign();
  genuine.add(good);
  for (let n = 0; n < 3; n++) assertEquals(await ask(good), "in");
  assertEquals(count(), { users: 3, keys: 0 });
  const forged = (n: number) => forge(token({ n }, { alg: "ES256", kid: "k1" }));
  assertEquals(await ask(forged(1)), "bad_jwt");
  assertEquals(count(), { users: 4, keys: 0 });
  for (let n = 2; n < 20; n++) assertEquals(await ask(forged(n)), "bad_jwt");
  assertEquals(count(), { users: 4, keys: 1 });
});

Deno.test("createSignatureCheck() refuses an unknown key for a minute after a fetch, and then looks again", () =>
  timed(async (advance) => {
    const [old, next] = [await signingKey("k1"), await signingKey("k2")];
    let keys = keySet(old.jwk);
    const { ask, count, genuine } = project(() => json(200, keys), { SUPABASE_JWKS: keys });
    const unknown = (n: number) => token({ n }, { alg: "ES256", kid: `random${n}` });
    for (let n = 0; n < 30; n++) assertEquals(await ask(unknown(n)), "bad_jwt");
    assertEquals(count(), { users: 0, keys: 1 });
    // The project rotates its key: no restart.
    keys = keySet(next.jwk);
    const rotated = await next.sign();
    genuine.add(rotated);
    advance(60_000);
    assertEquals(await ask(rotated), "in");
    assertEquals(count(), { users: 1, keys: 2 });
    // A key that left the set still spares a call for forged tokens, and Auth has the last word.
    assertEquals(await ask(forge(await old.sign())), "bad_jwt");
    assertEquals(count(), { users: 1, keys: 2 });
  }));

Deno.test("createSignatureCheck() asks Auth, and backs off, while the key set cannot be fetched", () =>
  timed(async (advance) => {
    const { jwk, sign } = await signingKey("k1");
    const failures: (() => Response | Promise<Response>)[] = [
      () => Promise.reject(new TypeError("down")),
      () => new Response("", { status: 503 }),
      () => json(200, "<html>"),
      () => json(200, '{"keys":5}'),
    ];
    let fails = 0;
    const { ask, count, genuine } = project(() => failures[fails++ % failures.length]!(), {
      SUPABASE_JWKS: keySet(jwk),
    });
    const unknown = (n: number) => token({ n }, { alg: "ES256", kid: "other" });
    for (const pause of [1_000, 2_000, 4_000, 8_000]) {
      const { users, keys } = count();
      for (let n = 0; n < 3; n++) assertEquals(await ask(unknown(keys * 10 + n)), "bad_jwt");
      assertEquals(count(), { users: users + 3, keys: keys + 1 }); // uncertain: Auth decides
      advance(pause - 1);
      await ask(unknown(keys * 10 + 5));
      assertEquals(count().keys, keys + 1);
      advance(1);
    }
    // The last good keys stay good.
    const good = await sign();
    genuine.add(good);
    assertEquals(await ask(good), "in");
    const { users } = count();
    assertEquals(await ask(forge(good)), "bad_jwt");
    assertEquals(count().users, users);
  }));

Deno.test("createSignatureCheck() survives a key set full of rubbish", async () => {
  const { jwk, sign } = await signingKey("k1");
  const rubbish = [
    { kty: "EC" },
    { kty: "EC", crv: "P-256", kid: "bad", x: "!", y: "!" },
    { kty: "EC", crv: "P-521", kid: "big" },
    { kty: "RSA", kid: "rsa", n: "AQAB", e: "" },
    { kty: "XX", kid: "xx" },
    { kty: "oct", kid: "secret", k: "c2VjcmV0" },
  ];
  const { ask, count, genuine } = project(() => json(200, keySet()), {
    SUPABASE_JWKS: keySet(...rubbish, jwk),
  });
  const good = await sign();
  genuine.add(good);
  assertEquals(await ask(good), "in");
  for (const kid of ["bad", "big", "xx"]) {
    const jwt = token({ kid }, { alg: "ES256", kid });
    genuine.add(jwt); // a key that we cannot use, Auth can
    assertEquals([kid, await ask(jwt)], [kid, "in"]);
  }
  assertEquals(count().users, 4);
});

Deno.test("createSignatureCheck() takes a SUPABASE_JWKS that cannot be read for none", async () => {
  for (const jwks of ["", "{", "null", "[]", '{"keys":{}}', '{"keys":[5]}']) {
    const { ask, count, genuine } = project(() => json(200, keySet()), { SUPABASE_JWKS: jwks });
    const jwt = token({}, { alg: "ES256", kid: "k" });
    genuine.add(jwt);
    assertEquals([jwks, await ask(jwt)], [jwks, "in"]);
    assertEquals(count(), { users: 1, keys: 0 });
  }
});

Deno.test("createSignatureCheck() is not fooled by a token whose algorithm is not its key's", async () => {
  const { jwk, sign } = await signingKey("k1");
  const { ask, count } = project(() => json(200, keySet()), { SUPABASE_JWKS: keySet(jwk) });
  const good = await sign();
  for (const alg of ["RS256", "ES384", "PS256", "EdDSA"]) {
    const bent = token({}, { alg, kid: "k1" }).split(".").slice(0, 2).join(".");
    assertEquals([alg, await ask(`${bent}.${good.split(".")[2]}`)], [alg, "bad_jwt"]);
  }
  assertEquals(count().users, 0);
});

Deno.test("createSignatureCheck() takes Auth's word for a signature that it cannot verify, and for no other", async () => {
  const { jwk, sign } = await signingKey("k1");
  const env = environment({ SUPABASE_JWKS: JSON.stringify({ keys: [jwk] }) });
  const fetch = () => Promise.reject(new TypeError("no call expected"));
  const signatures = createSignatureCheck(createKeyStore(readProject(env), fetch));
  const verify = (jwt: string) => signatures.verify(candidate(jwt), performance.now() + 1000);
  const [genuine, forged, hs256] = [await sign(), forge(await sign({ n: 1 })), token()];

  assertEquals(await verify(genuine), "verified");
  assertEquals(await verify(forged), "forged");
  assertEquals(await verify(hs256), "unknown");
  signatures.recordVerdict(hs256, true);
  assertEquals(await verify(hs256), "verified");
  signatures.recordVerdict(forged, true);
  assertEquals(await verify(forged), "forged");
});

Deno.test("createSignatureCheck() looks again at a token whose key it did not know", async () => {
  const { jwk, sign } = await signingKey("late");
  const fetch = () => Promise.resolve(json(200, { keys: [jwk] }));
  const signature = createSignatureCheck(createKeyStore(readProject(environment()), fetch));
  const forged = candidate(forge(await sign()));
  const verify = () => signature.verify(forged, performance.now() + 1000);
  assertEquals(await verify(), "unknown");
  signature.recordVerdict(forged.token, false);
  assertEquals(await verify(), "forged");
});

Deno.test("createSignatureCheck() keeps verified tokens up to a bound in bytes", async () => {
  const fetch = () => Promise.reject(new TypeError("no call expected"));
  const signatures = createSignatureCheck(createKeyStore(readProject(environment()), fetch));
  const large = (n: number) => token({ n, pad: "x".repeat(10_000) });
  const verify = (jwt: string) => signatures.verify(candidate(jwt), performance.now() + 1000);

  signatures.recordVerdict(large(0), true);
  assertEquals(await verify(large(0)), "verified");
  for (let n = 1; n < 100; n++) signatures.recordVerdict(large(n), true); // more than 1 MiB
  assertEquals([await verify(large(0)), await verify(large(99))], ["unknown", "verified"]);
});

Deno.test("createSignatureCheck() keeps verified tokens when forged ones come", async () => {
  const { jwk } = await signingKey("k1");
  const fetch = () => Promise.reject(new TypeError("no call expected"));
  const env = environment({ SUPABASE_JWKS: keySet(jwk) });
  const signature = createSignatureCheck(createKeyStore(readProject(env), fetch));
  const verified = candidate(token({}));
  const verify = (one: Candidate) => signature.verify(one, performance.now() + 1000);
  signature.recordVerdict(verified.token, true);
  for (let n = 0; n < 200; n++) {
    const large = forge(token({ n, pad: "x".repeat(10_000) }, { alg: "ES256", kid: "k1" }));
    assertEquals(await verify(candidate(large)), "forged"); // 2 MB of them
  }
  assertEquals(await verify(verified), "verified");
});

Deno.test("createSignatureCheck() learns of forged tokens, also of those that are about to expire", async () => {
  // The forger chooses `exp`: Auth's bad_jwt is then called expired.
  for (const exp of [3600, 20, -10]) {
    const { jwk } = await signingKey("k1");
    const keys = () => json(200, { keys: [jwk] });
    const { options, calls } = fakeAuth((request) =>
      isJwks(request) ? keys() : refuses(403, "bad_jwt")
    );
    const app = new Hono<AuthEnv>().use(auth(options)).get("/", (c) => c.text("in"));
    for (let n = 0; n < 30; n++) {
      const claims = { n, exp: Math.floor(Date.now() / 1000) + exp };
      const jwt = forge(token(claims, { alg: "ES256", kid: "k1" }));
      assertEquals((await app.request("/", { headers: bearer(jwt) })).status, 401);
    }
    assertEquals([exp, calls.filter((call) => !isJwks(call)).length], [exp, 1]);
  }
});

Deno.test("createSignatureCheck() suspects nobody because a genuine token has run out", async () => {
  const { options } = fakeAuth((_, call) => call === 1 ? alive() : refuses(403, "bad_jwt"));
  const app = new Hono<AuthEnv>().use(auth(options)).get("/", (c) => c.text("in"));
  const headers = bearer(token({ exp: Math.floor(Date.now() / 1000) + 5 }));
  assertEquals((await app.request("/", { headers })).status, 200);
  assertEquals((await (await app.request("/", { headers })).json()).code, "token_expired");
  const backend = getBackend(options);
  assertEquals(backend.signatures.isUnverified("of.somebody.else"), false);
});

Deno.test("auth() leaves Auth half of a short time where the key set hangs", () =>
  inFakeTime(async () => {
    const { jwk, sign } = await signingKey("new");
    const { jwk: old } = await signingKey("old");
    assert(jwk);
    const { options, calls } = fakeAuth(
      (request) => isJwks(request) ? new Promise<Response>(() => {}) : alive(),
      environment({ SUPABASE_JWKS: keySet(old) }),
    );
    const app = new Hono<AuthEnv>().use(auth({ ...options, timeout: 800 }))
      .get("/", (c) => c.text("in"));
    const asked = app.request("/", { headers: bearer(await sign()) });
    await settle();
    mock.timers.tick(400);
    await settle();
    assertEquals((await asked).status, 200);
    assertEquals(calls.filter((call) => !isJwks(call)).length, 1);
  }));

Deno.test("createKeyStore() goes by both clocks: one of them stops in a suspended isolate", async () => {
  const { jwk } = await signingKey("k1");
  mock.timers.enable({ apis: ["Date"], now: Date.now() });
  try {
    let fetched = 0;
    const fetch = () => Promise.resolve(json(200, { keys: fetched++ ? [jwk] : [] }));
    const keys = createKeyStore(readProject(environment()), fetch);
    keys.enableFetch();
    assertEquals(await keys.find("k1"), null);
    mock.timers.setTime(Date.now() + 3_600_000); // and performance.now() has hardly moved
    assert(await keys.find("k1"));
  } finally {
    mock.timers.reset();
  }
});

Deno.test("createKeyStore() calls no name unknown by a set whose age it cannot read", async () => {
  for (
    const [age, expected] of [["12, 300", undefined], ["-5", undefined], ["12", null]] as const
  ) {
    const fetch = () => Promise.resolve(json(200, { keys: [] }, { Age: age }));
    const keys = createKeyStore(readProject(environment()), fetch);
    keys.enableFetch();
    assertEquals([age, await keys.find("k1")], [age, expected]);
  }
});

Deno.test("createKeyStore() leaves a kind of key that it does not know to Auth, whatever its name", async () => {
  const fetch = () => Promise.reject(new TypeError("no call expected"));
  for (const kty of ["constructor", "toString", "__proto__", "AKP"]) {
    const env = environment({ SUPABASE_JWKS: keySet({ kty, kid: "k1" }) });
    assertEquals(await createKeyStore(readProject(env), fetch).find("k1"), undefined);
  }
});

Deno.test("createKeyStore() forgets a key that Auth serves no more", async () => {
  const [old, next] = [await signingKey("old"), await signingKey("next")];
  mock.timers.enable({ apis: ["Date"], now: Date.now() });
  try {
    const sets = [[old.jwk], [next.jwk]];
    const fetch = () => Promise.resolve(json(200, { keys: sets.shift() }));
    const keys = createKeyStore(readProject(environment()), fetch);
    keys.enableFetch();
    assert(await keys.find("old"));
    mock.timers.setTime(Date.now() + 61_000);
    assert(await keys.find("next"));
    assertEquals(await keys.find("old"), null);
  } finally {
    mock.timers.reset();
  }
});

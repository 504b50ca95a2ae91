import { assert, assertEquals } from "@std/assert";
import { Hono } from "hono";
import { auth, type AuthEnv } from "../../../../shared/mod.ts";
import { type Claims, decodeToken } from "../../../../shared/server/core/claims.ts";
import { createKeyStore, type PublicKey } from "../../../../shared/server/core/key_store.ts";
import type { Candidate } from "../../../../shared/server/core/precheck.ts";
import { readProject } from "../../../../shared/server/core/project.ts";
import { createSignatureCheck } from "../../../../shared/server/core/signature.ts";
import {
  alive,
  assertRefusal,
  bearer,
  environment,
  fakeAuth,
  FakeTime,
  inFakeTime,
  json,
  newSigningKey,
  REFUSALS,
  refuses,
  settle,
  token,
} from "../../../support/server.ts";
import { accessClaims } from "../../../support/tokens.ts";

/** A signing key of a project, which signs tokens as Auth issues them. */
async function signingKey(kid: string) {
  const { jwk, sign } = await newSigningKey("ES256", kid);
  return {
    jwk,
    sign: (changes: Record<string, unknown> = {}) => sign(accessClaims(changes)),
  };
}
const find = async (keys: ReturnType<typeof createKeyStore>, kid: string) => {
  const key = await keys.get(kid);
  return typeof key === "object" ? "key" : key;
};
const candidate = (jwt: string, claims: Claims = { sub: "x" }): Candidate => ({
  ok: true,
  kind: "token",
  token: jwt,
  header: decodeToken(jwt)?.header ?? {},
  claims,
  session: null,
  client: null,
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
    const { code } = await response.clone().json() as { code: "bad_jwt" | "auth_unavailable" };
    return (await assertRefusal(response, REFUSALS[code])).code;
  };
  const count = () => ({
    users: calls.filter((call) => !isJwks(call)).length,
    keys: calls.filter(isJwks).length,
  });
  return { ask, count, genuine, calls };
}
const keySet = (...keys: unknown[]) => JSON.stringify({ keys });

Deno.test("createSignatureCheck() admits no genuine token without asking Auth", async () => {
  const { jwk, sign } = await signingKey("k1");
  const { ask, count } = project(() => json(200, {}), { SUPABASE_JWKS: keySet(jwk) });
  assertEquals(await ask(await sign()), "bad_jwt"); // Auth refuses it
  assertEquals(count().users, 1);
});

Deno.test("createSignatureCheck() leaves the decision to Auth for HS256, an unknown algorithm and none", async () => {
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

Deno.test("createSignatureCheck() has no keys when SUPABASE_JWKS cannot be read", async () => {
  for (const jwks of ["", "{", "null", "[]", '{"keys":{}}', '{"keys":[5]}']) {
    const { ask, count, genuine } = project(() => json(200, keySet()), { SUPABASE_JWKS: jwks });
    const jwt = token({}, { alg: "ES256", kid: "k" });
    genuine.add(jwt);
    assertEquals([jwks, await ask(jwt)], [jwks, "in"]);
    assertEquals(count(), { users: 1, keys: 0 });
  }
});

Deno.test("auth() leaves half of its timeout to Auth when the key set hangs", () =>
  inFakeTime(async (time) => {
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
    time.tick(400);
    await settle();
    assertEquals((await asked).status, 200);
    assertEquals(calls.filter((call) => !isJwks(call)).length, 1);
  }));

Deno.test("auth() asks Auth about a bad signature, at a bounded rate, and never answers 401 by itself", () =>
  inFakeTime(async (time) => {
    const { jwk, sign } = await signingKey("k1");
    const { ask, count, genuine } = project(() => json(200, keySet(jwk)), {
      SUPABASE_JWKS: keySet(jwk),
    });
    const good = await sign();
    genuine.add(good);
    const codes = new Map<string, number>();
    const countCode = (code: string) => void codes.set(code, (codes.get(code) ?? 0) + 1);
    for (let second = 0; second < 5; second++) {
      for (let n = 0; n < 100; n++) {
        void ask(forge(token({ n, second }, { alg: "ES256", kid: "k1" }))).then(countCode);
      }
      await settle();
      assertEquals(await ask(good), "in");
      await time.tickAsync(1000);
    }
    await time.tickAsync(2000);
    const { users, keys } = count();
    assert(keys <= 6, `${keys} fetches of keys in 7 s`);
    assert(users <= 5 + 20 + 7 * 5, `${users} calls about users`);
    assertEquals([...codes.keys()].sort(), ["auth_unavailable", "bad_jwt"]);
    assertEquals((codes.get("bad_jwt") ?? 0) + (codes.get("auth_unavailable") ?? 0), 500);
  }));

Deno.test("auth() fetches no key from a URL in the token's header", async () => {
  const ours = await signingKey("k1");
  const theirs = await signingKey("k2");
  const { ask, count, calls } = project(() => json(200, keySet(ours.jwk)), {
    SUPABASE_JWKS: keySet(ours.jwk),
  });
  const evil = "https://evil.example/jwks.json";
  const header = { alg: "ES256", kid: "k2", jku: evil, x5u: evil, jwk: theirs.jwk };
  assertEquals(await ask(token({ iss: "https://evil.example" }, header)), "bad_jwt");
  assertEquals(count(), { users: 1, keys: 1 });
  assert(calls.every(({ url }) => url.startsWith("https://project.example/auth/v1/")));
});

Deno.test("auth() fetches no keys before Auth has refused a token when the environment has none", async () => {
  const { jwk, sign } = await signingKey("k1");
  const { ask, count, genuine } = project(() => json(200, keySet(jwk)));
  for (let n = 0; n < 3; n++) {
    const good = await sign({ n });
    genuine.add(good);
    assertEquals(await ask(good), "in");
  }
  assertEquals(count(), { users: 3, keys: 0 });
  const forged = (n: number) => forge(token({ n }, { alg: "ES256", kid: "other" }));
  assertEquals(await ask(forged(1)), "bad_jwt");
  assertEquals(count(), { users: 4, keys: 0 });
  assertEquals(await ask(forged(2)), "bad_jwt");
  assertEquals(count(), { users: 5, keys: 1 });
});

/** Answers of the key set's URL that hold no new key. */
const USELESS: Record<string, (other: unknown) => Response | Promise<Response>> = {
  "an empty list": () => json(200, "[]"),
  "an empty set": () => json(200, '{"keys":[]}'),
  "a set of secrets": () => json(200, '{"keys":[{"kty":"oct","kid":"s","k":"AA"}]}'),
  "HTML": () => new Response("<html>", { headers: { "Content-Type": "text/html" } }),
  "404 with a set": (other) => json(404, keySet(other)),
  "503": () => new Response("", { status: 503 }),
  "no answer": () => Promise.reject(new TypeError("down")),
  "another project's keys": (other) => json(200, keySet(other)),
  "an older set from a cache": (other) => json(200, keySet(other), { Age: "600" }),
};

for (const [what, answer] of Object.entries(USELESS)) {
  Deno.test(`auth() refuses no live user after a rotation while the key set is ${what}`, () =>
    inFakeTime(async () => {
      const [old, next] = [await signingKey("old"), await signingKey("next")];
      const { ask, count, genuine } = project(() => answer(old.jwk), {
        SUPABASE_JWKS: keySet(old.jwk),
      });
      const users = [];
      for (let n = 0; n < 250; n++) {
        const jwt = await (n % 2 === 0 ? old : next).sign({ n });
        genuine.add(jwt);
        users.push(jwt);
      }
      const seen: string[] = [];
      for (const jwt of users) void ask(jwt).then((code) => seen.push(code));
      while (seen.length < 250) await settle(1); // no time passes, so no request waits
      assertEquals(seen, Array(250).fill("in"));
      assertEquals(count().users, 250);
    }));
}

Deno.test("auth() refuses no live user when a key is replaced under the same id", () =>
  inFakeTime(async () => {
    const [old, next] = [await signingKey("k"), await signingKey("k")];
    for (const served of [next.jwk, old.jwk]) { // a cache may serve the old one
      const { ask, count, genuine } = project(() => json(200, keySet(served)), {
        SUPABASE_JWKS: keySet(old.jwk),
      });
      const seen: string[] = [];
      for (let n = 0; n < 100; n++) {
        const jwt = await next.sign({ n });
        genuine.add(jwt);
        void ask(jwt).then((code) => seen.push(code));
      }
      while (seen.length < 100) await settle(1);
      assertEquals(seen, Array(100).fill("in"));
      assertEquals(count(), { users: 100, keys: 1 });
    }
  }));

Deno.test("auth() fetches a new key within 2 s during a flood of random ids, and admits users of known keys", () =>
  inFakeTime(async (time) => {
    const [old, next] = [await signingKey("old"), await signingKey("next")];
    let served = keySet(old.jwk);
    const { ask, count, genuine } = project(() => json(200, served), { SUPABASE_JWKS: served });
    const known = await old.sign();
    genuine.add(known);
    let flooded = 0;
    const flood = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 10) {
        for (let n = 0; n < 2; n++) {
          void ask(token({ n: flooded }, { alg: "ES256", kid: `random${flooded++}` }));
        }
        await time.tickAsync(10);
      }
    };
    await flood(3000);
    assertEquals(await ask(known), "in");
    const before = count();
    served = keySet(old.jwk, next.jwk);
    const newUserToken = async (n: number) => {
      const jwt = await next.sign({ n });
      genuine.add(jwt);
      return jwt;
    };
    void ask(await newUserToken(0));
    await flood(2000);
    for (let n = 1; n < 20; n++) assertEquals(await ask(await newUserToken(n)), "in");
    assertEquals(await ask(known), "in");
    const after = count();
    const userCalls = after.users - before.users - 20;
    assert(userCalls <= 2 * 5 + 5, `${userCalls} calls to /user in 2 s`);
    assert(after.keys - before.keys <= 3, `${after.keys - before.keys} fetches in 2 s`);
    await time.tickAsync(2000);
  }));

Deno.test("auth() admits with the usable key when a key set holds invalid ones", async () => {
  const { jwk, sign } = await signingKey("k1");
  const invalid = [
    { kty: "EC" },
    { kty: "EC", crv: "P-256", kid: "bad", x: "!", y: "!" },
    { kty: "EC", crv: "P-521", kid: "big" },
    { kty: "RSA", kid: "rsa", n: "AQAB", e: "" },
    { kty: "XX", kid: "xx" },
    { kty: "constructor", kid: "constructor" },
    { kty: "oct", kid: "secret", k: "c2VjcmV0" },
  ];
  const { ask, count, genuine } = project(() => json(200, keySet()), {
    SUPABASE_JWKS: keySet(...invalid, jwk),
  });
  const good = await sign();
  genuine.add(good);
  assertEquals(await ask(good), "in");
  for (const kid of ["bad", "big", "xx", "constructor", "secret"]) {
    const jwt = token({ kid }, { alg: "ES256", kid });
    genuine.add(jwt); // a key that we cannot use, Auth can
    assertEquals([kid, await ask(jwt)], [kid, "in"]);
  }
  assertEquals(count().users, 6);
});

Deno.test("createSignatureCheck() classifies tokens as verified, unverifiable or doubtful", async () => {
  const { jwk, sign } = await signingKey("k1");
  const env = environment({ SUPABASE_JWKS: keySet(jwk, { kty: "XX", kid: "odd" }) });
  const fetch = () => Promise.resolve(new Response("", { status: 503 }));
  const signatures = createSignatureCheck(createKeyStore(readProject(env), fetch), true);
  const verify = (jwt: string) => signatures.verify(candidate(jwt), performance.now() + 1000);
  const good = await sign();
  assertEquals(await verify(good), "verified");
  assertEquals(await verify(forge(good)), "doubtful");
  assertEquals(await verify(token()), "unverifiable");
  assertEquals(await verify(token({}, { alg: "ES256", kid: "odd" })), "unverifiable");
  assertEquals(await verify(token({}, { alg: "ES256", kid: "new" })), "doubtful");
  for (const alg of ["RS256", "ES384", "PS256", "EdDSA"]) {
    const otherAlg = token({}, { alg, kid: "k1" }).split(".").slice(0, 2).join(".");
    assertEquals([alg, await verify(`${otherAlg}.${good.split(".")[2]}`)], [alg, "doubtful"]);
  }
  // Auth admits a token of a key that nobody has: others of it are no longer doubtful.
  await signatures.recordGenuine(candidate(token({}, { alg: "ES256", kid: "new" })));
  assertEquals(await verify(token({ n: 1 }, { alg: "ES256", kid: "new" })), "unverifiable");
  // Nor is a key trusted any longer that does not verify what Auth admits.
  await signatures.recordGenuine(candidate(good));
  assertEquals(await verify(good), "verified");
  await signatures.recordGenuine(candidate(forge(good)));
  assertEquals(await verify(good), "unverifiable");
});

Deno.test("createSignatureCheck() takes a token for doubtful when the keys do not come in time", () =>
  inFakeTime(async (time) => {
    const { sign } = await signingKey("k1");
    const jwt = await sign();
    const hangs = () => new Promise<Response>(() => {});
    const keys = createKeyStore(readProject(environment()), hangs);
    const signatures = createSignatureCheck(keys, true);
    let signature = "";
    void signatures.verify(candidate(jwt), performance.now() + 500).then((it) => signature = it);
    await time.tickAsync(499);
    assertEquals(signature, "");
    await time.tickAsync(1);
    assertEquals(signature, "doubtful");
  }));

Deno.test("createSignatureCheck() remembers a bounded number of keys that Auth has confirmed", async () => {
  const fetch = () => Promise.resolve(new Response("", { status: 503 }));
  const signatures = createSignatureCheck(createKeyStore(readProject(environment()), fetch), true);
  const of = (n: number) => candidate(token({}, { alg: "ES256", kid: `k${n}` }));
  for (let n = 0; n < 40; n++) await signatures.recordGenuine(of(n));
  const verify = (n: number) => signatures.verify(of(n), performance.now() + 1000);
  assertEquals([await verify(0), await verify(39)], ["doubtful", "unverifiable"]);
});

Deno.test("createKeyStore() fetches at most once per second, and less often while that fails", () =>
  inFakeTime(async (time) => {
    const { jwk } = await signingKey("k1");
    let good = true;
    const at: number[] = [];
    const keys = createKeyStore(readProject(environment()), () => {
      at.push(performance.now());
      return Promise.resolve(good ? json(200, { keys: [jwk] }) : json(200, { keys: [] }));
    });
    const tick = async (seconds: number) => {
      for (let n = 0; n < seconds * 10; n++) {
        void keys.refresh();
        void keys.refresh();
        await time.tickAsync(100);
      }
    };
    await tick(3);
    assertEquals(at, [0, 1000, 2000]);
    good = false;
    at.length = 0;
    await tick(20);
    assertEquals(at, [3000, 5000, 9000, 17000]);
    // An outage keeps the last good keys.
    assertEquals(await find(keys, "k1"), "key");
  }));

Deno.test("createKeyStore() fetches again when either clock has moved on: one stops in a suspended isolate", async () => {
  const { jwk } = await signingKey("k1");
  using time = new FakeTime();
  let fetched = 0;
  const fetch = () => Promise.resolve(json(200, { keys: fetched++ ? [jwk] : [] }));
  const keys = createKeyStore(readProject(environment()), fetch);
  await keys.refresh();
  await keys.refresh();
  assertEquals([fetched, await find(keys, "k1")], [1, undefined]);
  time.setDate(Date.now() + 3_600_000); // and performance.now() has not moved
  await keys.refresh();
  assertEquals(await find(keys, "k1"), "key");
});

Deno.test("createKeyStore() drops a key that Auth no longer serves, and keeps one that has not changed", () =>
  inFakeTime(async (time) => {
    const [old, same, next] = await Promise.all(["old", "same", "next"].map(signingKey));
    const sets = [[old!.jwk, same!.jwk], [same!.jwk, next!.jwk]];
    const fetch = () => Promise.resolve(json(200, { keys: sets.shift() }));
    const keys = createKeyStore(readProject(environment()), fetch);
    await keys.refresh();
    const before = await keys.get("same") as PublicKey;
    assertEquals(await find(keys, "old"), "key");
    time.tick(1000);
    await keys.refresh();
    assertEquals([await find(keys, "old"), await find(keys, "next")], [undefined, "key"]);
    assert(await keys.get("same") === before);
    keys.distrust(before);
    assertEquals(await find(keys, "same"), undefined);
  }));

Deno.test("createKeyStore() calls a key unusable when it does not know its kty", async () => {
  const fetch = () => Promise.reject(new TypeError("no call expected"));
  for (const kty of ["constructor", "toString", "__proto__", "AKP"]) {
    const env = environment({ SUPABASE_JWKS: keySet({ kty, kid: "k1" }) });
    assertEquals(await find(createKeyStore(readProject(env), fetch), "k1"), "unusable");
  }
});

Deno.test("createKeyStore() imports at most 32 keys of a set", async () => {
  const { jwk } = await signingKey("k1");
  const set = Array.from({ length: 33 }, (_, n) => ({ ...jwk, kid: `k${n + 1}` }));
  const env = environment({ SUPABASE_JWKS: keySet(...set) });
  const keys = createKeyStore(readProject(env), () => Promise.reject(new TypeError("no call")));
  assertEquals([await find(keys, "k32"), await find(keys, "k33")], ["key", undefined]);
});

Deno.test("createKeyStore() takes keys only from a 200, asks for no cached set, and follows no redirect", async () => {
  const { jwk } = await signingKey("k1");
  for (const status of [201, 203, 301, 403, 404, 500]) {
    const sent: Request[] = [];
    const keys = createKeyStore(readProject(environment()), (input, init) => {
      sent.push(new Request(input, init));
      return Promise.resolve(json(status, { keys: [jwk] }));
    });
    await keys.refresh();
    assertEquals([status, await find(keys, "k1")], [status, undefined]);
    assertEquals([sent[0]?.headers.get("cache-control"), sent[0]?.redirect], [
      "no-cache",
      "manual",
    ]);
  }
});

Deno.test("auth() learns of forged tokens also from those that are about to expire: a forger chooses exp", async () => {
  for (const seconds of [3600, 20, -10]) {
    const { jwk } = await signingKey("k1");
    const { options, calls } = fakeAuth((request) =>
      isJwks(request) ? json(200, { keys: [jwk] }) : refuses(403, "bad_jwt")
    );
    const app = new Hono<AuthEnv>().use(auth(options)).get("/", (c) => c.text("in"));
    for (let n = 0; n < 2; n++) {
      const claims = { n, exp: Math.floor(Date.now() / 1000) + seconds };
      const jwt = forge(token(claims, { alg: "ES256", kid: "k1" }));
      assertEquals((await app.request("/", { headers: bearer(jwt) })).status, 401);
    }
    // From the second one on, keys are fetched.
    assertEquals([seconds, calls.filter(isJwks).length], [seconds, 1]);
  }
});

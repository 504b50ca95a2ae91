import { assertEquals } from "@std/assert";
import { MAX_TOKEN_BYTES, readCredential } from "../../../../shared/server/core/credential.ts";

const keys = {
  public: new Set(["sb_publishable_x", "anon.jwt.key"]),
  secret: new Set(["service.role.key", "sb_secret_y"]),
};
const kind = (header: string | null) => readCredential(header, keys).kind;

Deno.test("readCredential() finds no user without a header, in another scheme, or in a public key", () => {
  const headers = [
    null,
    "",
    "Basic YTpi",
    "a.b.c",
    "Bearerx a.b.c",
    "Bearer-a.b.c",
    "Bearer=a.b.c",
    'Digest username="a", realm="b"',
    "Basic a, Basic b",
    "Basic bearer",
    "Basic a, Bearerish b",
    "Token bearer x",
    "Bearer sb_publishable_x",
    "bearer sb_publishable_x",
    "Bearer anon.jwt.key",
    "Bearer sb_publishable_other", // of another project, or newer than this function
  ];
  for (const header of headers) assertEquals([header, kind(header)], [header, "none"]);
});

Deno.test("readCredential() takes one bearer in any case of the scheme", () => {
  for (const scheme of ["Bearer", "bearer", "BEARER", "bEaReR"]) {
    assertEquals(readCredential(`${scheme} a.b.c`, keys), {
      kind: "token",
      token: "a.b.c",
    });
  }
});

Deno.test("readCredential() keeps a token as it is: no trimming, no unquoting, no decoding", () => {
  for (
    const token of [
      '"a.b.c"',
      "a%2Eb.c",
      "a.b.c=",
      "é.é.é",
      "Bearer",
      "a;b",
      "\u00a0".repeat(0) + "x",
    ]
  ) {
    const bearer = `Bearer ${token}`;
    assertEquals(readCredential(bearer, keys), { kind: "token", token });
  }
});

Deno.test("readCredential() calls what RFC 6750 does not allow malformed", () => {
  const headers = [
    "Bearer",
    "bearer",
    "Bearer ",
    "Bearer  a.b.c",
    "Bearer a.b.c ",
    "Bearer a.b.c d.e.f",
    "Bearer Bearer a.b.c",
    "Bearer\ta.b.c",
    "Bearer\u00a0a.b.c",
    "Bearer a.b.c\tx",
    "Bearer a.b.c,",
    "Bearer ,",
    "Bearer,a.b.c",
    "Bearer a.b.c,d.e.f",
  ];
  for (const header of headers) assertEquals([header, kind(header)], [header, "malformed"]);
});

Deno.test("readCredential() calls two headers malformed, in either order and whatever they hold", () => {
  for (
    const [one, two] of [
      ["Bearer a.b.c", "Bearer a.b.c"],
      ["Bearer a.b.c", "Basic YTpi"],
      ["Bearer sb_publishable_x", "Bearer a.b.c"],
      ["Bearer", "Basic YTpi"],
      ["bearer a.b.c", "BEARER"],
    ] as const
  ) {
    for (const headers of [[one, two], [two, one]]) {
      const joined = new Headers(
        headers.map((value): [string, string] => ["Authorization", value]),
      );
      assertEquals(kind(joined.get("Authorization")), "malformed");
    }
  }
});

Deno.test("readCredential() takes a public key for no user only if it is equal to one", () => {
  for (const key of ["SB_PUBLISHABLE_X", "anon.jwt.ke", "anon.jwt.key2"]) {
    assertEquals(kind(`Bearer ${key}`), "token");
  }
});

Deno.test("readCredential() knows a secret key by its value, and a new one by its prefix", () => {
  for (const key of ["service.role.key", "sb_secret_y", "sb_secret_of_another_project"]) {
    assertEquals(readCredential(`Bearer ${key}`, keys), { kind: "secret_key" });
  }
});

Deno.test("readCredential() reads tokens up to 32 KiB", () => {
  const longest = "a".repeat(MAX_TOKEN_BYTES);
  assertEquals(MAX_TOKEN_BYTES, 32_768);
  assertEquals(kind(`Bearer ${longest}`), "token");
  assertEquals(kind(`Bearer ${longest}a`), "too_large");
});

Deno.test("readCredential() takes a bearer that equals the apikey header for that key, never for a user", () => {
  const jwt = (claims: unknown) => `e30.${btoa(JSON.stringify(claims)).replaceAll("=", "")}.x`;
  const both = (key: string) => readCredential(`Bearer ${key}`, keys, key).kind;
  assertEquals(both(jwt({ role: "anon" })), "none");
  assertEquals(both("some.key.text"), "none");
  assertEquals(both(jwt({ role: "service_role" })), "secret_key");
  assertEquals(both("sb_secret_new"), "secret_key");
  assertEquals(both("service.role.key"), "secret_key");
  // A user's token in both is refused: it never turns into nobody.
  assertEquals(both(jwt({ sub: "ada", role: "authenticated" })), "malformed");
  assertEquals(readCredential(`Bearer ${jwt({ sub: "ada" })}`, keys, "other").kind, "token");
});

Deno.test("readCredential() takes linear time, whatever is sent", () => {
  const beganAt = performance.now();
  for (const filler of [" ", ",", "\t", "bearer", ", bearer", "a,"]) {
    readCredential(filler.repeat(16_000 / filler.length), keys);
    readCredential(`Bearer ${filler.repeat(16_000 / filler.length)}`, keys);
    readCredential(`Basic ${filler.repeat(16_000 / filler.length)}`, keys);
  }
  assertEquals(performance.now() - beganAt < 1000, true);
});

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  type ApiKey,
  createApiKeyCheck,
  MAX_API_KEY_BYTES,
} from "../../../../shared/server/core/api_keys.ts";

const secret = (name: string, key: string): ApiKey => ({ kind: "secret", name, key });
const namesOf = (found: readonly ApiKey[]) => found.map(({ name }) => name);

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

Deno.test("createApiKeyCheck() finds a key under every name that it has, and nothing else", async () => {
  const keys = [secret("a", "one"), secret("b", "two"), secret("c", "one")];
  const check = createApiKeyCheck(keys);
  assertEquals(namesOf(await check.find("one")), ["a", "c"]);
  assertEquals(namesOf(await check.find("two")), ["b"]);
  for (const other of ["", "on", "one ", "ONE", "one\u0000", "one,two", "öne", "default", "*"]) {
    assertEquals(await check.find(other), []);
  }
  assertEquals(await createApiKeyCheck([]).find("one"), []);
});

Deno.test("createApiKeyCheck() tells keys apart whose digests begin or end alike", async () => {
  const wanted = await digest("sb_secret_a");
  const likes: string[] = [];
  for (let n = 0; likes.length < 8; n++) {
    const candidate = `sb_secret_${n}`;
    const other = await digest(candidate);
    if (other[0] === wanted[0] || other[31] === wanted[31]) likes.push(candidate);
  }
  const check = createApiKeyCheck([secret("a", "sb_secret_a")]);
  for (const like of likes) assertEquals(await check.find(like), []);
  assertEquals(namesOf(await check.find("sb_secret_a")), ["a"]);
});

Deno.test("createApiKeyCheck() compares with every key, also after one was found", async () => {
  const read: string[] = [];
  const watched = (name: string): ApiKey => ({
    kind: "secret",
    get name() {
      return name;
    },
    get key() {
      read.push(name);
      return `key of ${name}`;
    },
  });
  const check = createApiKeyCheck(["a", "b", "c"].map(watched));
  await check.find("key of a");
  assertEquals(read, ["a", "b", "c"]);
});

Deno.test("createApiKeyCheck() does not look at a key that is longer than any", async () => {
  const long = "x".repeat(MAX_API_KEY_BYTES + 1);
  assertEquals(await createApiKeyCheck([secret("a", long)]).find(long), []);
  const longest = long.slice(1);
  assertNotEquals(await createApiKeyCheck([secret("a", longest)]).find(longest), []);
});

Deno.test("createApiKeyCheck() answers requests that come together", async () => {
  const keys = Array.from({ length: 20 }, (_, n) => secret(`k${n}`, `key ${n}`));
  const check = createApiKeyCheck(keys);
  const found = await Promise.all(keys.map(({ key }) => check.find(key)));
  assert(found.every((one, n) => one.length === 1 && one[0] === keys[n]));
});

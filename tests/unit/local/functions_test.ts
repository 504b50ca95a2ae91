import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { parseEnvFile } from "../../../supabase/local/functions/env.ts";
import { FunctionHost } from "../../../supabase/local/functions/host.ts";
import { apiKeys } from "../../../supabase/local/keys.ts";
import { bootStack } from "../../../supabase/local/stack.ts";

/** A folder of functions that is gone after the test. */
class Folder implements AsyncDisposable {
  readonly path: string;
  readonly lines: string[] = [];
  readonly #host: FunctionHost;

  constructor(options: { watch?: boolean; verifyJwt?: string[]; there?: string } = {}) {
    this.path = Deno.makeTempDirSync();
    // Before the watching begins: a folder that comes later may be noticed later.
    if (options.there) Deno.mkdirSync(`${this.path}/${options.there}`);
    this.#host = new FunctionHost({
      folder: this.path,
      libraries: [],
      env: () => Promise.resolve({ SUPABASE_URL: "http://127.0.0.1:1", GREETING: "hello" }),
      verifyJwt: new Set(options.verifyJwt),
      verify: (token) => Promise.resolve(token === "good"),
      watch: options.watch ?? false,
      log: (line) => void this.lines.push(line),
    });
  }

  async write(name: string, code: string): Promise<string> {
    const file = `${this.path}/${name}/index.ts`;
    await Deno.mkdir(`${this.path}/${name}`, { recursive: true });
    await Deno.writeTextFile(file, code);
    return file;
  }

  ask(path: string, init?: RequestInit): Promise<Response> {
    return this.#host.fetch(new Request(`http://127.0.0.1:54321/functions/v1/${path}`, init));
  }

  changed(...paths: string[]): void {
    this.#host.changed(paths);
  }

  names(): Promise<string[]> {
    return this.#host.names();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#host.close();
    await Deno.remove(this.path, { recursive: true });
  }
}

const echo = `export default { async fetch(request) {
  return Response.json({
    path: new URL(request.url).pathname + new URL(request.url).search,
    method: request.method,
    auth: request.headers.get("authorization"),
    greeting: Deno.env.get("GREETING"),
    home: Deno.env.get("HOME") ?? null,
    body: await request.text(),
  }, { status: 201, headers: { "x-own": "yes" } });
} }`;

Deno.test("FunctionHost serves `export default { fetch }` with its path and the platform's env", async () => {
  await using folder = new Folder();
  await folder.write("echo", echo);
  const answer = await folder.ask("echo/deep?a=1", {
    method: "POST",
    headers: { authorization: "Bearer x" },
    body: "text",
  });
  assertStrictEquals(answer.status, 201);
  assertStrictEquals(answer.headers.get("x-own"), "yes");
  assertEquals(await answer.json(), {
    path: "/echo/deep?a=1",
    method: "POST",
    auth: "Bearer x",
    greeting: "hello",
    home: null,
    body: "text",
  });
});

Deno.test("FunctionHost serves Deno.serve() too, with and without options", async () => {
  await using folder = new Folder();
  await folder.write("one", `Deno.serve(() => new Response("one"))`);
  await folder.write("two", `Deno.serve({ port: 9 }, () => new Response("two"))`);
  assertStrictEquals(await (await folder.ask("one")).text(), "one");
  assertStrictEquals(await (await folder.ask("two")).text(), "two");
});

Deno.test("FunctionHost passes a stream on as it comes", async () => {
  await using folder = new Folder();
  await folder.write(
    "stream",
    `export default { fetch: (request) => new Response(request.body) }`,
  );
  const { readable, writable } = new TransformStream<Uint8Array>();
  const writer = writable.getWriter();
  const asked = folder.ask("stream", { method: "POST", body: readable });
  await writer.write(new TextEncoder().encode("first"));
  const reader = (await asked).body!.getReader();
  assertStrictEquals(new TextDecoder().decode((await reader.read()).value), "first");
  await writer.close();
  assert((await reader.read()).done);
});

Deno.test("FunctionHost answers 404 for a function that is not there", async () => {
  await using folder = new Folder();
  await folder.write("_shared", echo);
  for (const name of ["nope", "_shared", "..%2f", ""]) {
    const answer = await folder.ask(name);
    assertStrictEquals(answer.status, 404, name);
    const body = { code: "NOT_FOUND", message: "Requested function was not found" };
    assertEquals(await answer.json(), body);
  }
  assertEquals(await folder.names(), []);
});

Deno.test("FunctionHost answers BOOT_ERROR and logs why when a function does not start", async () => {
  await using folder = new Folder();
  await folder.write("broken", `throw new Error("no such luck")`);
  await folder.write("empty", `export const nothing = 1;`);
  for (const name of ["broken", "empty"]) {
    const answer = await folder.ask(name);
    assertStrictEquals(answer.status, 503);
    assertStrictEquals((await answer.json()).code, "BOOT_ERROR");
  }
  assertStringIncludes(folder.lines.join("\n"), "no such luck");
});

Deno.test("FunctionHost starts a repaired function on the next request", async () => {
  await using folder = new Folder();
  const file = await folder.write("late", `throw new Error("not yet")`);
  await (await folder.ask("late")).body?.cancel();
  await Deno.writeTextFile(file, echo);
  const answer = await folder.ask("late");
  await answer.body?.cancel();
  assertStrictEquals(answer.status, 201);
});

Deno.test("FunctionHost answers WORKER_ERROR when a handler throws, and goes on", async () => {
  await using folder = new Folder();
  await folder.write(
    "throws",
    `export default { fetch(request) {
      if (request.url.endsWith("?now")) throw new Error("thrown");
      return new Response("fine");
    } }`,
  );
  const answer = await folder.ask("throws?now");
  assertStrictEquals(answer.status, 500);
  assertStrictEquals((await answer.json()).code, "WORKER_ERROR");
  assertStrictEquals(await (await folder.ask("throws")).text(), "fine");
});

Deno.test("FunctionHost survives a function that fails outside of a request", async () => {
  await using folder = new Folder();
  await folder.write(
    "late",
    `export default { fetch() {
      queueMicrotask(() => { throw new Error("outside") });
      return new Promise(() => {});
    } }`,
  );
  const answer = await folder.ask("late");
  assertStrictEquals((await answer.json()).code, "WORKER_ERROR");
  assertStringIncludes(folder.lines.join("\n"), "outside");
});

Deno.test("FunctionHost starts only the changed function afresh, and all for a library", async () => {
  await using folder = new Folder();
  const counter = `let count = 0; export default { fetch: () => new Response(String(++count)) }`;
  const one = await folder.write("one", counter);
  await folder.write("two", counter);
  const count = async (name: string) => await (await folder.ask(name)).text();
  assertEquals([await count("one"), await count("one"), await count("two")], ["1", "2", "1"]);
  await Deno.writeTextFile(one, counter.replace("= 0", "= 10"));
  folder.changed(one);
  assertEquals([await count("one"), await count("two")], ["11", "2"]);
  folder.changed("/elsewhere/shared/mod.ts");
  assertEquals([await count("one"), await count("two")], ["11", "1"]);
  assertEquals(folder.lines, [
    "changed, starts afresh: one",
    "changed, starts afresh: one, two",
  ]);
});

Deno.test("FunctionHost lets a changed function end the answer it is giving", async () => {
  await using folder = new Folder();
  const file = await folder.write(
    "slow",
    `export default { fetch: (request) => new Response(request.body) }`,
  );
  const { readable, writable } = new TransformStream<Uint8Array>();
  const asked = folder.ask("slow", { method: "POST", body: readable });
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode("be"));
  const answer = await asked;
  folder.changed(file);
  await writer.write(new TextEncoder().encode("fore"));
  await writer.close();
  assertStrictEquals(await answer.text(), "before");
});

Deno.test("FunctionHost breaks a body off when its function ends", async () => {
  const folder = new Folder();
  await folder.write(
    "endless",
    `export default { fetch: () => new Response(new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode("x")),
    })) }`,
  );
  const reader = (await folder.ask("endless")).body!.getReader();
  await reader.read();
  await folder[Symbol.asyncDispose]();
  await assertRejects(() => reader.read());
});

Deno.test("FunctionHost sees a change of a file by itself", async () => {
  await using folder = new Folder({ watch: true, there: "seen" });
  const file = await folder.write("seen", `export default { fetch: () => new Response("old") }`);
  assertStrictEquals(await (await folder.ask("seen")).text(), "old");
  await Deno.writeTextFile(file, `export default { fetch: () => new Response("new") }`);
  // No event tells when a worker was replaced: ask until it was.
  const until = Date.now() + 10_000;
  let text = "old";
  while (text === "old" && Date.now() < until) text = await (await folder.ask("seen")).text();
  assertStrictEquals(text, "new");
});

Deno.test("FunctionHost honours verify_jwt in the platform's own shape", async () => {
  await using folder = new Folder({ verifyJwt: ["closed"] });
  await folder.write("closed", echo);
  const code = async (headers: Record<string, string>) => {
    const answer = await folder.ask("closed", { headers });
    return [answer.status, (await answer.json()).code];
  };
  assertEquals(await code({}), [401, "UNAUTHORIZED_NO_AUTH_HEADER"]);
  assertEquals(await code({ authorization: "Basic x" }), [401, "UNAUTHORIZED_INVALID_JWT_FORMAT"]);
  assertEquals(await code({ authorization: "Bearer bad" }), [401, "UNAUTHORIZED_ASYMMETRIC_JWT"]);
  assertEquals(await code({ authorization: "Bearer good" }), [201, undefined]);
});

Deno.test("bootStack() gives functions the variables of the platform and of functions/.env", async () => {
  const root = await Deno.makeTempDir();
  await Deno.mkdir(`${root}/functions/env`, { recursive: true });
  await Deno.writeTextFile(`${root}/functions/.env`, "OWN=1\nSUPABASE_URL=http://elsewhere\n");
  await Deno.writeTextFile(
    `${root}/functions/env/index.ts`,
    `export default { fetch: () => Response.json(Deno.env.toObject()) }`,
  );
  await using stack = await bootStack({ port: 0, root });
  const env = await (await fetch(`${stack.url}/functions/v1/env`)).json();
  assertStrictEquals(env.OWN, "1");
  assertStrictEquals(env.SUPABASE_URL, stack.url);
  assertEquals(JSON.parse(env.SUPABASE_PUBLISHABLE_KEYS), { default: apiKeys.publishable });
  assertEquals(JSON.parse(env.SUPABASE_SECRET_KEYS), { default: apiKeys.secret });
  assertEquals(JSON.parse(env.SUPABASE_JWKS).keys.map((key: JsonWebKey) => key.kty), ["EC", "oct"]);
  assertEquals(await stack.functions(), ["env"]);
  await Deno.remove(root, { recursive: true });
});

Deno.test("parseEnvFile() reads quotes, comments and export", () => {
  assertEquals(parseEnvFile(`# no\nA=1 # one\nexport B="two # 2"\n\nC = 'x=y'\n2D=no\n`), {
    A: "1",
    B: "two # 2",
    C: "x=y",
  });
});

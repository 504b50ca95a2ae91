import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { DEFAULT_FUNCTION, type FunctionSettings } from "../../../supabase/local/config.ts";
import { parseEnvFile } from "../../../supabase/local/functions/env.ts";
import { FunctionProcess } from "../../../supabase/local/functions/function_process.ts";
import { FunctionWorker } from "../../../supabase/local/functions/function_worker.ts";
import { FunctionHost } from "../../../supabase/local/functions/host.ts";
import { toFileUrl } from "../../../supabase/local/functions/paths.ts";
import { apiKeys, cronKey } from "../../../supabase/local/keys.ts";
import { bootStack } from "../../../supabase/local/stack.ts";

/** What runs a function: this repository's own run in workers, those of `--project` in processes. */
const RUNNERS = ["worker", "process"] as const;
type Runner = typeof RUNNERS[number];

interface FolderOptions {
  readonly runner?: Runner;
  readonly watch?: boolean;
  readonly verifyJwt?: readonly string[];
  /** A function that is there before the watcher starts, which would report it as a change. */
  readonly existing?: { readonly name: string; readonly code: string };
}

/** A folder of functions that is deleted after the test. */
class Folder implements AsyncDisposable {
  readonly path: string;
  readonly lines: string[] = [];
  readonly settings = new Map<string, FunctionSettings>();
  #read = 0;
  #logged = Promise.withResolvers<void>();
  readonly #host: FunctionHost;
  readonly #verifyJwt: readonly string[];

  constructor({ runner = "worker", watch, verifyJwt = [], existing }: FolderOptions = {}) {
    this.path = Deno.makeTempDirSync({ prefix: "edge auth " });
    this.#verifyJwt = verifyJwt;
    if (existing) {
      Deno.mkdirSync(`${this.path}/${existing.name}`);
      Deno.writeTextFileSync(`${this.path}/${existing.name}/index.ts`, existing.code);
      this.settings.set(existing.name, { ...DEFAULT_FUNCTION, verifyJwt: false });
    }
    this.#host = new FunctionHost({
      places: () => ({ folders: [this.path], settings: this.settings }),
      start: (served, env, log) =>
        runner === "worker"
          ? new FunctionWorker(served.name, toFileUrl(served.entry), env)
          : new FunctionProcess(served, env, log),
      env: () => Promise.resolve({ SUPABASE_URL: "http://127.0.0.1:1", GREETING: "hello" }),
      verify: (token) => Promise.resolve(token === "good"),
      watched: watch ? [this.path] : [],
      log: (line) => {
        this.lines.push(line);
        this.#logged.resolve();
        this.#logged = Promise.withResolvers();
      },
    });
  }

  async write(name: string, code: string): Promise<string> {
    const file = `${this.path}/${name}/index.ts`;
    const verifyJwt = this.#verifyJwt.includes(name);
    this.settings.set(name, { ...DEFAULT_FUNCTION, ...this.settings.get(name), verifyJwt });
    await Deno.mkdir(`${this.path}/${name}`, { recursive: true });
    await Deno.writeTextFile(file, code);
    return file;
  }

  send(path: string, init?: RequestInit): Promise<Response> {
    return this.#host.fetch(new Request(`http://127.0.0.1:54321/functions/v1/${path}`, init));
  }

  /** Waits for the next line of the log. */
  async nextLine(): Promise<string | undefined> {
    while (this.lines.length === this.#read) await this.#logged.promise;
    return this.lines[this.#read++];
  }

  async changed(...paths: string[]): Promise<void> {
    await this.#host.changed(paths);
  }

  names(): Promise<string[]> {
    return this.#host.names();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host.close();
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

for (const runner of RUNNERS) {
  Deno.test(`FunctionHost serves export default { fetch }, with its path and the environment of the platform in a ${runner}`, async () => {
    await using folder = new Folder({ runner });
    await folder.write("echo", echo);
    const answer = await folder.send("echo/deep?a=1", {
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
}

for (const runner of RUNNERS) {
  Deno.test(`FunctionHost serves a function that calls Deno.serve() in a ${runner}`, async () => {
    await using folder = new Folder({ runner });
    await folder.write("one", `Deno.serve(() => new Response("one"))`);
    await folder.write("two", `Deno.serve({ port: 9 }, () => new Response("two"))`);
    assertStrictEquals(await (await folder.send("one")).text(), "one");
    assertStrictEquals(await (await folder.send("two")).text(), "two");
  });
}

/** As serve() of std/http/server.ts is written, which older functions import. */
const OLD_SERVE = `
async function serve(handler) {
  const listener = Deno.listen({ port: 8000 });
  for (;;) {
    const connection = await listener.accept();
    const http = Deno.serveHttp(connection);
    (async () => {
      for await (const event of http) event.respondWith(handler(event.request));
    })();
  }
}
let calls = 0;
serve(async (request) => new Response(await request.text() + calls++));
`;

for (const runner of RUNNERS) {
  Deno.test(`FunctionHost serves a function that uses serve() of the old std in a ${runner}`, async () => {
    await using folder = new Folder({ runner });
    await folder.write("old", OLD_SERVE);
    const send = () => folder.send("old", { method: "POST", body: "call " });
    const answers = await Promise.all([send(), send(), send()]);
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    assertEquals(texts.sort(), ["call 0", "call 1", "call 2"]);
  });
}

for (const runner of RUNNERS) {
  Deno.test(`FunctionHost streams bodies in a ${runner}`, async () => {
    await using folder = new Folder({ runner });
    await folder.write(
      "stream",
      `export default { fetch: (request) => new Response(request.body) }`,
    );
    const { readable, writable } = new TransformStream<Uint8Array>();
    const writer = writable.getWriter();
    const asked = folder.send("stream", { method: "POST", body: readable });
    await writer.write(new TextEncoder().encode("first"));
    const reader = (await asked).body!.getReader();
    assertStrictEquals(new TextDecoder().decode((await reader.read()).value), "first");
    await writer.close();
    assert((await reader.read()).done);
  });
}

Deno.test("FunctionHost answers 404 when the function does not exist", async () => {
  await using folder = new Folder();
  await folder.write("_shared", echo);
  for (const name of ["nope", "_shared", "..%2f", ""]) {
    const answer = await folder.send(name);
    assertStrictEquals(answer.status, 404, name);
    const body = { code: "NOT_FOUND", message: "Requested function was not found" };
    assertEquals(await answer.json(), body);
  }
  assertEquals(await folder.names(), []);
});

for (const runner of RUNNERS) {
  Deno.test(`FunctionHost answers BOOT_ERROR and logs the reason when a function does not start in a ${runner}`, async () => {
    await using folder = new Folder({ runner });
    await folder.write("broken", `throw new Error("no such luck")`);
    await folder.write("empty", `export const nothing = 1;`);
    for (const name of ["broken", "empty"]) {
      const answer = await folder.send(name);
      assertStrictEquals(answer.status, 503);
      assertStrictEquals((await answer.json()).code, "BOOT_ERROR");
    }
    assertStringIncludes(folder.lines.join("\n"), "no such luck");
  });
}

Deno.test("FunctionHost starts a function again when it did not start before", async () => {
  await using folder = new Folder();
  const file = await folder.write("late", `throw new Error("not yet")`);
  await (await folder.send("late")).body?.cancel();
  await Deno.writeTextFile(file, echo);
  const answer = await folder.send("late");
  await answer.body?.cancel();
  assertStrictEquals(answer.status, 201);
});

for (const runner of RUNNERS) {
  Deno.test(`FunctionHost answers WORKER_ERROR when a handler throws, and serves the next request in a ${runner}`, async () => {
    await using folder = new Folder({ runner });
    await folder.write(
      "throws",
      `export default { fetch(request) {
        if (request.url.endsWith("?now")) throw new Error("thrown");
        return new Response("fine");
      } }`,
    );
    const answer = await folder.send("throws?now");
    assertStrictEquals(answer.status, 500);
    assertStrictEquals((await answer.json()).code, "WORKER_ERROR");
    assertStrictEquals(await (await folder.send("throws")).text(), "fine");
  });
}

for (const runner of RUNNERS) {
  Deno.test(`FunctionHost answers WORKER_ERROR when a function throws outside of a request in a ${runner}`, async () => {
    await using folder = new Folder({ runner });
    await folder.write(
      "late",
      `export default { fetch() {
        queueMicrotask(() => { throw new Error("outside") });
        return new Promise(() => {});
      } }`,
    );
    const answer = await folder.send("late");
    assertStrictEquals((await answer.json()).code, "WORKER_ERROR");
    assertStringIncludes(folder.lines.join("\n"), "outside");
  });
}

for (const runner of RUNNERS) {
  Deno.test(`FunctionHost restarts the function that changed, and all when a library changed in a ${runner}`, async () => {
    await using folder = new Folder({ runner });
    const counter = `let count = 0; export default { fetch: () => new Response(String(++count)) }`;
    const one = await folder.write("one", counter);
    await folder.write("two", counter);
    const count = async (name: string) => await (await folder.send(name)).text();
    assertEquals([await count("one"), await count("one"), await count("two")], ["1", "2", "1"]);
    await Deno.writeTextFile(one, counter.replace("= 0", "= 10"));
    await folder.changed(one);
    assertEquals([await count("one"), await count("two")], ["11", "2"]);
    await folder.changed("/elsewhere/shared/mod.ts");
    assertEquals([await count("one"), await count("two")], ["11", "1"]);
    assertEquals(folder.lines, [
      "changed, restarts: one",
      "changed, restarts: one, two",
    ]);
  });
}

for (const runner of RUNNERS) {
  Deno.test(`FunctionHost completes an answer when its function changes meanwhile in a ${runner}`, async () => {
    await using folder = new Folder({ runner });
    const file = await folder.write(
      "slow",
      `export default { fetch: (request) => new Response(request.body) }`,
    );
    const { readable, writable } = new TransformStream<Uint8Array>();
    const asked = folder.send("slow", { method: "POST", body: readable });
    const writer = writable.getWriter();
    await writer.write(new TextEncoder().encode("be"));
    const answer = await asked;
    await folder.changed(file);
    await writer.write(new TextEncoder().encode("fore"));
    await writer.close();
    assertStrictEquals(await answer.text(), "before");
  });
}

for (const runner of RUNNERS) {
  Deno.test(`FunctionHost aborts a body when its function ends in a ${runner}`, async () => {
    const folder = new Folder({ runner });
    await folder.write(
      "endless",
      `export default { fetch: () => new Response(new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode("x")),
      })) }`,
    );
    const reader = (await folder.send("endless")).body!.getReader();
    await reader.read();
    await folder[Symbol.asyncDispose]();
    await assertRejects(() => reader.read());
  });
}

Deno.test("FunctionHost restarts a function when its file changes on disk", async () => {
  const code = `export default { fetch: () => new Response("old") }`;
  await using folder = new Folder({ watch: true, existing: { name: "seen", code } });
  const file = `${folder.path}/seen/index.ts`;
  assertStrictEquals(await (await folder.send("seen")).text(), "old");
  await Deno.writeTextFile(file, `export default { fetch: () => new Response("new") }`);
  assertStrictEquals(await folder.nextLine(), "changed, restarts: seen");
  assertStrictEquals(await (await folder.send("seen")).text(), "new");
});

Deno.test("FunctionHost refuses tokens in the shape of the platform when verify_jwt is true", async () => {
  await using folder = new Folder({ verifyJwt: ["closed"] });
  await folder.write("closed", echo);
  const code = async (headers: Record<string, string>) => {
    const answer = await folder.send("closed", { headers });
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
  await Deno.mkdir(`${root}/supabase`);
  await Deno.writeTextFile(
    `${root}/supabase/config.toml`,
    '[functions.env]\nverify_jwt = false\n[edge_runtime.secrets]\nFROM_CONFIG = "2"\n',
  );
  await Deno.writeTextFile(`${root}/functions/.env`, "OWN=1\nSUPABASE_URL=http://elsewhere\n");
  await Deno.writeTextFile(
    `${root}/functions/env/index.ts`,
    `export default { fetch: () => Response.json(Deno.env.toObject()) }`,
  );
  await using stack = await bootStack({ port: 0, root });
  const env = await (await fetch(`${stack.url}/functions/v1/env`)).json();
  assertEquals([env.OWN, env.FROM_CONFIG], ["1", "2"]);
  assertStrictEquals(env.SUPABASE_URL, stack.url);
  assertEquals(JSON.parse(env.SUPABASE_PUBLISHABLE_KEYS), { default: apiKeys.publishable });
  assertEquals(JSON.parse(env.SUPABASE_SECRET_KEYS), {
    default: apiKeys.secret,
    cron: cronKey,
  });
  assertEquals(JSON.parse(env.SUPABASE_JWKS).keys.map((key: JsonWebKey) => key.kty), ["EC", "oct"]);
  assertEquals(await stack.functions(), ["env"]);
  await Deno.remove(root, { recursive: true });
});

Deno.test("bootStack() serves a project that has no function yet, and the first one once it is there", async () => {
  const project = await Deno.makeTempDir({ prefix: "edge auth " });
  await Deno.mkdir(`${project}/supabase`);
  await Deno.writeTextFile(
    `${project}/supabase/config.toml`,
    "[functions.a]\nverify_jwt = false\n",
  );
  try {
    await using stack = await bootStack({ port: 0, project });
    const call = () => fetch(`${stack.url}/functions/v1/a`);
    const missing = await call();
    assertEquals([missing.status, (await missing.json()).code], [404, "NOT_FOUND"]);
    assertEquals([await stack.functions(), stack.migrations], [[], {
      applied: [],
      skipped: [],
      grants: 0,
    }]);
    await Deno.mkdir(`${project}/supabase/functions/a`, { recursive: true });
    const source = 'Deno.serve(() => new Response("a"));';
    await Deno.writeTextFile(`${project}/supabase/functions/a/index.ts`, source);
    assertEquals([await (await call()).text(), await stack.functions()], ["a", ["a"]]);
  } finally {
    await Deno.remove(project, { recursive: true });
  }
});

Deno.test("FunctionProcess passes on what a function answers, byte by byte", async () => {
  await using folder = new Folder({ runner: "process" });
  await folder.write(
    "raw",
    `Deno.serve((request) => new Response(request.method === "HEAD" ? null : "x", {
      status: 299,
      statusText: "Own",
      headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"], ["content-encoding", "own"],
        ["x-end", request.headers.get("x-longer").slice(-2)]],
    }))`,
  );
  for (const method of ["GET", "HEAD", "POST", "DELETE"]) {
    const long = "a".repeat(60_000);
    const headers = { "x-long": long, "x-longer": `${long}é`, "accept-encoding": "gzip" };
    const answer = await folder.send("raw", { method, headers });
    assertEquals([answer.status, answer.statusText], [299, "Own"], folder.lines.join("\n"));
    assertEquals(answer.headers.getSetCookie(), ["a=1", "b=2"]);
    assertEquals(answer.headers.get("content-encoding"), "own");
    assertEquals(answer.headers.get("x-end"), "aé");
    assertEquals(await answer.text(), method === "HEAD" ? "" : "x");
  }
});

Deno.test("FunctionProcess answers a large upload that its function does not read", async () => {
  await using folder = new Folder({ runner: "process" });
  await folder.write("early", `Deno.serve(() => new Response("enough", { status: 413 }))`);
  const body = new Uint8Array(20 * 1024 * 1024);
  const answer = await folder.send("early", { method: "POST", body });
  assertEquals([answer.status, await answer.text()], [413, "enough"]);
});

Deno.test("parseEnvFile() reads quotes, comments and export", () => {
  assertEquals(parseEnvFile(`# no\nA=1 # one\nexport B="two # 2"\n\nC = 'x=y'\n2D=no\n`), {
    A: "1",
    B: "two # 2",
    C: "x=y",
  });
});

// Serves a project that the CLI has just made on the local stack, as its user would: init, adopt, a
// function of one's own, `deno task dev --project`, edit, Ctrl-C.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { npmTool, run } from "../support/npm_tool.ts";
import { SUPABASE_CLI } from "../support/versions.ts";

const ROOT = new URL("../../", import.meta.url);

/** A function without edge-auth. */
const HELLO = `import { greeting } from "../_shared/greeting.ts";
import { Hono } from "hono";

const app = new Hono().basePath("/hello");
app.get("/", (c) => c.json({ text: greeting, name: Deno.env.get("NAME"), pid: Deno.pid }));
app.get("/throws", () => {
  throw new Error("a fault of hello");
});
app.onError((error) => {
  throw error;
});

Deno.serve(app.fetch);
`;

const MIGRATION = `create table public.notes (
  id bigint generated always as identity primary key,
  words text not null
);
alter table public.notes enable row level security;
create function public.shout(words text) returns text language sql immutable
  as $$ select upper(words) $$;
grant select on public.notes to authenticated;
create policy "read notes" on public.notes for select to authenticated using (true);
`;

/** A running `deno task dev`, whose output can be waited for. */
class Dev implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #output = "";

  constructor(project: string) {
    const script = new URL("supabase/local/dev.ts", ROOT).href;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", script, "--port", "0", "--project", project],
      env: { NO_COLOR: "1" },
      detached: true, // a process group, as a terminal makes one
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#reader = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Waits until it has printed this since the last call; returns what was printed. */
  async untilPrinted(wanted: RegExp): Promise<string> {
    while (!wanted.test(this.#output)) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error(`it ended without ${wanted}:\n${this.#output}`);
      this.#output += value;
    }
    const printed = this.#output;
    this.#output = "";
    return printed;
  }

  /** Ctrl-C in a terminal; returns the exit code. */
  async interrupt(): Promise<number> {
    Deno.kill(-this.#child.pid, "SIGINT");
    while (!(await this.#reader.read()).done);
    return (await this.#child.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      Deno.kill(-this.#child.pid, "SIGKILL");
    } catch { /* it has ended */ }
    await this.#reader.cancel();
    await this.#child.status;
  }
}

/** Whether a process runs; one that has ended and that nobody waited for does not. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
  return stat !== "" && !/\) [ZX] /.test(stat);
}

Deno.test("deno task dev --project serves a fresh project, reloads it, and ends on Ctrl-C", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "edge auth dev " }));
  try {
    const project = `${folder}/apps/web`;
    const functions = `${project}/supabase/functions`;
    /** At once, as editors do: nobody sees half of a file. */
    const write = async (path: string, text: string) => {
      await Deno.writeTextFile(`${functions}/${path}.tmp`, text);
      await Deno.rename(`${functions}/${path}.tmp`, `${functions}/${path}`);
    };
    await Deno.mkdir(project, { recursive: true });
    const cli = await npmTool("supabase", SUPABASE_CLI);
    const init = await run(cli, { args: ["init", "--yes"], cwd: project, stdin: "null" });
    assertEquals(init.code, 0, init.text);
    const script = new URL("supabase/adopt/main.ts", ROOT).href;
    const adopt = await run(Deno.execPath(), { args: ["run", "-A", script, project] });
    assertEquals(adopt.code, 0, adopt.text);

    await Deno.mkdir(`${functions}/hello`);
    await write("hello/index.ts", HELLO);
    await Deno.copyFile(`${functions}/me/deno.json`, `${functions}/hello/deno.json`);
    await write("_shared/greeting.ts", 'export const greeting = "hello";\n');
    await write(".env", "NAME='Ada Lovelace'\n");
    await Deno.mkdir(`${functions}/broken`);
    await write("broken/index.ts", 'import "./missing.ts";\n');
    // Made after adopt ran, so that nothing has its packages.
    await Deno.mkdir(`${functions}/late`);
    await write("late/index.ts", 'import "../_shared/edge-auth/mod.ts";\n');
    const config = `${project}/supabase/config.toml`;
    const open = ["hello", "broken", "late"]
      .map((name) => `\n[functions.${name}]\nverify_jwt = false\n`).join("");
    await Deno.writeTextFile(config, await Deno.readTextFile(config) + open);
    await Deno.mkdir(`${project}/supabase/migrations`, { recursive: true });
    await Deno.writeTextFile(`${project}/supabase/migrations/1_notes.sql`, MIGRATION);
    await Deno.writeTextFile(
      `${project}/supabase/seed.sql`,
      "insert into public.notes (words) values (public.shout('seeded'));\n",
    );

    await using dev = new Dev(project);
    const banner = await dev.untilPrinted(/Ctrl-C ends/);
    const [, url] = /: (http:\S+)\n/.exec(banner)!;
    assertMatch(banner, /\(pglite\)/); // as it has SQL
    assertMatch(banner, / broken, hello, late, me\n/);
    assertMatch(banner, / 2 files applied\n/);

    const call = async (path: string, headers: Record<string, string> = {}) => {
      const response = await fetch(`${url}/${path}`, { headers });
      return { status: response.status, body: await response.json() };
    };
    const { status, body: hello } = await call("functions/v1/hello");
    assertEquals([status, hello.text, hello.name], [200, "hello", "Ada Lovelace"]);

    const { access_token: token } = await (await fetch(`${url}/auth/v1/signup`, {
      method: "POST",
      body: JSON.stringify({ email: "ada@example.com", password: "correct-horse" }),
    })).json();
    const headers = { Authorization: `Bearer ${token}` };
    const me = await call("functions/v1/me", headers);
    assertEquals([me.status, me.body.email], [200, "ada@example.com"]);
    const anonymous = await call("functions/v1/me");
    assertEquals([anonymous.status, anonymous.body.code], [401, "no_authorization"]);
    const rows = await call("rest/v1/notes?select=words", headers);
    assertEquals(rows.body, [{ words: "SEEDED" }]);
    const signOut = await fetch(`${url}/auth/v1/logout`, { method: "POST", headers });
    await signOut.body?.cancel();
    const ended = await call("functions/v1/me", headers);
    assertEquals([ended.status, ended.body.code], [401, "session_not_found"]);

    // An error of one function names its file and line, and takes no other one down.
    const broken = await call("functions/v1/broken");
    assertEquals([broken.status, broken.body.code], [503, "BOOT_ERROR"]);
    assertMatch(await dev.untilPrinted(/index\.ts:\d/), /missing\.ts"[^]*broken\/index\.ts:1:8/);
    assertEquals((await call("functions/v1/late")).body.code, "BOOT_ERROR");
    assertMatch(
      await dev.untilPrinted(/hint: [^\n]*\n/),
      /hint: no import map of this function [^\n]* deno@[\d.]+ task adopt "[^"]*\/apps\/web"` again/,
    );
    const thrown = await call("functions/v1/hello/throws");
    assertEquals([thrown.status, thrown.body.code], [500, "WORKER_ERROR"]);
    assertMatch(
      await dev.untilPrinted(/index\.ts:\d/),
      /a fault of hello\n +at .*hello\/index\.ts:7:9/,
    );

    await write("_shared/greeting.ts", "export const greeting = ;\n");
    assertMatch(await dev.untilPrinted(/hello failed to start[^]*greeting\.ts:\d/), /:1:25/);
    assertEquals((await call("functions/v1/hello")).status, 503);
    await dev.untilPrinted(/hello failed to start/);
    await write("_shared/greeting.ts", 'export const greeting = "good morning";\n');
    await dev.untilPrinted(/changed, restarts: .*hello/);
    const reloaded = await call("functions/v1/hello");
    assertEquals([reloaded.status, reloaded.body.text], [200, "good morning"]);

    assert(await isRunning(reloaded.body.pid) || Deno.build.os !== "linux");
    assertEquals(await dev.interrupt(), 0);
    assertEquals(await isRunning(reloaded.body.pid), false);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

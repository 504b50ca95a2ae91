import { assert, assertEquals, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { banner, curlLines } from "../../../supabase/local/banner.ts";
import { readCommand, takenPort } from "../../../supabase/local/cli.ts";
import { bootStack } from "../../../supabase/local/stack.ts";

const dev = fileURLToPath(new URL("../../../supabase/local/dev.ts", import.meta.url));

function command(...args: string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", dev, ...args],
    stdout: "piped",
    stderr: "piped",
  });
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("readCommand() reads port, engine and project in both spellings", () => {
  const none = { kind: "run", port: undefined, engine: undefined, project: undefined } as const;
  assertEquals(readCommand([]), none);
  const all = { kind: "run", port: 1234, engine: "pglite", project: "../my app" } as const;
  const flags = ["--port", "1234", "--engine", "pglite", "--project", "../my app"];
  assertEquals(readCommand(flags), all);
  assertEquals(readCommand(["--port=1234", "--engine=pglite", "--project=../my app"]), all);
  assertEquals(readCommand(["--help"]), { kind: "help" });
  assertEquals(readCommand(["--keys"]), { kind: "keys" });
});

Deno.test("readCommand() names the option that is wrong", () => {
  const wrong = [["--nope"], ["--port"], ["--port", "x"], ["--port", "70000"], ["--engine", "x"], [
    "--project",
  ]];
  for (const args of wrong) {
    const command = readCommand(args);
    assert(command.kind === "wrong", args.join(" "));
    assertStringIncludes(command.message, args[0]!);
  }
});

Deno.test("dev.ts exits with 1 and a message when the port is taken", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const { code, stderr, stdout } = await command("--port", String(port)).output();
  assertStrictEquals(code, 1);
  assertStrictEquals(text(stderr).trim(), takenPort(port));
  assertStrictEquals(text(stdout), "");
});

Deno.test("dev.ts exits with 1 and a message when an option is wrong", async () => {
  const { code, stderr } = await command("--nope").output();
  assertStrictEquals(code, 1);
  assertStrictEquals(text(stderr), "There is no option --nope. Try --help.\n");
});

Deno.test("dev.ts exits with 1 and a message when the project is none", async () => {
  const root = await Deno.makeTempDir();
  const { code, stderr } = await command("--port", "0", "--project", root).output();
  assertStrictEquals(code, 1);
  assertStringIncludes(text(stderr), `There is no supabase/config.toml in ${root}.`);
  assertStrictEquals(text(stderr).trim().split("\n").length, 1);
  await Deno.remove(root);
});

/** Reads output until it holds something. */
async function readUntil(stream: ReadableStream<Uint8Array>, wanted: string): Promise<string> {
  let seen = "";
  for await (const chunk of stream.values({ preventCancel: true })) {
    seen += text(chunk);
    if (seen.includes(wanted)) return seen;
  }
  throw new Error(`ended without "${wanted}":\n${seen}`);
}

/** Starts the stack and reads what it prints first; ends it if the test has not. */
async function startDev(...args: string[]) {
  const child = command("--port", "0", ...args).spawn();
  const shown = await readUntil(child.stdout, "Ctrl-C ends the stack");
  const [, url = ""] = /(http:\/\/127\.0\.0\.1:\d+)/.exec(shown) ?? [];
  return {
    child,
    shown,
    url,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch { /* it has ended */ }
      await Promise.allSettled([child.stdout.cancel(), child.stderr.cancel()]);
      await child.status;
    },
  };
}

Deno.test("dev.ts prints curl lines that work in bash, and exits with 0 on SIGTERM", async () => {
  await using dev = await startDev();
  const lines = dev.shown.slice(dev.shown.indexOf("API="), dev.shown.indexOf("Ctrl-C"));
  const bash = await new Deno.Command("bash", { args: ["-c", lines] }).output();
  const [first, second] = text(bash.stdout).trim().split("\n").map((line) => JSON.parse(line));
  assertStringIncludes(first.email, "@example.com");
  assertStrictEquals(second.code, "session_not_found");
  dev.child.kill("SIGTERM");
  assertStrictEquals((await dev.child.status).code, 0);
});

Deno.test("dev.ts prints one screen: at most 24 lines of at most 96 columns", async () => {
  await using dev = await startDev();
  const lines = dev.shown.trimEnd().split("\n").slice(1); // the first one is empty
  assert(lines.length <= 24, `${lines.length} lines`);
  const banner = lines.slice(lines.findIndex((line) => line.startsWith("Local stack")));
  assertEquals(banner.filter((line) => line.length > 96), []);
});

Deno.test("banner() cuts nothing off the names of functions and of settings that the stack lacks", async () => {
  const names = Array.from({ length: 20 }, (_, i) => `function-number-${i}`);
  const settings = Array.from({ length: 5 }, (_, i) => `auth.mfa.kind_${i}.verify_enabled`);
  await using stack = await bootStack({ port: 0, functions: false });
  const functions = () => Promise.resolve(names);
  const lines = (await banner({ ...stack, functions, notEmulated: settings })).split("\n");
  const words = lines.join(" ").replaceAll(/ +/g, " ");
  assertStringIncludes(words, `<name> ${names.join(", ")} publishable`);
  assertStringIncludes(words, `config.toml not in this stack: ${settings.join(", ")} `);
  assertEquals(lines.filter((line) => line.length > 96), []);
});

Deno.test("dev.ts ends on the first SIGINT while a function still answers", async () => {
  const root = await Deno.makeTempDir();
  await Deno.mkdir(`${root}/supabase/functions/slow`, { recursive: true });
  await Deno.writeTextFile(
    `${root}/supabase/config.toml`,
    "[functions.slow]\nverify_jwt = false\n",
  );
  await Deno.writeTextFile(
    `${root}/supabase/functions/slow/index.ts`,
    'Deno.serve(() => { console.log("called"); return new Promise(() => {}); });',
  );
  try {
    await using dev = await startDev("--project", root);
    const answer = fetch(`${dev.url}/functions/v1/slow`).then(({ status }) => status, () => 0);
    await readUntil(dev.child.stdout, "slow: called");
    dev.child.kill("SIGINT");
    assertStrictEquals((await dev.child.status).code, 0);
    await answer;
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("curlLines() needs only curl and sed", () => {
  const lines = curlLines("http://127.0.0.1:54321", "sb_publishable_x", "me", true);
  assert(!lines.join("\n").includes("jq"));
});

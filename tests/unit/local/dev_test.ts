import { assert, assertEquals, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { curlLines } from "../../../supabase/local/banner.ts";
import { readCommand, takenPort } from "../../../supabase/local/cli.ts";

const dev = new URL("../../../supabase/local/dev.ts", import.meta.url).pathname;

function command(...args: string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", dev, ...args],
    stdout: "piped",
    stderr: "piped",
  });
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("readCommand() reads port and engine in both spellings", () => {
  assertEquals(readCommand([]), { kind: "run", port: 54321, engine: "sqlite" });
  const both = { kind: "run", port: 1234, engine: "pglite" } as const;
  assertEquals(readCommand(["--port", "1234", "--engine", "pglite"]), both);
  assertEquals(readCommand(["--port=1234", "--engine=pglite"]), both);
  assertEquals(readCommand(["--help"]), { kind: "help" });
});

Deno.test("readCommand() names the option that is wrong", () => {
  const wrong = [["--nope"], ["--port"], ["--port", "x"], ["--port", "70000"], ["--engine", "x"]];
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

/** Reads output until it holds something. */
async function readUntil(stream: ReadableStream<Uint8Array>, wanted: string): Promise<string> {
  let seen = "";
  for await (const chunk of stream.values({ preventCancel: true })) {
    seen += text(chunk);
    if (seen.includes(wanted)) return seen;
  }
  throw new Error(`ended without "${wanted}":\n${seen}`);
}

Deno.test("dev.ts prints curl lines that work in bash, and exits with 0 on SIGTERM", async () => {
  const child = command("--port", "0").spawn();
  try {
    const shown = await readUntil(child.stdout, "Ctrl-C ends the stack");
    const lines = shown.slice(shown.indexOf("TOKEN="), shown.indexOf("Ctrl-C"));
    const bash = await new Deno.Command("bash", { args: ["-c", lines] }).output();
    const [first, second] = text(bash.stdout).trim().split("\n").map((line) => JSON.parse(line));
    assertStringIncludes(first.email, "@example.com");
    assertStrictEquals(second.code, "session_not_found");
  } finally {
    child.kill("SIGTERM");
    await child.stdout.cancel();
    await child.stderr.cancel();
  }
  assertStrictEquals((await child.status).code, 0);
});

Deno.test("curlLines() needs only curl and sed", () => {
  const lines = curlLines("http://127.0.0.1:54321", "sb_publishable_x", "me");
  assert(!lines.join("\n").includes("jq"));
});

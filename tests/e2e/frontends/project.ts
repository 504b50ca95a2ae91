/** New front-end projects, as their own tools make them. */
import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";

const root = new URL("../../../", import.meta.url);

/** Runs a program in a folder; a failure shows what it printed. */
export async function run(folder: string, program: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd: folder,
    env: { CI: "1", NEXT_TELEMETRY_DISABLED: "1" },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(code, 0, `${program} ${args.join(" ")}\n${out}\n${err}`);
  return out ?? "";
}

/** Runs something in a folder of its own, which is removed afterwards. */
export async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Copies the browser part into a new folder, as the README says. */
export async function copyShared(to: string): Promise<void> {
  const script = fileURLToPath(new URL("supabase/adopt/main.ts", root));
  await run(fileURLToPath(root), Deno.execPath(), "run", "-A", script, "--browser", to);
}

/** Writes a file after changing it. */
export async function edit(path: string, change: (text: string) => string): Promise<void> {
  await Deno.writeTextFile(path, change(await Deno.readTextFile(path)));
}

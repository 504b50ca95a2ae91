// A shell that hides a failure would make every snippet pass.
import { assert, assertEquals } from "@std/assert";
import { isShown } from "./output.ts";
import { findBlocks } from "./pages.ts";
import { Shell } from "./shell.ts";

Deno.test("Shell.run() names the commands that failed, and keeps variables and the folder", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using shell = new Shell({ cwd: folder, scratch: folder, env: {} });
    assertEquals((await shell.run("TEA=green; mkdir a; cd a\n")).failed, []);
    assertEquals((await shell.run('echo "$TEA $(basename "$PWD")"\n')).stdout, "green a\n");
    for (const command of ["false", "false | cat", "X=$(false)", "no_such_command", "(exit 3)"]) {
      const { failed } = await shell.run(`${command}\ntrue\n`);
      assert(failed.length > 0, command);
    }
    // What reads its input does not take the commands that follow.
    assertEquals((await shell.run("cat\necho next\n")).stdout, "next\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("isShown() leaves ids and times alone, and nothing else", () => {
  const id = () => crypto.randomUUID();
  assert(isShown(`{"id":"${id()}","at":1795646709}`, `{"id":"${id()}","at":1700000000}`));
  for (const other of ['{"id":"x","at":1795646709}', `{"id":"${id()}"}`, "", "200"]) {
    assert(!isShown(other, `{"id":"${id()}","at":1700000000}`), other);
  }
  assert(!isShown("a\nb", "a…"), "… ends with its line");
});

Deno.test("findBlocks() finds every block, also in a list, and throws on one that is open", () => {
  const text = "- a\n\n  ```sh\n  echo 1\n  ```\n\n````md\n```ts\n```\n````\n";
  assertEquals(findBlocks("a.md", text).map(({ language, text }) => [language, text]), [
    ["sh", "echo 1\n"],
    ["md", "```ts\n```\n"],
  ]);
  let thrown: unknown;
  try {
    findBlocks("a.md", "```sh\necho 1\n");
  } catch (error) {
    thrown = error;
  }
  assert(thrown instanceof SyntaxError);
});

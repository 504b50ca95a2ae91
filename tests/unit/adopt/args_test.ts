import { assertEquals, assertMatch } from "@std/assert";
import { readCommand } from "../../../supabase/adopt/args.ts";

Deno.test("readCommand() reads the project, the folder of the browser part and what to do", () => {
  const run = { kind: "run", project: "app", browser: undefined, mode: "write" } as const;
  assertEquals(readCommand(["app"]), run);
  assertEquals(readCommand(["--dry-run", "app"]), { ...run, mode: "dry-run" });
  const browser = "app/src/edge-auth";
  for (const args of [["--browser", browser], [`--browser=${browser}`]]) {
    assertEquals(readCommand(args), { ...run, project: undefined, browser });
    assertEquals(readCommand([...args, "app", "--check"]), { ...run, browser, mode: "check" });
  }
  assertEquals(readCommand(["app", "-h"]), { kind: "help" });
});

Deno.test("readCommand() says what is wrong", () => {
  const cases: [string[], RegExp][] = [
    [[], /folder of your project/],
    [["a", "b"], /one project/],
    [["a", "--browser"], /--browser needs/],
    [["--browser", "--check"], /--browser needs/],
    [["--browser", "a", "--browser=b"], /once/],
    [["a", "--force"], /no option --force/],
    [["a", "--check", "--dry-run"], /do not go together/],
  ];
  for (const [args, sentence] of cases) {
    const command = readCommand(args);
    assertEquals(command.kind, "wrong");
    assertMatch(command.kind === "wrong" ? command.sentence : "", sentence);
  }
});

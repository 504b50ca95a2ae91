import { assertEquals, assertMatch } from "@std/assert";
import { readCommand } from "../../../supabase/adopt/args.ts";

Deno.test("readCommand() reads the project and what to do", () => {
  assertEquals(readCommand(["app"]), { kind: "run", project: "app", mode: "write" });
  assertEquals(readCommand(["--dry-run", "app"]), {
    kind: "run",
    project: "app",
    mode: "dry-run",
  });
  assertEquals(readCommand(["app", "-h"]), { kind: "help" });
});

Deno.test("readCommand() says what is wrong", () => {
  const cases: [string[], RegExp][] = [
    [[], /folder of your project/],
    [["a", "b"], /one project/],
    [["a", "--force"], /no option --force/],
    [["a", "--check", "--dry-run"], /do not go together/],
  ];
  for (const [args, sentence] of cases) {
    const command = readCommand(args);
    assertEquals(command.kind, "wrong");
    assertMatch(command.kind === "wrong" ? command.sentence : "", sentence);
  }
});

// The command line.
import { assert, assertEquals } from "@std/assert";
import { readArguments } from "../../../supabase/doctor/args.ts";

const command = (...args: string[]) => readArguments(args).command;

Deno.test("readArguments() reads each of the three questions", () => {
  assertEquals(command(), { kind: "folder", folder: "." });
  assertEquals(command("app", "--sessions", "50"), { kind: "folder", folder: "app", sessions: 50 });
  assertEquals(
    command("--url=https://a.example/", "--origin", "https://b.example", "--function", "me"),
    {
      kind: "live",
      url: "https://a.example",
      origin: "https://b.example",
      functionName: "me",
    },
  );
  assertEquals(command("token"), { kind: "token" });
  assertEquals(command("token", "--url", "http://127.0.0.1:54321"), {
    kind: "token",
    url: "http://127.0.0.1:54321",
  });
  assertEquals(command("--help"), { kind: "help" });
  assertEquals(readArguments(["--json"]).json, true);
});

Deno.test("readArguments() says in a sentence what is wrong", () => {
  const wrong: [string[], string][] = [
    [["--fast"], "no option --fast"],
    [["--url"], "needs a value"],
    [["--url", "--json2"], "needs a value"],
    [["--url", "a.example"], "http(s)"],
    [["--url", "https://a.example", "--origin", "null"], "http(s)"],
    [["a", "b"], "one folder"],
    [["token", "eyJ"], "history"],
    [["a", "--url", "https://a.example"], "two questions"],
    [["--origin", "https://a.example"], "need --url"],
    [["--sessions", "0"], "--sessions"],
    [["--url", "https://a.example", "--function", "../x"], "--function"],
  ];
  for (const [args, part] of wrong) {
    const found = command(...args);
    assert(found.kind === "wrong" && found.sentence.includes(part), args.join(" "));
    assert(/^[A-Z-].*\.$/.test(found.sentence), found.sentence);
  }
});

Deno.test("readArguments() never repeats a token that was passed as an argument", () => {
  const found = command("token", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln");
  assert(found.kind === "wrong" && !found.sentence.includes("eyJ"));
});

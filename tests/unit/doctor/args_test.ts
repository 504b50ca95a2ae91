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
  assertEquals(command("--explain", "jwks"), { kind: "explain", id: "jwks" });
  assertEquals(command("--write-baseline", "--baseline", "known.json"), {
    kind: "folder",
    folder: ".",
    baseline: "known.json",
    writeBaseline: true,
  });
  assertEquals(readArguments(["--json"]).format, "json");
  assertEquals(readArguments(["--sarif"]).format, "sarif");
  assertEquals(readArguments([]).failOn, "error");
  assertEquals(readArguments(["--fail-on", "warning"]).failOn, "warning");
});

Deno.test("readArguments() says in a sentence what is wrong", () => {
  const wrong: [string[], string][] = [
    [["--fast"], "no such option"],
    [["-x"], "no such option"],
    [["--url"], "needs a value"],
    [["--url", "--json"], "needs a value"],
    [["--json=yes"], "takes no value"],
    [["--json", "--sarif"], "two formats"],
    [["--sarif", "--url", "https://a.example"], "--sarif is for folders"],
    [["token", "--write-baseline"], "--write-baseline is for folders"],
    [["--fail-on", "info"], "--fail-on"],
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
  for (
    const args of [
      ["token", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"],
      ["--eyJhbGciOi.e30.c2ln"],
      [
        "--token=eyJhbGciOi.e30.c2ln",
      ],
      ["-eyJhbGciOi"],
      ["token", "--url", "eyJhbGciOi"],
      ["--sessions=eyJhbGciOi"],
    ]
  ) {
    const found = command(...args);
    assert(found.kind === "wrong" && !found.sentence.includes("eyJ"), args.join(" "));
  }
});

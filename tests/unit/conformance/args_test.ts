import { assertEquals, assertMatch } from "@std/assert";
import { readCommand } from "../../../supabase/conformance/args.ts";
import { legacyKey } from "../../../shared/testing/project.ts";

const URL_OF_F = "https://abc.supabase.co/functions/v1/f";
const KEY = ["--key", "sb_publishable_x"];

Deno.test("readCommand() reads the function, and where Auth is", () => {
  const command = readCommand([URL_OF_F, ...KEY, "--method=post", "--json"]);
  assertEquals(command, {
    kind: "run",
    json: true,
    target: {
      functionUrl: URL_OF_F,
      authUrl: "https://abc.supabase.co/auth/v1",
      key: "sb_publishable_x",
      method: "POST",
    },
  });
  const hosted = readCommand(["https://abc.functions.supabase.co/f", ...KEY]);
  assertEquals(hosted.kind === "run" && hosted.target.authUrl, "https://abc.supabase.co/auth/v1");
  const elsewhere = readCommand([
    "https://x.example",
    ...KEY,
    "--auth-url",
    "https://a.example/v1/",
  ]);
  assertEquals(elsewhere.kind === "run" && elsewhere.target.authUrl, "https://a.example/v1");
});

Deno.test("readCommand() takes the key of the environment, and a user", () => {
  const keyIn = (env: Record<string, string>) => {
    const command = readCommand([URL_OF_F, "--email=a@example.com", "--password=p"], env);
    return command.kind === "run" && [command.target.key, command.target.user?.email];
  };
  assertEquals(keyIn({ SUPABASE_ANON_KEY: "anon" }), ["anon", "a@example.com"]);
  assertEquals(keyIn({ SUPABASE_PUBLISHABLE_KEYS: '{"web":"w"}' }), ["w", "a@example.com"]);
});

Deno.test("readCommand() says what is wrong, and takes no secret key", () => {
  const cases: [string[], RegExp][] = [
    [[], /URL of one function/],
    [["nonsense", ...KEY], /URL of one function/],
    [[URL_OF_F], /publishable or anon key with --key/],
    [["https://x.example/f", ...KEY], /--auth-url/],
    [[URL_OF_F, "--key", "sb_secret_x"], /secret key/],
    [[URL_OF_F, "--key", legacyKey("service_role")], /secret key/],
    [[URL_OF_F, ...KEY, "--email", "a@example.com"], /go together/],
    [[URL_OF_F, ...KEY, "--password"], /needs a value/],
    [[URL_OF_F, ...KEY, "--fast"], /no option --fast/],
  ];
  for (const [args, sentence] of cases) {
    const command = readCommand(args);
    assertMatch(command.kind === "wrong" ? command.sentence : "", sentence);
  }
  assertEquals(readCommand(["--help"]).kind, "help");
});

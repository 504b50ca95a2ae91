// The rules as a plugin of `deno lint`.
import { assert, assertEquals } from "@std/assert";
import plugin from "../../../supabase/doctor/lint.ts";

const lint = (file: string, source: string) =>
  Deno.lint.runPlugin(plugin, file, source).map(({ id, message, hint }) => {
    assert(message && hint);
    return id;
  });

/** By rule: where, what fires, and what looks alike and does not. */
const CASES: Readonly<Record<string, [file: string, fires: string, quiet: string]>> = {
  "no-get-session": [
    "shared/server/a.ts",
    "await supabase.auth!.getSession();",
    "// supabase.auth.getSession()\nawait api.getSession();",
  ],
  "no-get-user-without-token": [
    "functions/f/index.ts",
    "const c = createClient(u, k); await c.auth.getUser();",
    "const c = createClient(u, k, { global: { headers: { Authorization: h } } }); await c.auth.getUser();",
  ],
  "no-header-as-token": [
    "functions/f/index.ts",
    `await c.auth.getUser(req.headers.get("Authorization")!);`,
    `await c.auth.getUser(req.headers.get("Authorization")!.slice(7));`,
  ],
  "no-dead-error-match": [
    "a.ts",
    `const { error } = await c.auth.getUser(t); if (error?.code === "session_not_found") f();`,
    `const { error } = await shop.pay(t); if (error?.code === "session_not_found") f();`,
  ],
  "no-error-text-match": [
    "a.ts",
    "const { error } = await c.auth.getUser(t); error!.message.includes(`JWT`);",
    "const { error } = await c.auth.getUser(t); error!.name.includes(`JWT`);",
  ],
  "no-sign-out-on-any-error": [
    "a.ts",
    "const { error } = await c.auth.getUser(t); if (error) await c.auth.signOut();",
    "const { error } = await c.auth.getUser(t); if (error.status === 400) await c.auth.signOut();",
  ],
};

for (const [rule, [file, fires, quiet]] of Object.entries(CASES)) {
  Deno.test(`lint plugin reports ${rule} when the code does it, and only then`, () => {
    assertEquals(lint(file, fires), [`edge-auth/${rule}`]);
    assertEquals(lint(file, quiet), []);
  });
}

Deno.test("lint plugin sees the whole file when a session is opened elsewhere in it", () => {
  const source = "const c = createClient(u, k); f(); await c.auth.getUser();";
  const file = "functions/f/index.ts";
  assertEquals(lint(file, source), ["edge-auth/no-get-user-without-token"]);
  assertEquals(lint(file, source.replace("f()", "await c.auth.setSession(s)")), []);
});

Deno.test("lint plugin has no rule that is not shown", () => {
  assertEquals(Object.keys(plugin.rules).sort(), Object.keys(CASES).sort());
});

Deno.test("lint plugin leaves tests and browser code alone when they ask for the session", () => {
  for (const file of ["tests/a.ts", "shared/browser/a.ts", "a_test.ts", "src/App.tsx"]) {
    assertEquals(lint(file, "await supabase.auth.getSession();"), [], file);
  }
});

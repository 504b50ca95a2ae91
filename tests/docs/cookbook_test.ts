// The snippets of shared/browser/README.md are the files of cookbook/: `deno task check` type-checks
// them, and tests/e2e/chromium/readme_test.ts runs them. Here: that the page shows exactly those.
import { assertEquals } from "@std/assert";
import { createBrowserClient } from "@supabase/ssr";
import { createRecovery, problemOf } from "../../shared/browser/mod.ts";
import {
  authSays,
  fakeProject,
  KEY,
  refuses,
  session,
  settle,
  URL_,
} from "../unit/browser/_support.ts";

const FILES = [
  "supabase",
  "dialogs",
  "plain",
  "react",
  "query",
  "vue",
  "events",
  "web_socket",
  "ssr_browser",
  "ssr_server",
];

Deno.test("the README of shared/browser shows the type-checked snippets", async () => {
  const readme = await Deno.readTextFile(
    new URL("../../shared/browser/README.md", import.meta.url),
  );
  const shown = [...readme.matchAll(/^```ts ignore\n([^]*?)^```$/gm)].map((match) => match[1]);
  const files = await Promise.all(FILES.map(async (name) => {
    const text = await Deno.readTextFile(new URL(`cookbook/${name}.ts`, import.meta.url));
    return text.replace(/^\/\/\/ .*\n/gm, "").replaceAll("../../../shared/", "./edge-auth/");
  }));
  assertEquals(shown, files.map((text) => text.trimStart()));
});

Deno.test("createRecovery() signs out a client of @supabase/ssr, whose storage is cookies", async () => {
  const cookies = new Map<string, string>();
  const mine = session();
  const value = `base64-${btoa(JSON.stringify(mine)).replaceAll("+", "-").replaceAll("/", "_")}`;
  cookies.set("sb-project-auth-token", value.replaceAll("=", ""));
  const { fetch, calls } = fakeProject({
    "/functions/v1/me": () => refuses("session_not_found", "credential"),
    "/auth/v1/user": () => authSays(403, "session_not_found"),
  });
  const told: string[] = [];
  const recovery = createRecovery({ fetch, onSignedOut: ({ code }) => told.push(code) });
  const supabase = recovery.attach(createBrowserClient(URL_, KEY, {
    isSingleton: false,
    auth: { autoRefreshToken: false },
    global: { fetch: recovery.fetch },
    cookies: {
      getAll: () => [...cookies].map(([name, value]) => ({ name, value })),
      setAll: (all) =>
        all.forEach(({ name, value }) => value ? cookies.set(name, value) : cookies.delete(name)),
    },
  }));
  const { error } = await supabase.functions.invoke("me");
  await settle();
  assertEquals([problemOf(error)?.action, told], ["sign_in", ["session_not_found"]]);
  assertEquals(calls[0]?.bearer, mine.access_token);
  assertEquals([[...cookies.keys()], calls.length], [[], 2]);
});

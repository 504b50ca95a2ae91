// `supabase start` and `supabase functions deploy` read supabase/config.toml. A mistake in it would
// else be noticed only by a deployment or a run against a real stack.
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { parse } from "@std/toml";
import { functionNames, ROOT } from "../support/project_copy.ts";
import { readLock, withoutUnused } from "../support/lock.ts";
import { DENO, SUPABASE_CLI } from "../support/versions.ts";

interface Config {
  api: { port: number };
  functions: Record<string, Record<string, unknown>>;
  auth: {
    enabled: boolean;
    site_url: string;
    additional_redirect_urls: string[];
    jwt_expiry: number;
    enable_signup: boolean;
    enable_anonymous_sign_ins: boolean;
    minimum_password_length: number;
    rate_limit: Record<string, number>;
    email: Record<string, unknown> & { template: Record<string, Template> };
    mfa: { totp: Record<string, unknown> };
  };
}

interface Template {
  subject: string;
  content_path: string;
}

const read = (path: string) => Deno.readTextFileSync(new URL(path, ROOT));
const config = parse(read("supabase/config.toml")) as unknown as Config;
const { auth } = config;

/** The mails with a link, and the `type` that the app sends with its hash. */
const LINKS = {
  confirmation: "email",
  recovery: "recovery",
  magic_link: "email",
  invite: "invite",
  email_change: "email_change",
};

Deno.test("config.toml has a section for every folder of functions/, and no other", async () => {
  assertEquals(Object.keys(config.functions).sort(), await functionNames());
});

Deno.test("config.toml has verify_jwt = false for every function", () => {
  for (const [name, settings] of Object.entries(config.functions)) {
    assertEquals(settings, {
      enabled: true,
      verify_jwt: false,
      entrypoint: `../functions/${name}/index.ts`,
      import_map: "../import_map.json",
    }, name);
  }
});

Deno.test("config.toml enables what the scenarios use: sign-up, sign-in and mails", () => {
  assertEquals([auth.enabled, auth.enable_signup, auth.enable_anonymous_sign_ins], [
    true,
    true,
    true,
  ]);
  assertEquals([auth.email.enabled, auth.email.enable_confirmations], [true, false]);
  assertEquals(auth.email.max_frequency, "1ms");
  for (
    const limit of [
      "email_sent",
      "anonymous_users",
      "token_refresh",
      "sign_in_sign_ups",
      "token_verifications",
    ]
  ) {
    assertGreater(auth.rate_limit[limit] ?? 0, 999, limit);
  }
});

Deno.test("config.toml enables TOTP", () => {
  assertEquals(auth.mfa.totp, { enroll_enabled: true, verify_enabled: true });
});

Deno.test("config.toml has the password rules and the token expiry that scenarios expect", () => {
  assertEquals([auth.minimum_password_length, auth.jwt_expiry], [6, 3600]);
  assertEquals([auth.email.secure_password_change, auth.email.require_current_password], [
    true,
    true,
  ]);
});

Deno.test("config.toml has 127.0.0.1 as host everywhere", () => {
  assertEquals(config.api.port, 54321);
  assert(auth.additional_redirect_urls.length > 0);
  for (const url of [auth.site_url, ...auth.additional_redirect_urls]) {
    assertMatch(url, /^http:\/\/127\.0\.0\.1:3000(\/|$)/);
  }
});

Deno.test("config.toml names every mail template", () => {
  const files = [...Deno.readDirSync(new URL("supabase/templates/", ROOT))].map(({ name }) => name);
  const names = Object.keys(auth.email.template);
  assertEquals(names.map((name) => `${name}.html`).sort(), files.sort());
  assertEquals(names.sort(), [...Object.keys(LINKS), "reauthentication"].sort());
  for (const [name, { subject, content_path }] of Object.entries(auth.email.template)) {
    assertEquals(content_path, `./supabase/templates/${name}.html`);
    assertMatch(subject, /\S/, name);
  }
});

Deno.test("mail templates link to a page of the app, because link scanners send a GET", () => {
  for (const [name, type] of Object.entries(LINKS)) {
    const links = [...read(`supabase/templates/${name}.html`).matchAll(/href="([^"]*)"/g)];
    const expected = `{{ .SiteURL }}/auth/confirm?token_hash={{ .TokenHash }}&type=${type}`;
    assertEquals(links.map(([, href]) => href), [expected], name);
  }
});

Deno.test("mail templates do not use .ConfirmationURL, whose GET signs in", () => {
  for (const name of Object.keys(auth.email.template)) {
    const html = read(`supabase/templates/${name}.html`);
    assert(!html.includes("ConfirmationURL"), name);
    assertMatch(html, /^<!doctype html>\n<html lang="en">/, name);
  }
});

Deno.test("the reauthentication template shows a code and has no link", () => {
  const html = read("supabase/templates/reauthentication.html");
  assertMatch(html, /\{\{ \.Token \}\}/);
  assert(!html.includes("href="));
});

Deno.test("pages name the versions of .tool-versions", async () => {
  const pinned: Record<string, string> = { deno: DENO, supabase: SUPABASE_CLI };
  for (const page of await pages()) {
    for (const [named, tool = "", version] of read(page).matchAll(/\b(deno|supabase)@([\d.]+)/g)) {
      assertEquals(version, pinned[tool], `${page}: ${named}`);
    }
  }
});

Deno.test("import_map.json has the same version for a package and its subpaths", () => {
  const { imports } = JSON.parse(read("import_map.json")) as { imports: Record<string, string> };
  for (const [name, target] of Object.entries(imports).filter(([name]) => name.endsWith("/"))) {
    assertEquals(`${imports[name.slice(0, -1)]}/`.replace("npm:", "npm:/"), target);
  }
});

Deno.test("deno.lock has only the packages that dev and test run: deno task lock writes it", async () => {
  assertEquals(await readLock("deno.lock"), withoutUnused(await readLock("tests/deno.lock")));
});

/** The pages that may name a version. */
async function pages(): Promise<string[]> {
  const folders = ["", ".github/", "supabase/", "shared/", "functions/", "tests/"];
  const found = await Promise.all(folders.map(async (folder) => {
    const entries = await Array.fromAsync(Deno.readDir(new URL(folder || ".", ROOT)));
    return entries.filter(({ name }) => name.endsWith(".md")).map(({ name }) => folder + name);
  }));
  return found.flat();
}

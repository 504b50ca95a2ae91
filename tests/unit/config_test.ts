// supabase/config.toml is what `supabase start` and `supabase functions deploy` do with this
// project; nothing else would notice before a deployment, or a run against a real stack, goes wrong.
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { parse } from "@std/toml";
import { SUPABASE_CLI } from "../e2e/deploy/npm_tool.ts";
import { functionNames, ROOT } from "../e2e/deploy/project_copy.ts";

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

/** The mails with a link in them, and what the app page sends along with the hash. */
const LINKS = {
  confirmation: "email",
  recovery: "recovery",
  magic_link: "email",
  invite: "invite",
  email_change: "email_change",
};

Deno.test("config.toml has every folder of functions/, and no other function", async () => {
  assertEquals(Object.keys(config.functions).sort(), await functionNames());
});

Deno.test("config.toml leaves the check of the token to each function", () => {
  for (const [name, settings] of Object.entries(config.functions)) {
    assertEquals(settings, {
      enabled: true,
      verify_jwt: false,
      entrypoint: `../functions/${name}/index.ts`,
      import_map: "../import_map.json",
    }, name);
  }
});

Deno.test("config.toml lets every scenario sign up, sign in and send mails", () => {
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

Deno.test("config.toml lets scenarios step up with TOTP", () => {
  assertEquals(auth.mfa.totp, { enroll_enabled: true, verify_enabled: true });
});

Deno.test("config.toml has the password rules and token life that scenarios expect", () => {
  assertEquals([auth.minimum_password_length, auth.jwt_expiry], [6, 3600]);
  assertEquals([auth.email.secure_password_change, auth.email.require_current_password], [
    true,
    true,
  ]);
});

Deno.test("config.toml spells the host 127.0.0.1 everywhere", () => {
  assertEquals(config.api.port, 54321);
  assert(auth.additional_redirect_urls.length > 0);
  for (const url of [auth.site_url, ...auth.additional_redirect_urls]) {
    assertMatch(url, /^http:\/\/127\.0\.0\.1:3000(\/|$)/);
  }
});

Deno.test("config.toml wires up every mail template", () => {
  const files = [...Deno.readDirSync(new URL("supabase/templates/", ROOT))].map(({ name }) => name);
  const names = Object.keys(auth.email.template);
  assertEquals(names.map((name) => `${name}.html`).sort(), files.sort());
  assertEquals(names.sort(), [...Object.keys(LINKS), "reauthentication"].sort());
  for (const [name, { subject, content_path }] of Object.entries(auth.email.template)) {
    assertEquals(content_path, `./supabase/templates/${name}.html`);
    assertMatch(subject, /\S/, name);
  }
});

Deno.test("mail templates lead to a page of the app, because link scanners use up a GET", () => {
  for (const [name, type] of Object.entries(LINKS)) {
    const links = [...read(`supabase/templates/${name}.html`).matchAll(/href="([^"]*)"/g)];
    const expected = `{{ .SiteURL }}/auth/confirm?token_hash={{ .TokenHash }}&type=${type}`;
    assertEquals(links.map(([, href]) => href), [expected], name);
  }
});

Deno.test("mail templates never use .ConfirmationURL, whose GET signs in", () => {
  for (const name of Object.keys(auth.email.template)) {
    const html = read(`supabase/templates/${name}.html`);
    assert(!html.includes("ConfirmationURL"), name);
    assertMatch(html, /^<!doctype html>\n<html lang="en">/, name);
  }
});

Deno.test("the reauthentication mail shows its code and has no link", () => {
  const html = read("supabase/templates/reauthentication.html");
  assertMatch(html, /\{\{ \.Token \}\}/);
  assert(!html.includes("href="));
});

Deno.test("ci.yml starts the stack with the CLI that the deploy test runs", () => {
  assertEquals(pinned(".github/workflows/ci.yml", /SUPABASE_CLI: "(.+)"/g), [SUPABASE_CLI]);
});

Deno.test("ci.yml runs the scenarios under the Deno of .ci/run", () => {
  const [version] = pinned(".ci/run", /deno@([\d.]+)/g);
  assertEquals(pinned(".github/workflows/ci.yml", /DENO: "(.+)"/g), [version]);
});

function pinned(path: string, version: RegExp): (string | undefined)[] {
  return [...read(path).matchAll(version)].map(([, found]) => found);
}

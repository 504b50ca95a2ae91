// supabase/config.toml: addresses, lifetimes, sessions, limits, mails.
import { CLIENT, config, type Shown } from "../_project.ts";

const auth = (lines: string) => config(`project_id = "a"\n[auth]\n${lines}\n`);
const EDGE = { "supabase/functions/f/index.ts": CLIENT };

/** By id. */
export const configExamples: Readonly<Record<string, Shown>> = {
  unreadable: {
    fires: [
      {
        when: "config.toml is no TOML",
        files: config("[auth\nsite_url = 1"),
        severity: "error",
        at: "supabase/config.toml:2",
      },
      {
        when: "a config.toml below the root is no TOML",
        files: { "apps/a/supabase/config.toml": "auth = = 1" },
        severity: "error",
        at: "apps/a/supabase/config.toml:1",
      },
      {
        when: "source is cut off",
        files: { "a.ts": "const a = createClient(" },
        severity: "info",
        at: "a.ts:1",
      },
    ],
    quiet: [
      { when: "both can be read", files: { ...auth(""), "a.ts": "const a = createClient();" } },
      {
        when: "the source is nested deeply, and nothing in it is of interest",
        files: { "a.ts": `const a = ${"[".repeat(1000)}${"]".repeat(1000)};` },
      },
      {
        when: "the source has a call chain of 16 kB",
        files: { "a.ts": `createClient()${".with(1)".repeat(2000)};` },
      },
      {
        when: "import attributes are spelled in both ways",
        files: {
          "a.ts":
            `import a from "./a.json" assert { type: "json" };\nimport b from "./b.json" with { type: "json" };\ncreateClient(a, b);`,
        },
      },
      { when: "the source is TSX with decorators", files: { "a.tsx": "@d class A { x = <p/>; }" } },
    ],
  },
  "redirect-hosts-mixed": {
    fires: [
      {
        when: "site_url has the name and a redirect the number",
        files: auth(
          `site_url = "http://localhost:3000"\nadditional_redirect_urls = [\n  "https://app.example",\n  "http://127.0.0.1:3000/**",\n]`,
        ),
        severity: "warning",
        at: "supabase/config.toml:6",
      },
    ],
    quiet: [
      {
        when: "the host is one, and the other stands in a comment and in a string",
        files: auth(
          `# site_url = "http://localhost:3000"\nsite_url = "http://127.0.0.1:3000"\nadditional_redirect_urls = ["http://127.0.0.1:3000/?to=http://localhost:3000"]`,
        ),
      },
      {
        when: "both spellings are listed",
        files: auth(
          `site_url = "http://127.0.0.1:5173"\nadditional_redirect_urls = ["http://127.0.0.1:5173/**", "http://localhost:5173/**"]`,
        ),
      },
      {
        when: "the other host is that of another app",
        files: auth(
          `site_url = "http://localhost:3000"\nadditional_redirect_urls = ["http://127.0.0.1:4000/auth/callback"]`,
        ),
      },
      {
        when: "site_url comes out of the environment",
        files: auth(
          `site_url = "env(APP_URL)"\nadditional_redirect_urls = ["http://localhost:1", "http://127.0.0.1:1"]`,
        ),
      },
      {
        when: "a public site_url goes with one local host",
        files: auth(
          `site_url = "https://app.example"\nadditional_redirect_urls = ["http://localhost:3000"]`,
        ),
      },
    ],
  },
  "redirect-loopback-differs": {
    fires: [
      {
        when: "the scheme differs",
        files: auth(
          `site_url = "http://127.0.0.1:3000"\nadditional_redirect_urls = ["https://127.0.0.1:3000"]`,
        ),
        severity: "info",
        at: "supabase/config.toml:4",
      },
      {
        when: "the port differs",
        files: auth(
          `site_url = "http://127.0.0.1:3000"\nadditional_redirect_urls = ["http://127.0.0.1:5173"]`,
        ),
        severity: "info",
        at: "supabase/config.toml:4",
      },
    ],
    quiet: [
      {
        when: "only paths differ",
        files: auth(
          `site_url = "http://127.0.0.1:3000"\nadditional_redirect_urls = ["http://127.0.0.1:3000/**"]`,
        ),
      },
    ],
  },
  "jwt-expiry": {
    fires: [
      {
        when: "it is over a week",
        files: auth("jwt_expiry = 604801"),
        severity: "error",
        at: "supabase/config.toml:3",
      },
      {
        when: "it is no longer than the margin of a refresh",
        files: auth("jwt_expiry = 60"),
        severity: "error",
        at: "supabase/config.toml:3",
      },
      {
        when: "it is under five minutes",
        files: auth("jwt_expiry = 299"),
        severity: "warning",
        at: "supabase/config.toml:3",
      },
      {
        when: "it is a day",
        files: auth("jwt_expiry = 86400"),
        severity: "info",
        at: "supabase/config.toml:3",
      },
    ],
    quiet: [
      { when: "it is an hour", files: auth("jwt_expiry = 3600") },
      { when: "it is five minutes", files: auth("jwt_expiry = 300") },
      { when: "it is commented out", files: auth("# jwt_expiry = 60") },
      { when: "it stands in a string", files: auth(`site_url = """\njwt_expiry = 60\n"""`) },
    ],
  },
  "refresh-reuse-interval": {
    fires: [{
      when: "tokens rotate and it is 0",
      files: auth("enable_refresh_token_rotation = true\nrefresh_token_reuse_interval = 0"),
      severity: "warning",
      at: "supabase/config.toml:4",
    }],
    quiet: [
      {
        when: "tokens do not rotate",
        files: auth("enable_refresh_token_rotation = false\nrefresh_token_reuse_interval = 0"),
      },
      { when: "it is 10", files: auth("refresh_token_reuse_interval = 10") },
      { when: "it is not written", files: auth("") },
    ],
  },
  "session-limits": {
    fires: [
      {
        when: "the time-box is shorter than a token's life",
        files: auth(`jwt_expiry = 3600\n[auth.sessions]\ntimebox = "30m"`),
        severity: "warning",
        at: "supabase/config.toml:5",
      },
      {
        when: "inactivity ends sessions",
        files: auth(`[auth.sessions]\ninactivity_timeout = "8h"`),
        severity: "info",
        at: "supabase/config.toml:4",
      },
    ],
    quiet: [
      { when: "both are commented out", files: auth(`# [auth.sessions]\n# timebox = "24h"`) },
      { when: "the limit is none", files: auth(`[auth.sessions]\ntimebox = "0s"`) },
    ],
  },
  "refresh-rate-limit": {
    fires: [
      {
        when: "a single session cannot live with it",
        files: auth("jwt_expiry = 120\n[auth.rate_limit]\ntoken_refresh = 5"),
        severity: "error",
        at: "supabase/config.toml:5",
      },
      {
        when: "it is below what the named sessions need",
        files: auth("jwt_expiry = 3600"),
        sessions: 5000,
        severity: "error",
        at: "supabase/config.toml:2",
      },
    ],
    quiet: [
      { when: "traffic is not known", files: auth("[auth.rate_limit]\ntoken_refresh = 150") },
      { when: "it is enough for the named sessions", files: auth(""), sessions: 1000 },
    ],
  },
  "shared-address-limit": {
    fires: [{
      when: "a function signs users in",
      files: {
        "supabase/functions/f/index.ts":
          `${CLIENT}await supabase.auth.signInWithPassword({ email: "", password: "" });`,
      },
      severity: "info",
      at: "supabase/functions/f/index.ts:2",
    }],
    quiet: [
      { when: "a function only asks", files: EDGE },
      {
        when: "the browser signs in",
        files: { ...EDGE, "src/a.ts": `${CLIENT}supabase.auth.signInWithOtp({ phone: "" });` },
      },
    ],
  },
  "built-in-smtp": {
    fires: [
      {
        when: "it is turned off for a public site",
        files: auth(`site_url = "https://app.example"\n[auth.email.smtp]\nenabled = false`),
        severity: "warning",
        at: "supabase/config.toml:4",
      },
      {
        when: "a public site has none here",
        files: auth(`site_url = "https://app.example"`),
        severity: "info",
        at: "supabase/config.toml:2",
      },
    ],
    quiet: [
      { when: "the site is local", files: auth(`site_url = "http://127.0.0.1:3000"`) },
      {
        when: "SMTP is there",
        files: auth(`site_url = "https://app.example"\n[auth.email.smtp]\nhost = "smtp.example"`),
      },
      {
        when: "a hook sends the mails",
        files: auth(`site_url = "https://app.example"\n[auth.hook.send_email]\nenabled = true`),
      },
    ],
  },
  "password-change-without-reauthentication": {
    fires: [{
      when: "nothing sends a nonce",
      files: {
        ...auth("[auth.email]\nsecure_password_change = true"),
        "src/a.ts": `${CLIENT}await supabase.auth.updateUser({ password: "new" });`,
      },
      severity: "warning",
      at: "src/a.ts:2",
    }],
    quiet: [
      {
        when: "it is changed behind a link of recovery",
        files: {
          ...config("[auth.email]\nsecure_password_change = true"),
          "src/use_auth.ts":
            `${CLIENT}export const reset = (email) => supabase.auth.resetPasswordForEmail(email);\nexport const update = (password) => supabase.auth.updateUser({ password });`,
        },
      },

      {
        when: "a nonce goes along",
        files: {
          ...auth("[auth.email]\nsecure_password_change = true"),
          "src/a.ts": `${CLIENT}supabase.auth.updateUser({ password: "new", nonce: "1" });`,
        },
      },
      {
        when: "another file reauthenticates",
        files: {
          ...auth("[auth.email]\nsecure_password_change = true"),
          "src/a.ts": `${CLIENT}supabase.auth.updateUser({ password: "new" });`,
          "src/b.ts": `${CLIENT}supabase.auth.reauthenticate();`,
        },
      },
      {
        when: "the setting is off",
        files: {
          ...auth("[auth.email]\nsecure_password_change = false"),
          "src/a.ts": `${CLIENT}supabase.auth.updateUser({ password: "new" });`,
        },
      },
    ],
  },
};

// Env files, secrets and versions. Every key here is made up or published.
import { apiKeys, jwtSecret, signingKey } from "../../../../supabase/local/keys.ts";
import { config, legacyKey, SECRET, SERVICE_ROLE, type Shown } from "../_project.ts";

const REF = "abcdefghijklmnopqrst";
const URL_LINE = `SUPABASE_URL=https://${REF}.supabase.co\n`;
const npm = (range: string, name = "@supabase/supabase-js") => ({
  "package.json": `{\n  "dependencies": {\n    "${name}": "${range}"\n  }\n}`,
});

/** By id. */
export const keyExamples: Readonly<Record<string, Shown>> = {
  "jwt-secret-weak": {
    fires: [
      {
        when: "it is short",
        files: { ".env": `# one\nJWT_SECRET="short-secret"\n${URL_LINE}` },
        severity: "error",
        at: ".env:2",
      },
      {
        when: "it is long and always the same",
        files: { ".env.production": `GOTRUE_JWT_SECRET=${"ab".repeat(20)}\n` },
        severity: "warning",
        at: ".env.production:1",
      },
      {
        when: "config.toml of a public site has a short one",
        files: config(`[auth]\njwt_secret = "short"\nsite_url = "https://app.example"`),
        severity: "error",
        at: "supabase/config.toml:2",
      },
    ],
    quiet: [
      {
        when: "it is random",
        files: { ".env": "JWT_SECRET=f3Kq9ZbR2vX7mN1cY8tHs5LwPdGj4QaE6uJo" },
      },
      {
        when: "it is another service's",
        files: { "apps/api/.env": "JWT_SECRET=short\nPORT=3001" },
      },
      {
        when: "it serves this machine alone",
        files: { ".env": "SUPABASE_URL=http://localhost:54321\nSUPABASE_JWT_SECRET=short" },
      },
      { when: "it comes from elsewhere", files: { ".env": "JWT_SECRET=$OTHER" } },
      { when: "it is commented out", files: { ".env": "# JWT_SECRET=short" } },
      { when: "it is an example", files: { ".env.example": "JWT_SECRET=short" } },
      { when: "config.toml names a variable", files: config(`[auth]\njwt_secret = "env(SECRET)"`) },
    ],
  },
  "published-secret": {
    fires: [
      {
        when: "a hosted stack has the default secret",
        files: { ".env": `API_EXTERNAL_URL=https://auth.example\nJWT_SECRET=${jwtSecret}` },
        severity: "error",
        at: ".env:2",
      },
      {
        when: "the file does not say where it serves",
        files: { ".env": `JWT_SECRET=${jwtSecret}` },
        severity: "info",
        at: ".env:1",
      },
      {
        when: "a local key stands beside a hosted URL",
        files: { ".env.production": `${URL_LINE}SUPABASE_ANON_KEY=${apiKeys.anon}` },
        severity: "error",
        at: ".env.production:2",
      },
      {
        when: "the published signing key signs for a public site",
        files: {
          ...config(
            `[auth]\nsite_url = "https://app.example"\nsigning_keys_path = "./signing_keys.json"`,
          ),
          "supabase/signing_keys.json": JSON.stringify([signingKey]),
        },
        severity: "error",
        at: "supabase/signing_keys.json:1",
      },
    ],
    quiet: [
      {
        when: "all is on this machine",
        files: {
          ".env": `SUPABASE_URL=http://127.0.0.1:54321\nJWT_SECRET=${jwtSecret}\n` +
            `SUPABASE_ANON_KEY=${apiKeys.anon}\nSUPABASE_SERVICE_ROLE_KEY=${apiKeys.serviceRole}`,
        },
      },
      {
        when: "the signing key is published and the site local",
        files: {
          ...config(
            `[auth]\nsite_url = "http://127.0.0.1:3000"\nsigning_keys_path = "./signing_keys.json"`,
          ),
          "supabase/signing_keys.json": JSON.stringify([signingKey]),
        },
      },
    ],
  },
  "key-of-another-project": {
    fires: [{
      when: "the key names another ref",
      files: {
        ".env": `${URL_LINE}SUPABASE_ANON_KEY=${legacyKey({ role: "anon", ref: "z".repeat(20) })}`,
      },
      severity: "error",
      at: ".env:2",
    }],
    quiet: [
      {
        when: "both are of one project",
        files: { ".env": `${URL_LINE}SUPABASE_ANON_KEY=${legacyKey({ role: "anon", ref: REF })}` },
      },
      {
        when: "the URL is a domain of its own",
        files: { ".env": `SUPABASE_URL=https://api.example\nKEY=${SERVICE_ROLE}` },
      },
    ],
  },
  "secret-key-in-public-variable": {
    fires: [
      {
        when: "a service_role key goes into the page",
        files: { ".env.local": `NEXT_PUBLIC_SUPABASE_KEY=${SERVICE_ROLE}` },
        severity: "error",
        at: ".env.local:1",
      },
      {
        when: "a secret key does",
        files: { ".env": `\n\nexport VITE_KEY='${SECRET}'` },
        severity: "error",
        at: ".env:3",
      },
    ],
    quiet: [
      {
        when: "the key is that of every local stack",
        files: { ".env.local": `VITE_KEY=${apiKeys.serviceRole}` },
      },
      {
        when: "a publishable key does, and the secret one does not",
        files: { ".env": `VITE_KEY=${apiKeys.publishable}\nSUPABASE_SECRET_KEY=${SECRET}` },
      },
    ],
  },
  "jwks-private": {
    fires: [{
      when: "it holds d",
      files: { ".env": `SUPABASE_JWKS='${JSON.stringify({ keys: [signingKey] })}'` },
      severity: "error",
      at: ".env:1",
    }],
    quiet: [{
      when: "it holds the public half",
      files: {
        ".env": `SUPABASE_JWKS='${JSON.stringify({ keys: [{ ...signingKey, d: undefined }] })}'`,
      },
    }],
  },
  "supabase-js-old": {
    fires: [
      { when: "it is pinned", files: npm("2.38.5"), severity: "warning", at: "package.json:3" },
      { when: "it is version 1", files: npm("^1.35.0"), severity: "warning", at: "package.json:3" },
      {
        when: "source imports it",
        files: { "a.ts": `// one\nimport "https://esm.sh/@supabase/supabase-js@2.33.1";` },
        severity: "warning",
        at: "a.ts:2",
      },
      {
        when: "an import map has it, and a file imports it",
        files: {
          "deno.json":
            `{ // maps\n  "imports": {\n    "s": "npm:@supabase/supabase-js@2.10.0",\n  },\n}`,
          "a.ts": `import { createClient } from "s";`,
        },
        severity: "warning",
        at: "deno.json:3",
      },
      {
        when: "the lock file has it",
        files: {
          ...npm("^2.30.0"),
          "package-lock.json":
            `{ "packages": { "node_modules/@supabase/supabase-js": {\n "version": "2.38.0" } } }`,
        },
        severity: "warning",
        at: "package.json:3",
      },
      {
        when: "three manifests of a monorepo resolve to one version",
        files: {
          "a/package.json": npm("2.38.0")["package.json"],
          "b/package.json": npm("2.38.0")["package.json"],
          "c/package.json": npm("2.38.0")["package.json"],
        },
        severity: "warning",
        at: "a/package.json:3",
      },
    ],
    quiet: [
      { when: "it is new", files: npm("2.119.1") },
      { when: "the range allows new ones and no lock tells", files: npm("^2.30.0") },
      {
        when: "the lock file has a new one",
        files: {
          ...npm("^2.30.0"),
          "yarn.lock": `"@supabase/supabase-js@^2.30.0":\n  version "2.119.1"\n`,
        },
      },
      {
        when: "an import map has it, and nothing imports it",
        files: {
          "supabase/functions/deno.json":
            `{ "imports": { "@supabase/supabase-js": "https://esm.sh/@supabase/supabase-js@2.7.1" } }`,
          "supabase/functions/f/index.ts": "Deno.serve(() => new Response());",
        },
      },
      {
        when: "only its types are imported",
        files: {
          "a.ts": `import type { User } from "npm:@supabase/supabase-js@2.1.0";\n` +
            `import { type Session } from "npm:@supabase/supabase-js@2.2.0";`,
        },
      },
      {
        when: "a function has it, which stores no session",
        files: {
          "supabase/functions/f/index.ts": `import "https://esm.sh/@supabase/supabase-js@2.38.4";`,
        },
      },
      {
        when: "the nearest lock file has a new one",
        files: {
          "yarn.lock": `"@supabase/supabase-js@^2.30.0":\n  version "2.31.0"\n`,
          "apps/a/package.json": npm("^2.30.0")["package.json"],
          "apps/a/yarn.lock": `"@supabase/supabase-js@^2.30.0":\n  version "2.119.1"\n`,
        },
      },
      { when: "a comment names it", files: { "a.ts": `// npm:@supabase/supabase-js@2.1.0` } },
      {
        when: "a string names it",
        files: { "a.ts": `const a = "npm:@supabase/supabase-js@2.1.0";` },
      },
    ],
  },
  "supabase-js-loses-session": {
    fires: [
      {
        when: "the range stands in pnpm's catalog",
        files: {
          ...npm("catalog:"),
          "pnpm-lock.yaml": `packages:\n  '@supabase/supabase-js@2.108.1':\n`,
          "src/a.ts":
            `import { createClient } from "@supabase/supabase-js";\ncreateClient(u, k).auth.onAuthStateChange(listen);`,
        },
        severity: "warning",
        at: "package.json:3",
      },

      { when: "it is pinned", files: npm("2.108.1"), severity: "warning", at: "package.json:3" },
      {
        when: "pnpm's lock has it",
        files: {
          ...npm("^2.50.0"),
          "pnpm-lock.yaml": `packages:\n  '@supabase/supabase-js@2.50.1':\n`,
        },
        severity: "warning",
        at: "package.json:3",
      },
      {
        when: "Deno's lock has it",
        files: {
          "deno.json": `{ "imports": { "s": "npm:@supabase/supabase-js@^2.50.0" } }`,
          "a.ts": `import { createClient } from "s";`,
          "deno.lock": `{ "npm": {\n "@supabase/supabase-js@2.50.1": {} } }`,
        },
        severity: "warning",
        at: "deno.json:1",
      },
    ],
    quiet: [
      {
        when: "the package only has a client of the service",
        files: {
          ...npm("2.50.0"),
          "src/db.ts":
            `import { createClient } from "@supabase/supabase-js";\nexport const db = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_ROLE_KEY!);`,
        },
      },
      {
        when: "it is the package of the tests",
        files: { "e2e/package.json": npm("2.50.0")["package.json"]! },
      },
      {
        when: "the import map beside package.json is that of the functions",
        files: {
          ...npm("2.119.1"),
          "import_map.json":
            `{ "imports": { "@supabase/supabase-js": "npm:@supabase/supabase-js@2.50.0" } }`,
          "src/a.ts":
            `import { createClient } from "@supabase/supabase-js";\ncreateClient(u, k).auth.getSession();`,
          "supabase/functions/f/index.ts": `import { createClient } from "@supabase/supabase-js";`,
        },
      },

      { when: "it is mended", files: npm("2.108.2") },
      {
        when: "the lock is npm's, and a server picks the version",
        files: {
          "a.ts": `import "https://esm.sh/@supabase/supabase-js@2";`,
          "pnpm-lock.yaml": `packages:\n  '@supabase/supabase-js@2.50.1':\n`,
        },
      },
      {
        when: "the lock is another folder's",
        files: { ...npm("^2.50.0"), "b/pnpm-lock.yaml": `  '@supabase/supabase-js@2.50.1':\n` },
      },
      {
        when: "a function has it, which stores no session",
        files: { "supabase/functions/f/index.ts": `import "npm:@supabase/supabase-js@2.50.1";` },
      },
      { when: "it is older still, which is another finding", files: npm("2.38.0") },
    ],
  },
  "ssr-old": {
    fires: [{
      when: "it is pinned",
      files: npm("0.3.0", "@supabase/ssr"),
      severity: "warning",
      at: "package.json:3",
    }],
    quiet: [
      { when: "it is the first with getAll", files: npm("0.4.0", "@supabase/ssr") },
      { when: "it is new", files: npm("^0.12.7", "@supabase/ssr") },
      {
        when: "no source imports it",
        files: { ...npm("0.3.0", "@supabase/ssr"), "a.ts": `import "@supabase/supabase-js";` },
      },
    ],
  },
  "auth-helpers": {
    fires: [
      {
        when: "they are used",
        files: npm("^0.10.0", "@supabase/auth-helpers-react"),
        severity: "warning",
        at: "package.json:3",
      },
      {
        when: "source requires what package.json names",
        files: {
          ...npm("^0.10.0", "@supabase/auth-helpers-nextjs"),
          "src/a.js":
            `const { createClientComponentClient } = require("@supabase/auth-helpers-nextjs");`,
        },
        severity: "warning",
        at: "package.json:3",
      },
      {
        when: "source imports them",
        files: {
          "middleware.ts":
            `import { createMiddlewareClient } from "npm:@supabase/auth-helpers-nextjs@0.8";`,
        },
        severity: "warning",
        at: "middleware.ts:1",
      },
    ],
    quiet: [
      { when: "ssr alone is", files: npm("^0.12.7", "@supabase/ssr") },
      {
        when: "they are installed, and nothing imports them",
        files: {
          ...npm("^0.10.0", "@supabase/auth-helpers-nextjs"),
          "src/a.ts": `import { createBrowserClient } from "@supabase/ssr";`,
        },
      },
    ],
  },
  "ssr-patched-tag": {
    fires: [{
      when: "it is wanted",
      files: npm("patched", "@supabase/ssr"),
      severity: "error",
      at: "package.json:3",
    }],
    quiet: [{ when: "the tag is latest", files: npm("latest", "@supabase/ssr") }],
  },
};

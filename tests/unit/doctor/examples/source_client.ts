// Source of clients, and keys in it.
import { apiKeys } from "../../../../supabase/local/keys.ts";
import { app, AT, edge, SECRET, SERVICE_ROLE, type Shown, SRC } from "../_project.ts";

/** By id. */
export const clientExamples: Readonly<Record<string, Shown>> = {
  "sign-out-global": {
    fires: [{
      when: "no scope is written",
      files: app("await supabase.auth.signOut();"),
      severity: "info",
      at: `${SRC}:2`,
    }],
    quiet: [
      { when: "one is", files: app(`await supabase.auth.signOut({ scope: "global" });`) },
      { when: "it is another library's", files: app("await firebase.signOut();") },
    ],
  },
  "legacy-storage-key": {
    fires: [{
      when: "it is removed",
      files: app(`localStorage.removeItem("supabase.auth.token");`),
      severity: "warning",
      at: `${SRC}:2`,
    }],
    quiet: [{ when: "it is another key", files: app(`localStorage.removeItem("theme");`) }],
  },
  "event-user-deleted": {
    fires: [
      {
        when: "it is waited for",
        files: app(
          `supabase.auth.onAuthStateChange((event) => { if (event === "USER_DELETED") go(); });`,
        ),
        severity: "warning",
        at: `${SRC}:2`,
      },
      {
        when: "it is a case",
        files: app(
          `supabase.auth.onAuthStateChange((e) => {\nswitch (e) {\ncase "USER_DELETED": go(); } });`,
        ),
        severity: "warning",
        at: `${SRC}:4`,
      },
    ],
    quiet: [
      { when: "it is a word of the app's own", files: app(`if (kind === "USER_DELETED") go();`) },
      {
        when: "the event is a real one",
        files: app(`supabase.auth.onAuthStateChange((event) => event === "SIGNED_OUT");`),
      },
    ],
  },
  "cookies-get-all-alone": {
    fires: [{
      when: "setAll is missing",
      files: app(`createServerClient(u, k, { cookies: { getAll() { return []; } } });`),
      severity: "warning",
      at: `${SRC}:2`,
    }],
    quiet: [
      {
        when: "both are there",
        files: app(`createServerClient(u, k, { cookies: { getAll() {}, setAll() {} } });`),
      },
      {
        when: "another client writes them, as in SvelteKit's hooks",
        files: {
          ...app(`createServerClient(u, k, { cookies: { getAll() { return []; } } });`),
          "src/hooks.server.ts":
            `createServerClient(u, k, { cookies: { getAll() {}, setAll() {} } });`,
        },
      },
      {
        when: "they cannot be seen",
        files: app(`createServerClient(u, k, { cookies: { ...cookies, getAll } });`),
      },
    ],
  },
  "secret-key-cookie-client": {
    fires: [
      {
        when: "the key is chosen",
        files: app(
          `export const make = (admin) => createServerClient(u, admin ? process.env.SUPABASE_SECRET_KEY! : process.env.SUPABASE_PUBLISHABLE_KEY!, { cookies });`,
        ),
        severity: "warning",
        at: `${SRC}:2`,
      },

      {
        when: "the variable is a secret",
        files: app(`createServerClient(u, process.env.SUPABASE_SERVICE_ROLE_KEY!, { cookies });`),
        severity: "error",
        at: `${SRC}:2`,
      },
      {
        when: "Deno's variable is a secret",
        files: app(`createServerClient(u, Deno.env.get("SUPABASE_SECRET_KEY")!, { cookies });`),
        severity: "error",
        at: `${SRC}:2`,
      },
    ],
    quiet: [
      {
        when: "it reads no cookie",
        files: app(
          `createServerClient(u, process.env.SUPABASE_SERVICE_ROLE_KEY!, { cookies: {} });`,
        ),
      },

      {
        when: "the key is publishable",
        files: app(`createServerClient(u, process.env.SUPABASE_PUBLISHABLE_KEY!, { cookies });`),
      },
      {
        when: "there are no cookies",
        files: app(`createServerClient(u, process.env.SUPABASE_SERVICE_ROLE_KEY!, {});`),
      },
    ],
  },
  "secret-key-in-browser": {
    fires: [
      {
        when: "it is written in browser code",
        files: { [SRC]: `"use client";\nconst key = "${SERVICE_ROLE}";` },
        severity: "error",
        at: `${SRC}:2`,
      },
      {
        when: "it is written in code that uses the document",
        files: { [SRC]: `document.title = "a";\nconst key = "${SECRET}";` },
        severity: "error",
        at: `${SRC}:2`,
      },
      {
        when: "a public variable is named after it",
        files: app(`createClient(u, import.meta.env.VITE_SUPABASE_SERVICE_ROLE_KEY);`),
        severity: "warning",
        at: `${SRC}:2`,
      },
      {
        when: "a Vue component reads one",
        files: {
          "a.vue":
            `<template><p/></template>\n<!-- <script> -->\n<script setup lang="ts">\nconst k = process.env.NEXT_PUBLIC_SERVICE_KEY;\n</script>`,
        },
        severity: "warning",
        at: "a.vue:4",
      },
    ],
    quiet: [
      {
        when: "a script drives a page",
        files: {
          "scripts/scrape.js":
            `const key = "${SERVICE_ROLE}";\nawait page.evaluate(() => document.title);`,
        },
      },

      {
        when: "the variable is the server's",
        files: app(`createClient(u, process.env.SUPABASE_SERVICE_ROLE_KEY);`),
      },
      {
        when: "the key is public",
        files: { [SRC]: `"use client";\nconst key = "${apiKeys.publishable}";` },
      },
      {
        when: "the key is every local stack's",
        files: { [SRC]: `"use client";\nconst key = "${apiKeys.serviceRole}";` },
      },
      { when: "a comment has it", files: { [SRC]: `"use client";\n// ${SERVICE_ROLE}` } },
      {
        when: "another document is meant",
        files: { [SRC]: `const document = parse();\ndocument.a = "${SECRET}";` },
      },
    ],
  },
  "secret-key-in-source": {
    fires: [{
      when: "a server has it",
      files: edge(`// one\nconst key = "${SECRET}";`),
      severity: "warning",
      at: AT,
    }],
    quiet: [
      { when: "it is published", files: edge(`const key = "${apiKeys.secret}";`) },
      { when: "it is a beginning", files: edge(`key.startsWith("sb_secret_");`) },
      { when: "a test has it", files: { "src/a.test.ts": `const key = "${SECRET}";` } },
    ],
  },
};

// Source: what the rules see, and what they must not take for it.
import { apiKeys } from "../../../supabase/local/keys.ts";
import { CLIENT, edge, SECRET, SERVICE_ROLE, type Shown } from "../_project.ts";

const AT = "supabase/functions/f/index.ts:2";
const SRC = "src/a.ts";
/** A file of an app that says nothing of where it runs. */
const app = (line: string) => ({ [SRC]: CLIENT + line });
/** Code behind line 1, in a function and awaited. */
const asked = (line: string, call = "supabase.auth.getUser(token)") =>
  app(`export async function f(token: string) { const { data, error } = await ${call}; ${line} }`);

/** By id. */
export const sourceExamples: Readonly<Record<string, Shown>> = {
  "get-session-on-server": {
    fires: [
      {
        when: "a function calls it",
        files: edge(`${CLIENT}const { data } = await supabase.auth.getSession();`),
        severity: "error",
        at: AT,
      },
      {
        when: "auth was taken out of the client",
        files: edge(`${CLIENT}const { auth } = supabase; await auth!.getSession();`),
        severity: "error",
        at: AT,
      },
      {
        when: "a route handler calls it",
        files: {
          [SRC]: `import { cookies } from "next/headers";\nsupabase.auth.getSession();`,
        },
        severity: "warning",
        at: `${SRC}:2`,
      },
    ],
    quiet: [
      { when: "a comment has it", files: edge(`${CLIENT}// supabase.auth.getSession()\n`) },
      { when: "a string has it", files: edge(`${CLIENT}const a = "supabase.auth.getSession()";`) },
      {
        when: "a browser calls it",
        files: { [SRC]: `"use client";\nsupabase.auth.getSession();` },
      },
      { when: "where it runs is unknown", files: app("supabase.auth.getSession();") },
      { when: "another library has it", files: edge("betterAuth.api.getSession({ headers });") },
      {
        when: "a test calls it",
        files: { "tests/functions/f/a.ts": "supabase.auth.getSession();" },
      },
    ],
  },
  "get-user-without-token": {
    fires: [
      {
        when: "the client has no session",
        files: edge(`${CLIENT}await supabase.auth.getUser();`),
        severity: "error",
        at: AT,
      },
      {
        when: "its options have other headers",
        files: edge(
          `import { createClient } from "s";\nawait createClient("u", "k", { global: { headers: { "x-a": "b" } } }).auth.getUser();`,
        ),
        severity: "error",
        at: AT,
      },
    ],
    quiet: [
      { when: "the token is passed", files: edge(`${CLIENT}await supabase.auth.getUser(token);`) },
      {
        when: "the client has the caller's Authorization header",
        files: edge(
          `const c = createClient("u", "k", { global: { headers: { Authorization: req.headers.get("Authorization")! } } });\nawait c.auth.getUser();`,
        ),
      },
      {
        when: "its headers cannot be seen",
        files: edge(
          `const c = createClient("u", "k", { global: { headers } });\nc.auth.getUser();`,
        ),
      },
      {
        when: "the client comes from elsewhere",
        files: edge("export const f = (c) => c.auth.getUser();"),
      },
      {
        when: "the function signed in before",
        files: edge(
          `${CLIENT}await supabase.auth.setSession(s); await supabase.auth.getUser();`,
        ),
      },
      { when: "it is the browser", files: app("supabase.auth.getUser();") },
    ],
  },
  "header-as-token": {
    fires: [
      {
        when: "it goes in directly",
        files: edge(`${CLIENT}await supabase.auth.getUser(req.headers.get("Authorization")!);`),
        severity: "error",
        at: AT,
      },
      {
        when: "it went through a constant",
        files: edge(
          `${CLIENT}const token = c.req.header("authorization") ?? ""; await supabase.auth.getClaims(token);`,
        ),
        severity: "error",
        at: AT,
      },
      {
        when: "the scheme is put in front",
        files: edge(`${CLIENT}await supabase.auth.getUser(\`Bearer \${token}\`);`),
        severity: "error",
        at: AT,
      },
      {
        when: "Node's headers are read",
        files: app(`supabase.auth.getUser(request.headers.authorization);`),
        severity: "error",
        at: `${SRC}:2`,
      },
    ],
    quiet: [
      {
        when: "the scheme is cut off",
        files: edge(
          `${CLIENT}const token = req.headers.get("Authorization")!.replace("Bearer ", ""); supabase.auth.getUser(token);`,
        ),
      },
      {
        when: "it may have been cut off later",
        files: edge(
          `${CLIENT}let token = req.headers.get("Authorization"); token = token.slice(7); supabase.auth.getUser(token);`,
        ),
      },
      {
        when: "it is another header",
        files: edge(`${CLIENT}supabase.auth.getUser(req.headers.get("x-token"));`),
      },
    ],
  },
  "cors-after-auth": {
    fires: [
      {
        when: "cors() is mounted behind auth()",
        files: edge(
          `import { cors } from "npm:hono@4/cors"; import { auth } from "../../../shared/mod.ts";\napp.use(auth());\napp.use("*", cors());`,
        ),
        severity: "error",
        at: "supabase/functions/f/index.ts:3",
      },
      {
        when: "it is mounted behind Hono's jwt()",
        files: edge(
          `import { cors } from "hono/cors"; import { jwt } from "hono/jwt";\napp.use("/a/*", jwt({ secret })); app.use("/a/*", cors());`,
        ),
        severity: "error",
        at: AT,
      },
      {
        when: "OPTIONS is answered behind getUser()",
        files: edge(
          `${CLIENT}Deno.serve(async (req) => { const { error } = await supabase.auth.getUser(t); if (req.method === "OPTIONS") return new Response(); });`,
        ),
        severity: "warning",
        at: AT,
      },
    ],
    quiet: [
      {
        when: "cors() comes first",
        files: edge(
          `import { cors } from "hono/cors"; import { jwt } from "hono/jwt";\napp.use(cors());\napp.use(jwt({ secret }));`,
        ),
      },
      {
        when: "they are on different paths",
        files: edge(
          `import { cors } from "hono/cors"; import { jwt } from "hono/jwt";\napp.use("/a/*", jwt({ secret }));\napp.use("/b/*", cors());`,
        ),
      },
      {
        when: "OPTIONS is answered first",
        files: edge(
          `${CLIENT}Deno.serve(async (req) => { if (req.method === "OPTIONS") return new Response(); await supabase.auth.getUser(t); });`,
        ),
      },
    ],
  },
  "dead-error-match": {
    fires: [
      {
        when: "the code of an auth error is compared",
        files: asked(`if (error?.code === "session_not_found") leave();`),
        severity: "error",
        at: `${SRC}:2`,
      },
      {
        when: "it is a case",
        files: asked(`switch (error!.code) { case "session_not_found": leave(); }`),
        severity: "error",
        at: `${SRC}:2`,
      },
      {
        when: "the message is searched for the code",
        files: asked(`if (error && error.message.includes("session_not_found")) leave();`),
        severity: "error",
        at: `${SRC}:2`,
      },
      {
        when: "the message is searched for Auth's own text",
        files: asked(`error?.message.match(/Session from session_id claim/);`),
        severity: "error",
        at: `${SRC}:2`,
      },
      {
        when: "the message of functions.invoke() is searched",
        files: asked(
          `if (error.message.includes("expired")) leave();`,
          `supabase.functions.invoke("me")`,
        ),
        severity: "error",
        at: `${SRC}:2`,
      },
      {
        when: "the whole result is kept",
        files: app(
          `const result = await supabase.auth.refreshSession(); if (result.error?.code == "session_not_found") leave();`,
        ),
        severity: "error",
        at: `${SRC}:2`,
      },
    ],
    quiet: [
      {
        when: "it is the body of a function's answer",
        files: app(
          `const problem = await response.json(); if (problem.code === "session_not_found") leave();`,
        ),
      },
      {
        when: "another code is compared",
        files: asked(`if (error?.code === "user_not_found") leave();`),
      },
      {
        when: "the error is somebody else's",
        files: asked(`if (error.code === "session_not_found") leave();`, "shop.pay()"),
      },
      { when: "a comment has it", files: asked(`/* error.code === "session_not_found" */`) },
      {
        when: "the name belongs to an inner scope",
        files: asked(`for (const error of list) if (error.code === "session_not_found") leave();`),
      },
      {
        when: "the fixed text of functions.invoke() is compared",
        files: asked(`error.message.includes("non-2xx");`, `supabase.functions.invoke("me")`),
      },
    ],
  },
  "error-text-match": {
    fires: [{
      when: "an auth error is told by its text",
      files: asked(`if (error?.message.toLowerCase().includes("missing")) leave();`),
      severity: "warning",
      at: `${SRC}:2`,
    }],
    quiet: [
      { when: "its code is compared", files: asked(`if (error?.code === "bad_jwt") leave();`) },
      {
        when: "it is an error of one's own",
        files: app(`try { run(); } catch (error) { error.message.includes("x"); }`),
      },
    ],
  },
  "sign-out-on-any-error": {
    fires: [
      {
        when: "the branch is for every error",
        files: asked(`if (error) { await supabase.auth.signOut({ scope: "local" }); }`),
        severity: "warning",
        at: `${SRC}:2`,
      },
      {
        when: "a missing user goes along",
        files: asked(`if (error || !data.user) await supabase.auth.signOut({ scope: "local" });`),
        severity: "warning",
        at: `${SRC}:2`,
      },
    ],
    quiet: [
      {
        when: "the error is judged",
        files: asked(
          `if (error) { if (isAuthSessionMissingError(error)) await supabase.auth.signOut({ scope: "local" }); }`,
        ),
      },
      { when: "the branch only tells", files: asked(`if (error) console.error(error.code);`) },
    ],
  },
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
        when: "they cannot be seen",
        files: app(`createServerClient(u, k, { cookies: { ...cookies, getAll } });`),
      },
    ],
  },
  "secret-key-cookie-client": {
    fires: [
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
        severity: "error",
        at: `${SRC}:2`,
      },
      {
        when: "a Vue component reads one",
        files: {
          "a.vue":
            `<template><p/></template>\n<!-- <script> -->\n<script setup lang="ts">\nconst k = process.env.NEXT_PUBLIC_SERVICE_KEY;\n</script>`,
        },
        severity: "error",
        at: "a.vue:4",
      },
    ],
    quiet: [
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

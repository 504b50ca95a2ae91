// Source of servers: what the rules see, and what they must not take for it.
import { app, AT, CLIENT, edge, type Shown, SRC } from "../_project.ts";

/** By id. */
export const serverExamples: Readonly<Record<string, Shown>> = {
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
      {
        when: "its name is never read",
        files: {
          "src/routes/a/+page.server.ts":
            `export const actions = { default: async ({ locals: { supabase } }) => { let res = await supabase.from("t").insert({}); if (res.error) return; res = await supabase.auth.getSession(); return { success: true }; } };`,
        },
      },
      {
        when: "a layout runs in the page as well",
        files: {
          "src/routes/+layout.ts":
            `import { createBrowserClient, createServerClient, isBrowser } from "@supabase/ssr";\nexport const load = async ({ data }) => { const supabase = isBrowser() ? createBrowserClient(u, k) : createServerClient(u, k, c); const session = isBrowser() ? (await supabase.auth.getSession()).data.session : data.session; return { supabase, session }; };`,
        },
      },

      {
        when: "both are asked in callbacks of the same function",
        files: {
          "src/hooks.server.ts":
            `export const handle = async () => { const a = await timed(() => supabase.auth.getSession()); const b = await timed(() => supabase.auth.getUser()); return a && b; };`,
        },
      },
      {
        when: "a middleware only refreshes by it",
        files: {
          "middleware.ts":
            `import { NextResponse } from "next/server";\nexport async function middleware(req) { await supabase.auth.getSession(); return NextResponse.next(); }`,
        },
      },
      {
        when: "only the token is taken, to be passed on",
        files: {
          "app/api/route.ts":
            `export async function GET() { const { data: { session } } = await supabase.auth.getSession(); if (!session) return new Response(null, { status: 401 }); return fetch(u, { headers: { Authorization: session.access_token } }); }`,
        },
      },
      {
        when: "a server asks Auth beside it, as SvelteKit's guide does",
        files: {
          "src/hooks.server.ts":
            `const f = async () => { await supabase.auth.getSession(); await supabase.auth.getUser(); };`,
        },
      },
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
        when: "its version ignores the client's header",
        files: edge(
          `import { createClient } from "https://esm.sh/@supabase/supabase-js@2.42.5"; const headers = { Authorization: h };\nawait createClient("u", "k", { global: { headers } }).auth.getUser();`,
        ),
        severity: "error",
        at: AT,
      },
      {
        when: "its version ignores the header, through an import map and a helper",
        files: {
          "supabase/functions/deno.json":
            `{ "imports": { "@supabase/supabase-js": "npm:@supabase/supabase-js@2.39.3" } }`,
          "supabase/functions/_shared/client.ts":
            `import { createClient as make } from "@supabase/supabase-js"; export const clientFor = (req: Request) => make("u", "k", { global: { headers: { Authorization: req.headers.get("Authorization")! } } });`,
          ...edge(
            `import { clientFor } from "../_shared/client.ts";\nDeno.serve(async (req) => Response.json(await clientFor(req).auth.getUser()));`,
          ),
        },
        severity: "warning",
        at: AT,
      },
      {
        when: "a factory of the project makes the client without a header",
        files: {
          "supabase/functions/_shared/client.ts":
            `import { createClient } from "npm:@supabase/supabase-js@2"; export function plain(url = "u") { return createClient(url, "k"); }`,
          ...edge(
            `import { plain } from "../_shared/client.ts";\nDeno.serve(async () => Response.json(await plain().auth.getUser()));`,
          ),
        },
        severity: "error",
        at: AT,
      },
      {
        when: "the client has no session",
        files: edge(`${CLIENT}await supabase.auth.getUser();`),
        severity: "error",
        at: AT,
      },
      {
        when: "its options say nothing of a session",
        files: edge(
          `const options = { auth: { persistSession: false }, global: { fetch } };\nawait createClient(u, k, options).auth.getUser();`,
        ),
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
        when: "the project's own createClient() sets the caller's header",
        files: {
          "supabase/functions/_shared/client.ts":
            `import { createClient as make } from "npm:@supabase/supabase-js@2"; export function createClient(req: Request) { const headers = { Authorization: req.headers.get("Authorization")! }; return make("u", "k", { global: { headers } }); }`,
          ...edge(
            `import { createClient } from "../_shared/client.ts";\nDeno.serve(async (req) => Response.json(await createClient(req).auth.getUser()));`,
          ),
        },
      },
      {
        when: "the version asks with the header",
        files: edge(
          `import { createClient } from "npm:@supabase/supabase-js@2.39.8"; createClient("u", "k", { global: { headers: { Authorization: h } } }).auth.getUser();`,
        ),
      },
      {
        when: "the client has the caller's Authorization header",
        files: edge(
          `const c = createClient("u", "k", { global: { headers: { Authorization: req.headers.get("Authorization")! } } });\nawait c.auth.getUser();`,
        ),
      },
      {
        when: "it has a session, or a token, by its options",
        files: edge(
          `createClient(u, k, { auth: { storage } }).auth.getUser();\n` +
            `createClient(u, k, { accessToken: () => token }).auth.getUser();\n` +
            `createClient(u, k, { auth: options }).auth.getUser();\n` +
            `createClient(u, k, { global: { headers: { ...headers } } }).auth.getUser();\n` +
            `createClient(u, k, { global }).auth.getUser();\n` +
            `createClient(u, k, options).auth.getUser();\n`,
        ),
      },
      {
        when: "it is a client of cookies",
        files: edge("createServerClient(u, k, { cookies }).auth.getUser();"),
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
        severity: "warning",
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
          `import { cors } from "npm:hono@4/cors"; import { auth } from "../../../../shared/mod.ts";\napp.use(auth());\napp.use("*", cors());`,
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
};

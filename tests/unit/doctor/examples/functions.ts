// Functions, and how they are mounted.
import { AT, CLIENT, config, edge, type Shown } from "../_project.ts";

const MOUNTED = `import { edgeFunction } from "../../../shared/mod.ts";\n` +
  `export default { fetch: edgeFunction("f").fetch };\n`;
const LIBRARY = {
  "shared/mod.ts": `export { edgeFunction } from "./server/edge_function.ts";`,
  "shared/server/edge_function.ts": "export const edgeFunction = () => {};",
};
const OFF = config("[functions.f]\nverify_jwt = false\n[functions.g]\nverify_jwt = false\n");
const ON = config("[functions.f]\nverify_jwt = true\n");
const ENTRY = "supabase/functions/f/index.ts";

/** A client of the service, in line 1. */
const SERVICE = `import { createClient } from "npm:@supabase/supabase-js@2"; ` +
  `const admin = createClient(Deno.env.get("SUPABASE_URL")!, Deno.env.get("SUPABASE_SERVICE_ROLE_KEY")!);\n`;
/** A handler that writes what it was sent. */
const WRITES = `Deno.serve(async (req) => {\n  const body = await req.json();\n` +
  `  await admin.from("orders").insert(body);\n  return new Response("ok");\n});\n`;
/** The same behind something that is done with the request. */
const behind = (check: string) => SERVICE + WRITES.replace("{\n", `{\n  ${check}\n`);

/** By id. */
export const functionExamples: Readonly<Record<string, Shown>> = {
  "function-open-service": {
    fires: [
      {
        when: "two names of a header stand for one another",
        files: {
          ...OFF,
          ...edge(behind(
            `const header = req.headers.get("Authorization"); let token = other || header; let other = token; if (!token) return new Response(null, { status: 400 });`,
          )),
        },
        severity: "error",
        at: `${ENTRY}:1`,
      },

      {
        when: "another server is asked about the password first",
        files: {
          ...OFF,
          ...edge(behind(
            `const answer = await fetch("https://old.example/login", { method: "POST", body: await req.clone().text() }); if (!answer.ok) return new Response(null, { status: 401 });`,
          )),
        },
        severity: "warning",
        at: `${ENTRY}:1`,
      },

      {
        when: "its own address is looked at, for the local stack",
        files: {
          ...OFF,
          ...edge(behind(
            `const isLocal = Deno.env.get("SUPABASE_URL")!.includes("127.0.0.1"); console.log(isLocal);`,
          )),
        },
        severity: "error",
        at: `${ENTRY}:1`,
      },
      {
        when: "a one-time code of a row is compared",
        files: {
          ...OFF,
          ...edge(behind(
            `const { otp } = await req.json(); const { data: row } = await admin.from("codes").select().single(); if (row.otp !== otp) return new Response(null, { status: 401 });`,
          )),
        },
        severity: "warning",
        at: `${ENTRY}:1`,
      },
      {
        when: "a function of the database that it asks only searches",
        files: {
          ...OFF,
          ...edge(
            SERVICE +
              `Deno.serve(async (req) => Response.json(await admin.rpc("search_documents", await req.json())));`,
          ),
        },
        severity: "warning",
        at: `${ENTRY}:1`,
      },
      {
        when: "its name says that it signs in",
        files: {
          ...config("[functions.send-otp]\nverify_jwt = false\n"),
          ...edge(SERVICE + WRITES, "send-otp"),
        },
        severity: "info",
        at: "supabase/functions/send-otp/index.ts:1",
      },

      {
        when: "the client is made beside the handler",
        files: { ...OFF, ...edge(SERVICE + WRITES) },
        severity: "error",
        at: `${ENTRY}:1`,
      },
      {
        when: "a helper of _shared makes it, and another export of that file asks Auth",
        files: {
          ...OFF,
          "supabase/functions/_shared/db.ts": SERVICE.replace("const admin", "export const admin") +
            `export const caller = (token: string) => admin.auth.getUser(token);`,
          ...edge(`import { admin } from "../_shared/db.ts";\n${WRITES}`),
        },
        severity: "error",
        at: `${ENTRY}:1`,
      },
      {
        when: "a header is only looked at for its presence",
        files: {
          ...OFF,
          ...edge(behind(
            `const header = req.headers.get("Authorization"); if (!header) return new Response(null, { status: 401 }); console.log("has", header);`,
          )),
        },
        severity: "error",
        at: `${ENTRY}:1`,
      },
      {
        when: "the import map of the function leads to the helper",
        files: {
          ...config(
            `[functions.f]\nverify_jwt = false\nimport_map = "./functions/f/import_map.json"`,
          ),
          "supabase/functions/f/import_map.json": `{ "imports": { "db": "../_shared/db.ts" } }`,
          "supabase/functions/_shared/db.ts": SERVICE.replace("const admin", "export const admin"),
          ...edge(`import { admin } from "db";\n${WRITES}`),
        },
        severity: "error",
        at: `${ENTRY}:1`,
      },
      {
        when: "the power is auth.admin, and the project lies in a folder of a monorepo",
        files: {
          "packages/db/supabase/config.toml": "[functions.f]\nverify_jwt = false",
          "packages/db/supabase/functions/f/index.ts":
            `${CLIENT}Deno.serve(async (req) => Response.json(await supabase.auth.admin.deleteUser((await req.json()).id)));`,
        },
        severity: "error",
        at: "packages/db/supabase/functions/f/index.ts:2",
      },
      {
        when: "the official middleware is told to let everybody in",
        files: {
          ...OFF,
          ...edge(
            `import { withSupabase } from "npm:@supabase/server@^1";\nexport default { fetch: withSupabase({ auth: "none" }, async (req, { supabaseAdmin }) => Response.json(await supabaseAdmin.from("a").insert(await req.json()))) };`,
          ),
        },
        severity: "error",
        at: `${ENTRY}:2`,
      },
      {
        when: "the JWT check is only imported as a type",
        files: {
          ...OFF,
          ...edge(`import type { jwtVerify } from "npm:jose@5";\n${SERVICE}${WRITES}`),
        },
        severity: "error",
        at: `${ENTRY}:2`,
      },
      {
        when: "the check of a factory is an option, and not asked for",
        files: {
          ...OFF,
          "supabase/functions/_shared/job.ts":
            `export const job = (run, options?: { guarded?: boolean }) => async (req: Request) => { if (options?.guarded) { if (req.headers.get("x-job") !== Deno.env.get("JOB_KEY")) throw 1; } return run(await req.json()); };`,
          ...edge(
            `import { job } from "../_shared/job.ts"; ${SERVICE}Deno.serve(job((body) => admin.from("a").insert(body)));`,
          ),
        },
        severity: "error",
        at: `${ENTRY}:1`,
      },
      {
        when: "the secret key is one of those that the platform hands in",
        files: {
          ...OFF,
          ...edge(
            SERVICE.replace(
              `Deno.env.get("SUPABASE_SERVICE_ROLE_KEY")!`,
              `JSON.parse(Deno.env.get("SUPABASE_SECRET_KEYS")!)["default"]`,
            ) + WRITES,
          ),
        },
        severity: "error",
        at: `${ENTRY}:1`,
      },
      {
        when: "a header goes into something that cannot be read",
        files: {
          ...OFF,
          ...edge(`import { check } from "../_shared/missing.ts";\n${behind("check(req);")}`),
        },
        severity: "warning",
        at: `${ENTRY}:2`,
      },
      {
        when: "it only reads",
        files: {
          ...OFF,
          ...edge(
            `${SERVICE}Deno.serve(async () => Response.json(await admin.from("a").select()));`,
          ),
        },
        severity: "warning",
        at: `${ENTRY}:1`,
      },
      {
        when: "it signs its caller in",
        files: {
          ...OFF,
          ...edge(behind("await admin.auth.signInWithPassword(await req.clone().json());")),
        },
        severity: "warning",
        at: `${ENTRY}:1`,
      },
      {
        when: "its name says that everybody calls it",
        files: {
          ...config("[functions.contact-form]\nverify_jwt = false"),
          ...edge(SERVICE + WRITES, "contact-form"),
        },
        severity: "info",
        at: "supabase/functions/contact-form/index.ts:1",
      },
      {
        when: "its name says that guests may call it",
        files: {
          ...config("[functions.create_checkout]\nverify_jwt = false"),
          ...edge(SERVICE + WRITES, "create_checkout"),
        },
        severity: "warning",
        at: "supabase/functions/create_checkout/index.ts:1",
      },
      {
        when: "it changes any user, whatever its name says",
        files: {
          ...config("[functions.reset-password]\nverify_jwt = false"),
          ...edge(
            `${CLIENT}Deno.serve(async (req) => { const { id, password } = await req.json(); return Response.json(await supabase.auth.admin.updateUserById(id, { password })); });`,
            "reset-password",
          ),
        },
        severity: "error",
        at: "supabase/functions/reset-password/index.ts:2",
      },
      {
        when: "it asks Stripe about a payment first",
        files: {
          ...OFF,
          ...edge(behind(
            `const paid = await stripe.checkout.sessions.retrieve((await req.clone().json()).id); if (!paid.ok) return new Response();`,
          )),
        },
        severity: "warning",
        at: `${ENTRY}:1`,
      },
      {
        when: "it limits how often an address calls it",
        files: { ...OFF, ...edge(behind("await rateLimit(req);")) },
        severity: "warning",
        at: `${ENTRY}:1`,
      },
      {
        when: "the only header that it reads is for tracing",
        files: {
          ...OFF,
          ...edge(behind(`const trace = req.headers.get("x-trace-id"); log(trace);`)),
        },
        severity: "error",
        at: `${ENTRY}:1`,
      },
      {
        when: "it reads, and writes down that it was read",
        files: {
          ...OFF,
          ...edge(
            `${SERVICE}Deno.serve(async () => { await admin.from("page_views").insert({}); return Response.json(await admin.from("a").select()); });`,
          ),
        },
        severity: "warning",
        at: `${ENTRY}:1`,
      },
    ],
    quiet: [
      {
        when: "a header is compared with a token out of the database",
        files: {
          ...OFF,
          ...edge(behind(
            `const given = req.headers.get("x-job-token") ?? ""; const { data: expected } = await admin.rpc("get_job_token"); if (given !== expected) return new Response(null, { status: 401 });`,
          )),
        },
      },
      {
        when: "a password is compared with its hash",
        files: {
          ...OFF,
          ...edge(
            `import * as bcrypt from "npm:bcryptjs@2";\n` + behind(
              `const { data: row } = await admin.from("staff").select().single(); if (!await bcrypt.compare((await req.json()).pin, row.pin_hash)) return new Response(null, { status: 401 });`,
            ),
          ),
        },
      },

      {
        when: "getUser() is asked in a helper of another file",
        files: {
          ...OFF,
          "supabase/functions/_shared/auth.ts":
            `${CLIENT}export default async function requireUser(req: Request) { const { error } = await supabase.auth.getUser(req.headers.get("Authorization")!.slice(7)); if (error) throw error; }`,
          "supabase/functions/_shared/mod.ts": `export { default as guard } from "./auth.ts";`,
          ...edge(
            `import * as shared from "../_shared/mod.ts";\n${behind("await shared.guard(req);")}`,
          ),
        },
      },
      {
        when: "a middleware of Hono asks",
        files: {
          ...OFF,
          ...edge(
            `import { Hono } from "npm:hono@4"; ${SERVICE}const guard = async (c, next) => { const { error } = await admin.auth.getUser(c.req.header("Authorization").slice(7)); return error ? c.json({}, 401) : next(); };\nconst app = new Hono(); app.use(guard); app.post("/", async (c) => c.json(await admin.from("a").insert(await c.req.json()))); Deno.serve(app.fetch);`,
          ),
        },
      },
      {
        when: "Auth is asked by fetch",
        files: {
          ...OFF,
          ...edge(behind(
            'const who = await fetch(`${url}/auth/v1/user`, { headers: { Authorization: req.headers.get("Authorization")! } }); if (who.status !== 200) return who;',
          )),
        },
      },
      {
        when: "a secret is compared in a helper",
        files: {
          ...OFF,
          ...edge(
            `${SERVICE}const fromCron = (req: Request) => { const secret = String(Deno.env.get("CRON_SECRET")); return req.headers.get("x-cron") === secret; };\n` +
              WRITES.replace(
                "{\n",
                "{\n if (!fromCron(req)) return new Response(null, { status: 401 });\n",
              ),
          ),
        },
      },
      {
        when: "the check of a factory is an option, and asked for",
        files: {
          ...OFF,
          "supabase/functions/_shared/job.ts":
            `export const job = (run, options?: { guarded?: boolean }) => async (req: Request) => { if (options?.guarded) { if (req.headers.get("x-job") !== Deno.env.get("JOB_KEY")) throw 1; } return run(await req.json()); };`,
          ...edge(
            `import { job } from "../_shared/job.ts"; ${SERVICE}Deno.serve(job((body) => admin.from("a").insert(body), { guarded: true }));`,
          ),
        },
      },
      {
        when: "the name of the variable with the secret is an option",
        files: {
          ...OFF,
          ...edge(
            `${SERVICE}const guarded = (req: Request, options: { variable: string }) => req.headers.get("x-job") === Deno.env.get(options.variable);\n` +
              WRITES.replace(
                "{\n",
                `{\n if (!guarded(req, { variable: "JOB_KEY" })) return new Response();\n`,
              ),
          ),
        },
      },
      {
        when: "a key is one of a set out of the environment",
        files: {
          ...OFF,
          ...edge(
            `const keys = new Set(Deno.env.get("API_KEYS")!.split(","));\n` +
              behind(
                `if (!keys.has(req.headers.get("x-api-key")!)) return new Response(null, { status: 401 });`,
              ),
          ),
        },
      },
      {
        when: "a token is looked up",
        files: {
          ...OFF,
          ...edge(behind(
            `const { data } = await admin.from("keys").select().eq("token_hash", await hash(req)).single();`,
          )),
        },
      },
      {
        when: "the state of a sign-in elsewhere is looked up",
        files: {
          ...OFF,
          ...edge(behind(
            `const { state } = await req.clone().json(); const { data } = await admin.from("mail_auth_states").select().eq("state", state).single(); if (!data) return new Response();`,
          )),
        },
      },
      {
        when: "the hash of a mailed code is looked up",
        files: {
          ...OFF,
          ...edge(behind(
            `const { code } = await req.clone().json(); const { data } = await admin.from("password_reset_codes").select().eq("code_hash", await hash(code)); if (!data?.length) return new Response();`,
          )),
        },
      },
      {
        when: "the database is asked about a token",
        files: {
          ...OFF,
          ...edge(behind(
            `const { token } = await req.clone().json(); const { data } = await admin.rpc("is_open", { p_token: token }); if (!data) return new Response();`,
          )),
        },
      },
      {
        when: "the signature of a webhook is checked with crypto",
        files: {
          ...OFF,
          ...edge(behind(
            `const ok = await crypto.subtle.verify("HMAC", key, signatureOf(req), await req.clone().arrayBuffer()); if (!ok) return new Response(null, { status: 400 });`,
          )),
        },
      },
      {
        when: "it is declared public with a reason",
        files: {
          ...OFF,
          ...edge(`// edge-auth: public, because shops list their prices\n${SERVICE}${WRITES}`),
        },
      },
      { when: "the gateway checks first", files: { ...ON, ...edge(SERVICE + WRITES) } },
    ],
  },
  "function-anon-key-enough": {
    fires: [
      {
        when: "a comment says that it is public",
        files: { ...ON, ...edge("// Public, no-JWT edge function.\n" + SERVICE + WRITES) },
        severity: "info",
        at: `${ENTRY}:2`,
      },

      {
        when: "it acts for the service",
        files: { ...ON, ...edge(SERVICE + WRITES) },
        severity: "warning",
        at: `${ENTRY}:1`,
      },
      {
        when: "verify_jwt is not written, and it calls a service that costs money",
        files: edge(
          `Deno.serve(async (req) => fetch("https://model.example", { method: "POST", headers: { "x-key": Deno.env.get("MODEL_KEY")! }, body: req.body }));`,
        ),
        severity: "warning",
        at: `${ENTRY}:1`,
      },
    ],
    quiet: [
      {
        when: "a token of the body has to be one of a list",
        files: {
          ...ON,
          ...edge(behind(
            `const { token } = await req.json(); if (!["partner-1", "partner-2"].includes(token)) return new Response(null, { status: 401 });`,
          )),
        },
      },

      { when: "it does nothing", files: { ...ON, ...edge("Deno.serve(() => new Response())") } },
      {
        when: "getUser() is asked",
        files: { ...ON, ...edge(behind("await admin.auth.getUser(token(req));")) },
      },
      {
        when: "the caller's token is passed on",
        files: {
          ...ON,
          ...edge(
            `import { createClient } from "npm:@supabase/supabase-js@2";\nDeno.serve(async (req) => { const header = req.headers.get("Authorization"); const db = createClient("u", "k", { global: { headers: header ? { Authorization: header } : {} } }); return Response.json(await db.from("a").select()); });`,
          ),
        },
      },
    ],
  },
  "function-jwt-unverified": {
    fires: [
      {
        when: "the payload is cut out by hand",
        files: {
          ...OFF,
          ...edge(behind(
            `const [, payload] = req.headers.get("Authorization")!.split("."); const { sub } = JSON.parse(atob(payload)); body(sub);`,
          )),
        },
        severity: "error",
        at: `${ENTRY}:3`,
      },
      {
        when: "jose only decodes",
        files: {
          ...OFF,
          ...edge(
            `import { decodeJwt } from "npm:jose@5";\nDeno.serve((req) => Response.json(decodeJwt(req.headers.get("Authorization")!.slice(7)).sub));`,
          ),
        },
        severity: "error",
        at: AT,
      },
    ],
    quiet: [
      {
        when: "the token is another server's answer",
        files: {
          ...OFF,
          ...edge(
            `Deno.serve(async (req) => { const code = new URL(req.url).searchParams.get("code"); const answer = await fetch("https://accounts.example/token", { method: "POST", body: code }); const { id_token } = await answer.json(); return new Response(atob(id_token.split(".")[1])); });`,
          ),
        },
      },

      {
        when: "the gateway has verified it",
        files: {
          ...ON,
          ...edge(`Deno.serve((req) => Response.json(atob(tokenOf(req).split(".")[1])));`),
        },
      },
      {
        when: "jose verifies",
        files: {
          ...OFF,
          ...edge(
            `import { decodeProtectedHeader, jwtVerify } from "npm:jose@5";\nDeno.serve(async (req) => Response.json(await jwtVerify(tokenOf(req), keys)));`,
          ),
        },
      },
    ],
  },
  "function-caller-check": {
    fires: [
      {
        when: "getClaims() is asked",
        files: {
          ...OFF,
          ...edge(
            `${CLIENT}Deno.serve(async (req) => Response.json(await supabase.auth.getClaims(t(req))));`,
          ),
        },
        severity: "info",
        at: `${ENTRY}:1`,
      },
      {
        when: "the official middleware checks",
        files: {
          ...OFF,
          ...edge(
            `import { withSupabase } from "npm:@supabase/server@1";\nexport default { fetch: withSupabase({ auth: ["user", "secret"] }, () => new Response()) };`,
          ),
        },
        severity: "info",
        at: `${ENTRY}:1`,
      },
      {
        when: "a webhook's signature is checked",
        files: {
          ...OFF,
          ...edge(
            `import { Webhook } from "npm:standardwebhooks@1";\nDeno.serve(async (req) => { new Webhook(secret).verify(await req.text(), Object.fromEntries(req.headers)); return new Response(); });`,
          ),
        },
        severity: "info",
        at: `${ENTRY}:1`,
      },
    ],
    quiet: [{
      when: "Auth is asked",
      files: { ...OFF, ...edge(`${CLIENT}Deno.serve((req) => supabase.auth.getUser(t(req)));`) },
    }],
  },
  "webhook-behind-gateway": {
    fires: [{
      when: "verify_jwt is on",
      files: {
        ...ON,
        ...edge(
          `import Stripe from "npm:stripe@17";\nconst stripe = new Stripe(Deno.env.get("STRIPE_KEY")!);\nDeno.serve(async (req) => { await stripe.webhooks.constructEventAsync(await req.text(), req.headers.get("stripe-signature")!, Deno.env.get("STRIPE_WEBHOOK_SECRET")!); return new Response(); });`,
        ),
      },
      severity: "warning",
      at: "supabase/config.toml:2",
    }],
    quiet: [
      {
        when: "the app itself signs, in the body",
        files: edge(
          `import { verifySignature } from "npm:own-crypto@1";\nDeno.serve(async (req) => { const { text, signature } = await req.json(); return new Response(String(await verifySignature(text, signature))); });`,
          "sso-login",
        ),
      },
      {
        when: "it is off",
        files: {
          ...OFF,
          ...edge(`Deno.serve((req) => stripe.webhooks.constructEvent(body, signature, secret));`),
        },
      },
    ],
  },
  "function-without-auth": {
    fires: [
      {
        when: "it uses another service at the project's cost",
        files: {
          ...OFF,
          ...edge(
            `Deno.serve(async (req) => fetch("https://ai.example", { method: "POST", body: await req.text(), headers: { authorization: \`Bearer \${Deno.env.get("AI_API_KEY")}\` } }));`,
          ),
        },
        severity: "warning",
        at: `${ENTRY}:1`,
      },

      {
        when: "another function mounts edge-auth",
        files: {
          ...OFF,
          ...LIBRARY,
          ...edge(MOUNTED),
          ...edge("Deno.serve(() => new Response())", "g"),
        },
        severity: "warning",
        at: "supabase/functions/g/index.ts:1",
      },
      {
        when: "edge-auth is imported and not mounted",
        files: {
          ...OFF,
          ...LIBRARY,
          ...edge(MOUNTED),
          ...edge(
            `import { edgeFunction } from "../../../shared/mod.ts";\nconst a = "edgeFunction('g')"; // edgeFunction("g")`,
            "g",
          ),
        },
        severity: "warning",
        at: "supabase/functions/g/index.ts:1",
      },
      {
        when: "no function of the project asks",
        files: { ...OFF, ...edge("Deno.serve(() => new Response())") },
        severity: "info",
        at: `${ENTRY}:1`,
      },
      {
        when: "the reason stands below the code",
        files: { ...OFF, ...edge("Deno.serve(f);\n// edge-auth: public, because it is late") },
        severity: "info",
        at: `${ENTRY}:1`,
      },
      {
        when: "the auth() that is mounted is another library's",
        files: {
          ...OFF,
          ...LIBRARY,
          ...edge(MOUNTED),
          ...edge(`import { auth } from "other";\nnew Hono().use(auth());`, "g"),
        },
        severity: "warning",
        at: "supabase/functions/g/index.ts:1",
      },
      {
        when: "the reason is missing",
        files: { ...OFF, ...edge("// edge-auth: public\nDeno.serve(() => new Response())") },
        severity: "info",
        at: `${ENTRY}:1`,
      },
    ],
    quiet: [
      { when: "all mount edge-auth", files: { ...OFF, ...LIBRARY, ...edge(MOUNTED) } },
      {
        when: "it is listed with a reason",
        files: {
          ...OFF,
          ...LIBRARY,
          ...edge(MOUNTED),
          ...edge(
            "// edge-auth: public, because a payment provider calls it\nDeno.serve(() => new Response())",
            "g",
          ),
        },
      },
      {
        when: "the app is in another file, and an import map leads to edge-auth",
        files: {
          ...OFF,
          "import_map.json": `{ "imports": { "auth/": "./shared/" } }`,
          ...LIBRARY,
          "functions/f/index.ts": `import { app } from "./app.ts"; export default app;`,
          "functions/f/app.ts":
            `import { Hono } from "hono"; import { auth as check } from "auth/mod.ts";\n` +
            `export const app = new Hono().use(check());`,
        },
      },
      {
        when: "a project without edge-auth asks with the token",
        files: { ...OFF, ...edge(`${CLIENT}Deno.serve((req) => supabase.auth.getUser(t(req)));`) },
      },
    ],
  },
  "verify-jwt": {
    fires: [
      {
        when: "it is not written for a function with edge-auth",
        files: { ...config("[auth]\nenabled = true\n"), ...LIBRARY, ...edge(MOUNTED) },
        severity: "warning",
        at: "supabase/config.toml:1",
      },
      {
        when: "it is on for a function with edge-auth",
        files: { ...config("[functions.f]\nverify_jwt = true\n"), ...LIBRARY, ...edge(MOUNTED) },
        severity: "error",
        at: "supabase/config.toml:2",
      },
      {
        when: "it is commented out",
        files: { ...config("[functions.f]\n# verify_jwt = false\n"), ...LIBRARY, ...edge(MOUNTED) },
        severity: "warning",
        at: "supabase/config.toml:1",
      },
      {
        when: "a function that asks Auth by hand leaves it on",
        files: {
          ...config("[functions.f]\nenabled = true"),
          ...edge(`${CLIENT}Deno.serve((req) => supabase.auth.getUser(t(req)));`),
        },
        severity: "info",
        at: "supabase/config.toml:1",
      },
    ],
    quiet: [
      { when: "nobody would be asked without it", files: { ...ON, ...edge(SERVICE + WRITES) } },
      { when: "it is off", files: { ...OFF, ...LIBRARY, ...edge(MOUNTED) } },
      {
        when: "it is off in an inline table",
        files: {
          ...config("[functions]\nf = { verify_jwt = false }\n"),
          ...LIBRARY,
          ...edge(MOUNTED),
        },
      },
    ],
  },
  "function-entry-missing": {
    fires: [{
      when: "the path leads nowhere",
      files: config(`[functions.f]\nverify_jwt = false\nentrypoint = "../functions/g/index.ts"`),
      severity: "error",
      at: "supabase/config.toml:3",
    }],
    quiet: [
      {
        when: "a build makes the entry",
        files: config(
          `[functions.f]\nverify_jwt = false\nentrypoint = "./functions/f/dist/index.js"`,
        ),
      },
      {
        when: "the path is right",
        files: {
          ...config(`[functions.f]\nverify_jwt = false\nentrypoint = "../functions/g/index.ts"`),
          "functions/g/index.ts": "export {};",
        },
      },
    ],
  },
};

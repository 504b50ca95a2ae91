// Secrets, tokens and rights in source.
import { app, AT, CLIENT, config, edge, type Shown, SRC } from "../_project.ts";

const IMPORT = `import { createClient } from "npm:@supabase/supabase-js@2";\n`;
const SERVICE_KEY = `Deno.env.get("SUPABASE_SERVICE_ROLE_KEY")!`;

/** A check with the shared secret, in line 2. */
const HS256 =
  `import { jwtVerify } from "npm:jose@5"; const secret = new TextEncoder().encode(Deno.env.get("SUPABASE_JWT_SECRET"));\nexport const f = (t: string) => jwtVerify(t, secret);`;

/** By id. */
export const credentialExamples: Readonly<Record<string, Shown>> = {
  "secret-compared": {
    fires: [
      {
        when: "all are let in where it is not set",
        files: edge(
          `const verify = (given: string) => { const secret = Deno.env.get("HOOK_SECRET");\nif (!secret) { console.warn("no secret"); return true; }\nreturn timingSafeEqual(given, secret); }; Deno.serve(async (req) => new Response(String(verify(await req.text()))));`,
        ),
        severity: "warning",
        at: AT,
      },

      {
        when: "it is compared only where it is set",
        files: edge(
          `const secret = Deno.env.get("CRON_SECRET"); Deno.serve((req) => {\nif (secret && req.headers.get("authorization") !== \`Bearer \${secret}\`) return new Response("no", { status: 401 });\nreturn new Response(); });`,
        ),
        severity: "warning",
        at: AT,
      },

      {
        when: "the variable is taken out of the environment",
        files: edge(
          `const { JOB_SECRET } = Deno.env.toObject();\nDeno.serve((req) => new Response(String(req.headers.get("x-job") === JOB_SECRET)));`,
        ),
        severity: "warning",
        at: AT,
      },
      {
        when: "a header is compared with a variable",
        files: edge(
          `const wanted = Deno.env.get("CRON_KEY");\nDeno.serve((req) => new Response(null, { status: req.headers.get("x-key") === wanted ? 200 : 401 }));`,
        ),
        severity: "warning",
        at: AT,
      },
      {
        when: "the scheme stands in front",
        files: edge(
          "const wanted = `Bearer ${Deno.env.get('JOB_SECRET')}`;\nDeno.serve((req) => { const got = req.headers.get('authorization') ?? ''; return new Response(null, { status: got !== wanted ? 401 : 200 }); });",
        ),
        severity: "warning",
        at: AT,
      },
      {
        when: "a helper compares its parameter",
        files: edge(
          `export const isJob =\n (given: string) => given === Deno.env.get("JOB_TOKEN");`,
        ),
        severity: "warning",
        at: AT,
      },
    ],
    quiet: [
      {
        when: "only the lengths are, before a comparison in constant time",
        files: edge(
          `const secret = Deno.env.get("HOOK_SECRET")!; Deno.serve(async (req) => { const given = req.headers.get("x-secret") ?? ""; if (given.length !== secret.length) return new Response(null, { status: 401 }); return new Response(String(timingSafeEqual(given, secret))); });`,
        ),
      },

      {
        when: "nobody is let in where it is not set",
        files: edge(
          `const verify = (given: string) => { const secret = Deno.env.get("HOOK_SECRET"); if (!secret) return false; return timingSafeEqual(given, secret); }; Deno.serve(async (req) => new Response(String(verify(await req.text()))));`,
        ),
      },

      {
        when: "it is only there or not",
        files: edge(`if (Deno.env.get("JOB_SECRET") === undefined) throw new Error();`),
      },
      {
        when: "it is compared in constant time",
        files: edge(
          `Deno.serve((req) => new Response(String(timingSafeEqual(a(req), b(Deno.env.get("JOB_SECRET"))))));`,
        ),
      },
      {
        when: "a cache is looked up",
        files: edge(
          `let kept = "";\nexport const f = () => { const key = Deno.env.get("SUPABASE_SERVICE_ROLE_KEY"); if (kept === key) return; };`,
        ),
      },
      {
        when: "the variable is no secret",
        files: edge(
          `Deno.serve((req) => new Response(String(req.headers.get("x-region") === Deno.env.get("REGION"))));`,
        ),
      },
    ],
  },
  "service-client-overridden": {
    fires: [
      {
        when: "the caller's token is its accessToken",
        files: edge(
          `${IMPORT}export const f = (req: Request) => createClient("u", ${SERVICE_KEY}, { accessToken: () => Promise.resolve(req.headers.get("Authorization")!.slice(7)) });`,
        ),
        severity: "warning",
        at: AT,
      },
      {
        when: "it carries the caller's header",
        files: edge(
          `${IMPORT}export const f = (req: Request) => createClient("u", ${SERVICE_KEY}, { global: { headers: { Authorization: req.headers.get("Authorization")! } } });`,
        ),
        severity: "warning",
        at: AT,
      },
      {
        when: "the header goes through a constant and a template",
        files: edge(
          `${IMPORT}export const f = (req: Request) => { const token = req.headers.get("Authorization")!.slice(7); return createClient("u", ${SERVICE_KEY}, { global: { headers: { authorization: \`Bearer \${token}\` } } }); };`,
        ),
        severity: "warning",
        at: AT,
      },
      {
        when: "it signs in",
        files: {
          "supabase/functions/_shared/admin.ts":
            `${IMPORT}export const admin = createClient("u", ${SERVICE_KEY});`,
          ...edge(
            `import { admin } from "../_shared/admin.ts";\nawait admin.auth.signInWithPassword({ email, password });\nexport const all = () => admin.from("orders").select();`,
          ),
        },
        severity: "warning",
        at: AT,
      },
    ],
    quiet: [
      {
        when: "it sends a mail to sign in by",
        files: edge(
          `${IMPORT}Deno.serve(async (req) => { const admin = createClient("u", ${SERVICE_KEY}); await admin.auth.signInWithOtp(await req.json()); await admin.from("mails").insert({}); return new Response(); });`,
        ),
      },

      {
        when: "it signs in, and nothing but auth is asked of it",
        files: {
          "supabase/functions/_shared/admin.ts":
            `${IMPORT}export const admin = createClient("u", ${SERVICE_KEY});`,
          ...edge(
            `import { admin } from "../_shared/admin.ts";\nawait admin.auth.signInWithPassword({ email, password });\nawait admin.auth.admin.listUsers();`,
          ),
        },
      },
      {
        when: "the sign-in is the last that a client of the request does",
        files: edge(
          `${IMPORT}Deno.serve(async () => { const admin = createClient("u", ${SERVICE_KEY}); const { data } = await admin.from("users").select(); const { data: made } = await admin.auth.verifyOtp(data); return Response.json(made); });`,
        ),
      },
      {
        when: "it carries its own key",
        files: edge(
          `${IMPORT}const key = ${SERVICE_KEY}; export const f = createClient("u", key, { global: { headers: { Authorization: \`Bearer \${key}\` } } });`,
        ),
      },
      {
        when: "the key is public",
        files: edge(
          `${IMPORT}export const f = (req) => createClient("u", Deno.env.get("SUPABASE_ANON_KEY")!, { global: { headers: { Authorization: req.headers.get("Authorization")! } } });`,
        ),
      },
      {
        when: "another client signs in",
        files: edge(`${CLIENT}await supabase.auth.signInWithPassword({ email, password });`),
      },
    ],
  },
  "hs256-only": {
    fires: [{
      when: "the signing keys that config.toml names are asymmetric",
      files: {
        ...config('[auth]\nsigning_keys_path = "./signing_keys.json"'),
        "supabase/signing_keys.json": '[{ "kty": "EC", "alg": "ES256", "crv": "P-256" }]',
        ...edge(HS256),
      },
      severity: "error",
      at: AT,
    }, {
      when: "config.toml names signing keys that are not there",
      files: { ...config('[auth]\nsigning_keys_path = "./signing_keys.json"'), ...edge(HS256) },
      severity: "warning",
      at: AT,
    }, {
      when: "the key set beside it is asymmetric",
      files: {
        ".env": 'SUPABASE_JWKS=\'{"keys":[{"kty":"RSA","alg":"RS256"}]}\'\n',
        ...edge(HS256),
      },
      severity: "error",
      at: AT,
    }, {
      when: "jose verifies with the shared secret",
      files: edge(
        `import { jwtVerify } from "npm:jose@5"; const secret = new TextEncoder().encode(Deno.env.get("SUPABASE_JWT_SECRET"));\nexport const f = (t: string) => jwtVerify(t, secret);`,
      ),
      severity: "warning",
      at: AT,
    }, {
      when: "Hono's jwt() does",
      files: edge(
        `import { jwt } from "npm:hono@4/jwt";\napp.use(jwt({ secret: Deno.env.get("JWT_SECRET")!, alg: "HS256" }));`,
      ),
      severity: "warning",
      at: AT,
    }],
    quiet: [
      {
        when: "the server signs its own tokens with the secret",
        files: {
          "server/login.js":
            `import jwt from "jsonwebtoken";\nexport const token = (id) => jwt.sign({ id }, process.env.JWT_SECRET);`,
          "server/auth.js":
            `import jwt from "jsonwebtoken";\nexport const user = (token) => jwt.verify(token, process.env.JWT_SECRET);`,
        },
      },

      {
        when: "the key set is fetched",
        files: edge(
          `import { createRemoteJWKSet, jwtVerify } from "npm:jose@5"; const keys = createRemoteJWKSet(new URL(url));\nexport const f = (t: string) => jwtVerify(t, keys);`,
        ),
      },
      {
        when: "the key set is tried as well",
        files: edge(
          `import { jwtVerify } from "npm:jose@5"; export const f = async (t: string) => { try { return await jwtVerify(t, jwks); } catch { return await jwtVerify(t, encode(Deno.env.get("JWT_SECRET"))); } };`,
        ),
      },
      {
        when: "the signing keys that config.toml names are a secret",
        files: {
          ...config('[auth]\nsigning_keys_path = "./signing_keys.json"'),
          "supabase/signing_keys.json": '[{ "kty": "oct", "alg": "HS256" }]',
          ...edge(HS256.replace("jwtVerify(t, secret)", "0")),
        },
      },
      {
        when: "the token is the app's own, out of a cookie",
        files: edge(
          `import { jwtVerify } from "npm:jose@5";\nexport const f = (event) => { const impersonated = getCookie(event, "as"); return jwtVerify(impersonated, encode(Deno.env.get("SUPABASE_JWT_SECRET"))); };`,
        ),
      },
      {
        when: "another token is verified",
        files: edge(
          `import { jwtVerify } from "npm:jose@5";\nexport const f = (t: string) => jwtVerify(t, encode(Deno.env.get("DOWNLOAD_SECRET")));`,
        ),
      },
    ],
  },
  "user-metadata-role": {
    fires: [
      {
        when: "a role is compared",
        files: edge(`${CLIENT}export const f = (user) => user?.user_metadata?.role === "admin";`),
        severity: "warning",
        at: AT,
      },
      {
        when: "a tenant goes through a constant",
        files: edge(
          `export const f = (user) => {\n const tenant = user.user_metadata.tenant_id; if (!tenant) throw new Error(); return tenant; };`,
        ),
        severity: "warning",
        at: AT,
      },
      {
        when: "it is taken apart",
        files: edge(
          `export const f = (user) => {\n const { role = "user" } = user.user_metadata ?? {}; return role === "admin"; };`,
        ),
        severity: "warning",
        at: AT,
      },
      {
        when: "the metadata goes through a constant",
        files: edge(
          `export const f = (user) => { const meta = user.user_metadata;\n return meta["is_admin"] ? 1 : 2; };`,
        ),
        severity: "warning",
        at: AT,
      },
      {
        when: "a role is written into a table",
        files: edge(
          `export const f = async (user) => { const invited = user.user_metadata?.role || "member";\n const role = user.user_metadata?.role ?? "member"; await db.from("members").insert({ user_id: user.id, role }); };`,
        ),
        severity: "warning",
        at: AT,
      },
      {
        when: "roles are searched",
        files: edge(
          `export const f = (claims) =>\n claims.user_metadata.roles.includes("editor");`,
        ),
        severity: "warning",
        at: AT,
      },
    ],
    quiet: [
      {
        when: "it is app_metadata",
        files: edge(`export const f = (user) => user.app_metadata.role === "admin";`),
      },
      {
        when: "a name is shown",
        files: edge(`export const f = (user) => user.user_metadata.full_name ?? "";`),
      },
      {
        when: "a role is only shown",
        files: { "a.tsx": `export const A = ({ user }) => <p>{user.user_metadata.role}</p>;` },
      },
    ],
  },
  "token-exposed": {
    fires: [
      {
        when: "the query has it",
        files: edge(
          `Deno.serve((req) =>\n check(new URL(req.url).searchParams.get("access_token")));`,
        ),
        severity: "warning",
        at: AT,
      },
      {
        when: "a parameter of the query goes to Auth",
        files: edge(
          `${CLIENT}Deno.serve(async (req) => { const token = new URL(req.url).searchParams.get("token")!; return Response.json(await supabase.auth.getUser(token)); });`,
        ),
        severity: "warning",
        at: AT,
      },
      {
        when: "the header is logged",
        files: edge(
          `Deno.serve((req) => {\n console.log("auth", req.headers.get("Authorization")); return new Response(); });`,
        ),
        severity: "warning",
        at: AT,
      },
      {
        when: "all headers are logged",
        files: edge(
          `Deno.serve((req) => {\n console.log("called", Object.fromEntries(req.headers)); return new Response(); });`,
        ),
        severity: "warning",
        at: AT,
      },
      {
        when: "it stands in an object that is logged",
        files: edge(
          `Deno.serve((req) => { const token = req.headers.get("Authorization")!.slice(7);\n console.log({ token }); return new Response(); });`,
        ),
        severity: "warning",
        at: AT,
      },
      {
        when: "a session's token is logged",
        files: app(
          `const { data: { session } } = await supabase.auth.getSession(); console.debug(session.access_token);`,
        ),
        severity: "warning",
        at: `${SRC}:2`,
      },
      {
        when: "an address is built with it",
        files: app(
          "const { data } = await supabase.auth.getSession(); open(`/export?format=pdf&token=${data.session.access_token}`);",
        ),
        severity: "warning",
        at: `${SRC}:2`,
      },
    ],
    quiet: [
      {
        when: "only its presence is logged",
        files: edge(
          `Deno.serve((req) => { console.log("auth", !!req.headers.get("Authorization"), token.length); return new Response(); });`,
        ),
      },
      {
        when: "a link's fragment is read",
        files: app(
          `const hash = new URLSearchParams(location.hash.slice(1)); const token = hash.get("access_token"); createClient(token);`,
        ),
      },
      {
        when: "another service wants its own token there",
        files: edge(
          "Deno.serve(async () => { const tokenData = await (await fetch(u)).json(); return fetch(`https://graph.example/me?access_token=${tokenData.access_token}`); });",
        ),
      },
      {
        when: "a page reads what Auth's redirect has put into its address",
        files: app(
          `const part = new URLSearchParams(location.search); await supabase.auth.setSession({ access_token: part.get("access_token"), refresh_token: part.get("refresh_token") });`,
        ),
      },
      {
        when: "an invitation is looked up",
        files: edge(
          `Deno.serve(async (req) => { const token = new URL(req.url).searchParams.get("token"); return Response.json(await db.from("invitations").select().eq("token", token)); });`,
        ),
      },
      {
        when: "it goes into a header",
        files: app(
          "const { data } = await supabase.auth.getSession(); fetch(u, { headers: { Authorization: `Bearer ${data.session.access_token}` } });",
        ),
      },
    ],
  },
  "refresh-token-kept": {
    fires: [
      {
        when: "a page writes a cookie of its own",
        files: app(
          "const { data: { session } } = await supabase.auth.getSession(); document.cookie = `rt=${session.refresh_token}`;",
        ),
        severity: "warning",
        at: `${SRC}:2`,
      },
      {
        when: "a server of Node does",
        files: app(
          `app.post("/login", async (req, res) => { const { data } = await supabase.auth.signInWithPassword(req.body); res.cookie("rt", data.session.refresh_token); });`,
        ),
        severity: "warning",
        at: `${SRC}:2`,
      },
      {
        when: "it goes into localStorage",
        files: app(
          `const { data } = await supabase.auth.getSession(); localStorage.setItem("refresh", data.session.refresh_token);`,
        ),
        severity: "warning",
        at: `${SRC}:2`,
      },
      {
        when: "it goes into a cookie",
        files: app(
          `const { data: { session } } = await supabase.auth.signInWithPassword(p); cookies().set("rt", session.refresh_token);`,
        ),
        severity: "warning",
        at: `${SRC}:2`,
      },
      {
        when: "it goes into a phone's secure store",
        files: app(
          `const { data: { session: { refresh_token } } } = await supabase.auth.getSession(); await SecureStore.setItemAsync("rt", refresh_token);`,
        ),
        severity: "warning",
        at: `${SRC}:2`,
      },
    ],
    quiet: [
      {
        when: "it is another service's",
        files: app(`localStorage.setItem("google", google.refresh_token);`),
      },
      {
        when: "the session is handed to supabase-js",
        files: app(`await supabase.auth.setSession({ access_token, refresh_token });`),
      },
    ],
  },
};

// Supabase Auth as far as the benchmark needs it, in a process of its own, so that its CPU time is
// not the subject's. It issues the tokens, so it knows them and need not verify a signature.
import { sign } from "hono/jwt";
import { answerLines } from "./processes.ts";

/** What the fake Auth can be told. It answers with the tokens. */
export interface AuthCommand {
  /** How long each of its answers takes from now on. */
  readonly delay_ms: number;
  /** How many tokens to issue, each of a user and a session of its own. */
  readonly tokens: number;
  /** Whether the sessions of these tokens have ended. @default {false} */
  readonly ended?: boolean;
}

/** Its first line: the environment of a function of this project, keys included. */
export type AuthReady = Readonly<Record<string, string>>;

if (import.meta.main) {
  const users = new Map<string, { readonly body: string; readonly ended: boolean }>();
  let delay_ms = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    if (delay_ms > 0) await new Promise((resolve) => setTimeout(resolve, delay_ms));
    const path = new URL(request.url).pathname;
    if (path === "/auth/v1/.well-known/jwks.json") return Response.json(jwks);
    const user = users.get(request.headers.get("authorization")?.slice("Bearer ".length) ?? "");
    if (path !== "/auth/v1/user") return new Response(null, { status: 404 });
    if (user === undefined) return refuse("bad_jwt");
    if (user.ended) return refuse("session_not_found");
    return new Response(user.body, { headers: { "Content-Type": "application/json" } });
  });
  const url = `http://127.0.0.1:${server.addr.port}`;

  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const names = { kid: crypto.randomUUID(), alg: "ES256", use: "sig" };
  const open = { ...await crypto.subtle.exportKey("jwk", pair.publicKey), ...names };
  const secret = { ...await crypto.subtle.exportKey("jwk", pair.privateKey), ...names };
  const jwks = { keys: [open] };

  const publishable = "sb_publishable_bench00000000000000000_00000000";
  const ready: AuthReady = {
    SUPABASE_URL: url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: publishable }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: "sb_secret_bench000000000000000000_00000000" }),
    SUPABASE_ANON_KEY: publishable,
    SUPABASE_JWKS: JSON.stringify(jwks),
  };
  await answerLines<AuthCommand>(ready, async (command) => {
    delay_ms = command.delay_ms;
    const issued = Array.from({ length: command.tokens }, async () => {
      const [claims, user] = accountOf(crypto.randomUUID(), url);
      const token = await sign(claims, secret, "ES256");
      users.set(token, { body: JSON.stringify(user), ended: command.ended ?? false });
      return token;
    });
    return await Promise.all(issued);
  });
}

function refuse(code: string): Response {
  const headers = { "x-sb-error-code": code };
  return Response.json({ code: 403, error_code: code, msg: "refused" }, { status: 403, headers });
}

/** Every claim and every field of the user record that a hosted project writes. */
function accountOf(sub: string, url: string) {
  const now = Math.floor(Date.now() / 1000);
  const at = "2026-11-01T08:00:00.000000Z";
  const email = `${sub.slice(0, 8)}@example.com`;
  const user_metadata = { email, email_verified: true, phone_verified: false, sub };
  const both = {
    aud: "authenticated",
    role: "authenticated",
    email,
    phone: "",
    app_metadata: { provider: "email", providers: ["email"] },
    user_metadata,
    is_anonymous: false,
  };
  const claims = {
    ...both,
    iss: `${url}/auth/v1`,
    sub,
    exp: now + 3600,
    iat: now,
    aal: "aal1",
    amr: [{ method: "password", timestamp: now }],
    session_id: crypto.randomUUID(),
  };
  const times = { last_sign_in_at: at, created_at: at, updated_at: at };
  const ids = { identity_id: sub, id: sub, user_id: sub };
  const identity = { ...ids, identity_data: user_metadata, provider: "email", ...times, email };
  const confirmed = { email_confirmed_at: at, confirmed_at: at };
  return [claims, { ...both, id: sub, ...confirmed, identities: [identity], ...times }] as const;
}

/** @supabase/lite itself: its database on one of two engines, its Auth and its Data API. */

import type { Connection } from "@supabase/lite";
import type { LiteRequest } from "./auth/call.ts";
import type { AuthSettings } from "./config.ts";
import { type Claims, signHs256 } from "./jwt.ts";
import type { MailContext, Outbox } from "./mail/outbox.ts";
import { connectPglite } from "./pglite.ts";

/** The database engine. */
export type Engine = "sqlite" | "pglite";

/** A running lite. */
export interface Lite {
  readonly connection: Connection;
  /** Sends a request to lite unchanged. */
  fetch(request: Request): Promise<Response>;
  /** Sends a request to lite's Auth. */
  auth(request: LiteRequest, mail?: MailContext): Promise<Response>;
  /** A token that lite accepts, with these claims. */
  token(claims: Claims): Promise<string>;
}

async function connectSqlite(): Promise<Connection> {
  const { createConnection } = await import("@supabase/lite/sqlite");
  return createConnection({ url: ":memory:" });
}

/**
 * Lite prints each error of a query. Where the database refuses what a caller sent, that is one line
 * of interest, and not the stack and the members of the error.
 */
function shortenErrors(connection: Connection): void {
  const normalize = connection.normalizeDbError.bind(connection);
  connection.normalizeDbError = (error) => {
    const normalized = normalize(error);
    const { message, code } = normalized as { message?: string; code?: string };
    const value = () => `database: ${message}${code === undefined ? "" : ` (${code})`}`;
    Object.defineProperty(normalized, Symbol.for("Deno.customInspect"), { value });
    return normalized;
  };
}

/** Starts lite with an empty database. */
export async function bootLite(
  engine: Engine,
  url: string,
  settings: AuthSettings,
  outbox: Outbox,
): Promise<Lite> {
  // Passwords of tests need no slow hash, which would take most of a sign-in's time.
  if (!Deno.env.has("LITE_AUTH_BCRYPT_COST")) Deno.env.set("LITE_AUTH_BCRYPT_COST", "4");
  const { App } = await import("@supabase/lite");
  const connection = engine === "pglite" ? await connectPglite() : await connectSqlite();
  shortenErrors(connection);
  // A secret of its own: lite's tokens never leave, and it accepts no token from outside.
  const secret = crypto.randomUUID() + crypto.randomUUID();
  const app = new App(
    {
      connection,
      auth: {
        enabled: true,
        jwt_secret: secret,
        jwt_expiry: settings.jwtExpiry,
        site_url: settings.siteUrl,
        minimum_password_length: settings.minimumPasswordLength,
        enable_refresh_token_rotation: true,
        email: { enable_confirmations: settings.confirmEmail },
      },
      api: { enabled: true },
      options: { server: { apiKeys: false }, drivers: { email: outbox } },
    } as unknown as ConstructorParameters<typeof App>[0],
  );
  if (engine === "sqlite") await app.ensureSystemSchema();
  const fetch = async (request: Request) => await app.fetch(request);
  return {
    connection,
    fetch,
    auth({ method, path, token, body }, mail) {
      const headers = new Headers();
      if (token) headers.set("authorization", `Bearer ${token}`);
      if (body !== undefined) headers.set("content-type", "application/json");
      const init = { method, headers, body: body ?? null };
      const request = new Request(`${url}/auth/v1${path}`, init);
      return mail ? outbox.withContext(mail, () => fetch(request)) : fetch(request);
    },
    token(claims) {
      const iat = Math.floor(Date.now() / 1000);
      return signHs256({ aud: "authenticated", iat, exp: iat + 600, ...claims }, secret);
    },
  };
}

/** @supabase/lite itself: its database on one of two engines, its Auth and its Data API. */

import type { Connection } from "@supabase/lite";
import type { LiteRequest } from "./auth/call.ts";
import type { AuthSettings } from "./config.ts";
import { type Claims, signHs256 } from "./jwt.ts";
import type { MailContext, Outbox } from "./mail/outbox.ts";
import { connectPglite } from "./pglite.ts";

/** What the database runs on. */
export type Engine = "sqlite" | "pglite";

/** A running lite. */
export interface Lite {
  readonly connection: Connection;
  /** Hands a request to lite as it is. */
  fetch(request: Request): Promise<Response>;
  /** Asks lite's Auth. */
  auth(ask: LiteRequest, mail?: MailContext): Promise<Response>;
  /** A token that lite takes for these claims. */
  token(claims: Claims): Promise<string>;
}

async function connectSqlite(): Promise<Connection> {
  const { createConnection } = await import("@supabase/lite/sqlite");
  return createConnection({ url: ":memory:" });
}

/** Boots lite with an empty database. */
export async function bootLite(
  engine: Engine,
  url: string,
  settings: AuthSettings,
  outbox: Outbox,
): Promise<Lite> {
  // Throw-away passwords in memory need no slow hash; it would be most of a sign-in's time.
  if (!Deno.env.has("LITE_AUTH_BCRYPT_COST")) Deno.env.set("LITE_AUTH_BCRYPT_COST", "4");
  const { App } = await import("@supabase/lite");
  const connection = engine === "pglite" ? await connectPglite() : await connectSqlite();
  // A secret of its own: a token of lite's never leaves, and one from outside is never lite's.
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
    auth(ask, mail) {
      const headers = new Headers();
      if (ask.token) headers.set("authorization", `Bearer ${ask.token}`);
      if (ask.body !== undefined) headers.set("content-type", "application/json");
      const { method, body = null } = ask;
      const request = new Request(`${url}/auth/v1${ask.path}`, { method, headers, body });
      return mail ? outbox.within(mail, () => fetch(request)) : fetch(request);
    },
    token(claims) {
      const iat = Math.floor(Date.now() / 1000);
      return signHs256({ aud: "authenticated", iat, exp: iat + 600, ...claims }, secret);
    },
  };
}

/** The embedded stack: what `supabase start` runs, in one process and without docker. */

import { fileURLToPath } from "node:url";
import type { Amr, AuthContext } from "./auth/call.ts";
import { authFront } from "./auth/front.ts";
import { PkceFlows } from "./auth/pkce.ts";
import { AuthStore } from "./auth/store.ts";
import { type AuthSettings, readConfig } from "./config.ts";
import { Faults } from "./control/faults.ts";
import { controlRoutes, type Controls } from "./control/routes.ts";
import { functionEnv } from "./functions/env.ts";
import { FunctionHost } from "./functions/host.ts";
import { type Backends, gateway } from "./gateway.ts";
import { KeyRing } from "./jwt.ts";
import { type ApiKeys, apiKeys, jwtSecret, type SigningKey, signingKey } from "./keys.ts";
import { bootLite, type Engine, type Lite } from "./lite.ts";
import { type Mail, Outbox } from "./mail/outbox.ts";
import { mailPage } from "./mail/page.ts";
import { applyMigrations, type MigrationReport } from "./migrations.ts";
import { restFront } from "./rest.ts";
import { site } from "./site.ts";

/** Something that a stack can do, and a scenario can need. */
export type Capability = "rest" | "admin" | "mail" | "mfa" | "anonymous";

/** A stack described by data: the scenario table runs against any of them. */
export interface Stack {
  /** "embedded (sqlite)", "embedded (pglite)", "supabase start". */
  readonly name: string;
  /** Where the gateway answers, without a slash at the end. */
  readonly url: string;
  readonly keys: ApiKeys;
  /** The HS256 secret, where it is known. */
  readonly jwtSecret?: string;
  /** The ES256 key, where it is known: tests sign tokens of special claims with it. */
  readonly signingKey?: SigningKey;
  /** Where its mails can be read, where it shows them. */
  readonly mailUrl?: string;
  readonly can: ReadonlySet<Capability>;
}

/** How to boot the embedded stack. */
export interface StackOptions {
  /** 0 takes any free port. @default {54321} */
  readonly port?: number;
  /** @default {"sqlite"} */
  readonly engine?: Engine;
  /** Serve the functions: all, none, or these. @default {true} */
  readonly functions?: boolean | readonly string[];
  /** The folder that holds functions/, shared/ and supabase/. @default this repository */
  readonly root?: string;
  /** Start a function afresh when its files change, and build the page anew. @default {false} */
  readonly watch?: boolean;
  /** Instead of what supabase/config.toml says. */
  readonly settings?: Partial<AuthSettings>;
  /** The clock of Auth's rules. @default Date.now */
  readonly now?: () => number;
  /** Told what happens, a line each. @default nothing is told */
  readonly log?: (line: string) => void;
  /** Told of every mail. */
  readonly onMail?: (mail: Mail) => void;
}

/** A running embedded stack. */
export interface RunningStack extends Stack, AsyncDisposable {
  /** The whole gateway, without a port in between. */
  fetch(request: Request): Promise<Response>;
  /** The mails that Auth would have sent, oldest first. */
  readonly mails: readonly Mail[];
  /** Users and sessions, for what no request can bring about. */
  readonly store: AuthStore;
  /** Turns Auth off, slows it down, limits it. */
  readonly faults: Faults;
  readonly migrations: MigrationReport;
  /** The names of the functions. */
  functions(): Promise<string[]>;
  /** Ends it: the port, the workers, the database. */
  close(): Promise<void>;
}

const capabilities: readonly Capability[] = ["rest", "admin", "mail"];

/** Opens the port first, so that a taken one is known before anything boots. */
function listen(port: number): {
  server: Deno.HttpServer<Deno.NetAddr>;
  answer(handler: (request: Request) => Promise<Response>): void;
} {
  const { promise, resolve } = Promise.withResolvers<(request: Request) => Promise<Response>>();
  const options = { hostname: "127.0.0.1", port, onListen: () => {} };
  const server = Deno.serve(options, async (request, info) => {
    const handler = await promise;
    // Not the server's own signal: that one also aborts when an answer was sent in full.
    const gone = new AbortController();
    info.completed.catch(() => gone.abort());
    const { url, method, headers, body } = request;
    return await handler(new Request(url, { method, headers, body, signal: gone.signal }));
  });
  return { server, answer: resolve };
}

function authContext(
  url: string,
  keys: KeyRing,
  lite: Lite,
  settings: AuthSettings,
  now: () => number,
): AuthContext {
  return {
    issuer: `${url}/auth/v1`,
    keys,
    store: new AuthStore(lite.connection),
    flows: new PkceFlows(),
    settings,
    amr: new Map<string, Amr[]>(),
    now,
    lite: lite.auth,
    liteToken: lite.token,
  };
}

/** What the page's buttons work on. */
function controlsOf(auth: AuthContext, faults: Faults): Controls {
  const admin = { apikey: apiKeys.secret, authorization: `Bearer ${apiKeys.serviceRole}` };
  return {
    ring: auth.keys,
    faults,
    endSession: (id) => auth.store.endSession(id),
    admin: (method, id, body) => {
      const init = { method, headers: admin, body: JSON.stringify(body) };
      return authFront(new Request(`${auth.issuer}/admin/users/${id}`, init), auth);
    },
    now: auth.now,
  };
}

/**
 * Boots the embedded stack with an empty database and the project's migrations.
 *
 * @throws {Deno.errors.AddrInUse} The port is taken.
 * @example
 * ```ts ignore
 * await using stack = await bootStack({ port: 0 });
 * const health = await fetch(`${stack.url}/auth/v1/health`);
 * ```
 */
export async function bootStack(options: StackOptions = {}): Promise<RunningStack> {
  const { engine = "sqlite", now = Date.now, log = () => {}, onMail = () => {} } = options;
  const root = options.root ?? fileURLToPath(new URL("../../", import.meta.url)).slice(0, -1);
  const { server, answer } = listen(options.port ?? 54321);
  const { port } = server.addr;
  const url = `http://127.0.0.1:${port}`;
  try {
    const config = await readConfig(root);
    const settings = { ...config.auth, ...options.settings };
    const outbox = new Outbox(`${url}/auth/v1`, settings, onMail);
    const ring = await KeyRing.of(signingKey, jwtSecret);
    const lite = await bootLite(engine, url, settings, outbox);
    const migrations = await applyMigrations(lite.connection, engine, `${root}/supabase`);
    const auth = authContext(url, ring, lite, settings, now);
    const { functions: served = true } = options;
    const host = new FunctionHost({
      folder: `${root}/functions`,
      libraries: [`${root}/shared`],
      env: () => functionEnv(root, url, apiKeys, settings.siteUrl),
      verifyJwt: config.verifyJwt,
      verify: (token) => ring.verify(token, now()).then(() => true, () => false),
      ...(typeof served === "boolean" ? (served ? {} : { only: [] }) : { only: served }),
      watch: options.watch ?? false,
      log,
    });
    const faults = new Faults();
    const controls = controlsOf(auth, faults);
    const page = { keys: apiKeys, boot: crypto.randomUUID(), watch: options.watch ?? false, log };
    const backends: Backends = {
      keys: apiKeys,
      ring,
      auth: async (request) => await faults.answer(request) ?? await authFront(request, auth),
      rest: (request) => restFront(request, ring, lite),
      functions: (request) => host.fetch(request),
      page: (request) => site(request, page),
      mail: (request) => mailPage(request, outbox.mails),
      control: (request) => controlRoutes(request, controls),
    };
    const handler = (request: Request) => gateway(request, port, backends);
    answer(handler);
    const close = async () => {
      host.close();
      await server.shutdown();
      await lite.connection.close();
    };
    return {
      name: `embedded (${engine})`,
      url,
      keys: apiKeys,
      jwtSecret,
      signingKey,
      mailUrl: `${url}/_local/mail`,
      can: new Set(capabilities),
      fetch: handler,
      mails: outbox.mails,
      store: auth.store,
      faults,
      migrations,
      functions: () => host.names(),
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    answer(() => Promise.resolve(new Response(null, { status: 503 })));
    await server.shutdown();
    throw error;
  }
}

/** The embedded stack: the services of `supabase start` in one process, without docker. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Amr, AuthContext } from "./auth/call.ts";
import { answerAuth } from "./auth/answer.ts";
import { PkceFlows } from "./auth/pkce.ts";
import { addSimulatedFactor } from "./auth/second_factor.ts";
import { AuthStore } from "./auth/store.ts";
import { DEFAULT_PORT, takenPort } from "./cli.ts";
import { type AuthSettings, readConfig } from "./config.ts";
import { bootDatabase } from "./database.ts";
import { Faults } from "./control/faults.ts";
import { answerControl, type Controls } from "./control/routes.ts";
import { functionEnv } from "./functions/env.ts";
import { FunctionHost } from "./functions/host.ts";
import { ProjectFunctions } from "./functions/project_functions.ts";
import { createUpload } from "./functions/upload.ts";
import { acceptWebSocket } from "./functions/web_socket.ts";
import { type Backends, gateway } from "./gateway.ts";
import { KeyRing } from "./jwt.ts";
import { type ApiKeys, apiKeys, cronKey, jwtSecret, type SigningKey, signingKey } from "./keys.ts";
import { bootLite, type Engine, type Lite } from "./lite.ts";
import { type Mail, Outbox } from "./mail/outbox.ts";
import { answerMailPage } from "./mail/page.ts";
import type { MigrationReport } from "./migrations.ts";
import { answerRest } from "./rest.ts";
import { answerSite } from "./site.ts";

/** What a stack can do, and a scenario can need. */
export type Capability =
  | "rest"
  | "admin"
  | "mail"
  | "mfa"
  | "anonymous"
  | "oauth"
  | "cron_key"
  | "hook_secret";

/** The description of a stack: the scenarios run on any. */
export interface Stack {
  /** "embedded (sqlite)", "embedded (pglite)", "supabase start". */
  readonly name: string;
  /** The URL of the gateway, without a slash at the end. */
  readonly url: string;
  readonly keys: ApiKeys;
  /** The secret key named `cron`, if there is one. */
  readonly cronKey?: string;
  /** BEFORE_USER_CREATED_HOOK_SECRET of the functions, if it is set. */
  readonly hookSecret?: string;
  /** The HS256 secret, if it is known. */
  readonly jwtSecret?: string;
  /** The ES256 key, if it is known. */
  readonly signingKey?: SigningKey;
  /** The URL of its mails, if it shows them. */
  readonly mailUrl?: string;
  readonly can: ReadonlySet<Capability>;
}

/** Options of {@linkcode bootStack}. */
export interface StackOptions {
  /** 0 takes any free port. @default `[api] port` of config.toml, else 54321 */
  readonly port?: number;
  /**
   * @default {"sqlite"} With `project`: pglite where it has migrations or seeds.
   */
  readonly engine?: Engine;
  /** Which functions to serve: all, none, or these. @default {true} */
  readonly functions?: boolean | readonly string[];
  /**
   * A folder that holds supabase/, and functions/ that use this repository's packages: they run in
   * workers of this process. @default this repository
   */
  readonly root?: string;
  /**
   * The folder that holds supabase/ of any project, as an absolute path. Its functions run in
   * processes of their own, each with its own import map. Replaces `root`.
   */
  readonly project?: string;
  /** Restart a function and rebuild the page when files change. @default {false} */
  readonly watch?: boolean;
  /** Variables of the functions besides those that Supabase sets. @default {{}} */
  readonly env?: Readonly<Record<string, string>>;
  /** Replaces settings of supabase/config.toml. */
  readonly settings?: Partial<AuthSettings>;
  /** The clock of Auth, in milliseconds. @default Date.now */
  readonly now?: () => number;
  /** Called with a line for each event. @default nothing is logged */
  readonly log?: (line: string) => void;
  /** Called with every mail. */
  readonly onMail?: (mail: Mail) => void;
}

/** A running embedded stack. */
export interface RunningStack extends Stack, AsyncDisposable {
  /** Answers a request without the port. */
  fetch(request: Request): Promise<Response>;
  /** The mails that Auth would have sent, oldest first. */
  readonly mails: readonly Mail[];
  /** Users and sessions, for changes that no request can make. */
  readonly store: AuthStore;
  /** Turns Auth off, makes it slow, makes it answer 429. */
  readonly faults: Faults;
  readonly migrations: MigrationReport;
  /** Settings of config.toml that are on, and that this stack does not have. */
  readonly notEmulated: readonly string[];
  /** The names of the functions. */
  functions(): Promise<string[]>;
  /** Closes the port, the workers and the database. */
  close(): Promise<void>;
}

const capabilities: readonly Capability[] = ["rest", "admin", "mail", "cron_key"];

/** Opens the port first, so that a taken port fails before anything else starts. */
function listen(port: number): {
  server: Deno.HttpServer<Deno.NetAddr>;
  answer(handler: (request: Request) => Promise<Response>): void;
} {
  const { promise, resolve } = Promise.withResolvers<(request: Request) => Promise<Response>>();
  const options = { hostname: "127.0.0.1", port, onListen: () => {} };
  const serve = (handler: Deno.ServeHandler<Deno.NetAddr>) => {
    try {
      return Deno.serve(options, handler);
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
      throw new Deno.errors.AddrInUse(takenPort(port));
    }
  };
  const server = serve(async (request, info) => {
    const handler = await promise;
    // Not the signal of the server's request: that one aborts also after a complete answer.
    const gone = new AbortController();
    info.completed.catch(() => gone.abort());
    const { url, method, headers, body } = request;
    const forwarded = new Request(url, { method, headers, body, signal: gone.signal });
    const response = await handler(forwarded);
    // A refusal of the gateway itself: see createUpload().
    if (forwarded.body && !forwarded.bodyUsed && !forwarded.body.locked) {
      await createUpload(forwarded.body).drain();
    }
    return acceptWebSocket(request, response);
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
    factors: new Map(),
    now,
    lite: lite.auth,
    liteToken: lite.token,
  };
}

/** What the buttons of the page change. */
function controlsOf(auth: AuthContext, faults: Faults): Controls {
  const admin = { apikey: apiKeys.secret, authorization: `Bearer ${apiKeys.serviceRole}` };
  return {
    ring: auth.keys,
    faults,
    endSession: (id) => auth.store.endSession(id),
    setSignedInAt: async (id, at) => {
      await auth.store.setCreatedAt(id, at);
      auth.amr.set(id, [{ method: "password", timestamp: Math.floor(at.getTime() / 1000) }]);
    },
    addFactor: (userId) => addSimulatedFactor(userId, auth),
    admin: (method, id, body) => {
      const init = { method, headers: admin, body: JSON.stringify(body) };
      return answerAuth(new Request(`${auth.issuer}/admin/users/${id}`, init), auth);
    },
    now: auth.now,
  };
}

/**
 * Starts the embedded stack with an empty database and the project's migrations.
 *
 * @throws {Deno.errors.AddrInUse} The port is taken.
 * @throws {ProjectError} config.toml cannot be read.
 * @example
 * ```ts ignore
 * await using stack = await bootStack({ port: 0 });
 * const health = await fetch(`${stack.url}/auth/v1/health`);
 * ```
 */
export async function bootStack(options: StackOptions = {}): Promise<RunningStack> {
  const { now = Date.now, log = () => {}, onMail = () => {}, project } = options;
  const root = project ?? options.root ??
    fileURLToPath(new URL("../../", import.meta.url)).slice(0, -1);
  const config = await readConfig(root);
  const { server, answer } = listen(options.port ?? config.port ?? DEFAULT_PORT);
  const { port } = server.addr;
  const url = `http://127.0.0.1:${port}`;
  try {
    const settings = { ...config.auth, ...options.settings };
    const outbox = new Outbox(`${url}/auth/v1`, settings, onMail);
    const ring = await KeyRing.of(signingKey, jwtSecret);
    const { lite, engine, migrations } = await bootDatabase({
      engine: options.engine ?? (project === undefined ? "sqlite" : undefined),
      folder: join(root, "supabase"),
      seeds: config.seeds,
      boot: (engine) => bootLite(engine, url, settings, outbox),
    });
    const auth = authContext(url, ring, lite, settings, now);
    const { functions: served = true } = options;
    const inProcesses = project !== undefined;
    const functions = new ProjectFunctions({ root, inProcesses, config, log });
    let told = "";
    const onReserved = (names: readonly string[]) => {
      const line =
        `The stack sets the variables that begin with SUPABASE_ itself, so these of the ` +
        `project are ignored: ${names.join(", ")}`;
      if (line !== told) log(told = line);
    };
    const host = new FunctionHost({
      places: () => functions.places(),
      start: (served, env, log) => functions.start(served, env, log),
      env: () => {
        const { siteUrl } = settings;
        const secrets = { ...functions.secrets, ...options.env };
        return functionEnv({ root, url, keys: apiKeys, siteUrl, secrets, onReserved });
      },
      verify: (token) => ring.verify(token, now()).then(() => true, () => false),
      ...(typeof served === "boolean" ? (served ? {} : { only: [] }) : { only: served }),
      watched: options.watch ? functions.watched() : [],
      onChange: (paths) => functions.changed(paths),
      explain: (served, reason) => functions.explain(served, reason),
      log,
    });
    const faults = new Faults();
    const controls = controlsOf(auth, faults);
    const page = {
      keys: apiKeys,
      boot: crypto.randomUUID(),
      watch: options.watch ?? false,
      functions: () => host.names(),
      isProject: project !== undefined,
      log,
    };
    const backends: Backends = {
      keys: apiKeys,
      ring,
      auth: async (request) => await faults.answer(request) ?? await answerAuth(request, auth),
      rest: (request) => answerRest(request, ring, lite),
      functions: (request) => host.fetch(request),
      page: (request) => answerSite(request, page),
      mail: (request) => answerMailPage(request, outbox.mails),
      control: (request) => answerControl(request, controls),
    };
    const handler = (request: Request) => gateway(request, port, backends);
    answer(handler);
    const hookSecret = options.env?.BEFORE_USER_CREATED_HOOK_SECRET;
    const close = async () => {
      await host.close();
      await server.shutdown();
      await lite.connection.close();
    };
    return {
      name: `embedded (${engine})`,
      url,
      keys: apiKeys,
      cronKey,
      ...(hookSecret === undefined ? {} : { hookSecret }),
      jwtSecret,
      signingKey,
      mailUrl: `${url}/_local/mail`,
      can: new Set([
        ...capabilities,
        ...(hookSecret === undefined ? [] : ["hook_secret" as const]),
      ]),
      fetch: handler,
      mails: outbox.mails,
      store: auth.store,
      faults,
      migrations,
      notEmulated: config.notEmulated,
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

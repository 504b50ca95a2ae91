/**
 * What a reader of the pages has: a clone of this repository, a terminal, and a folder for an own
 * project beside the clone.
 *
 * @module
 */
import { apiKeys, cronKey, functionJwks } from "../../supabase/local/keys.ts";
import { type ManagementApi, serveManagementApi } from "../e2e/deploy/management_api.ts";
import { npmTool } from "../support/npm_tool.ts";
import { copyProject } from "../support/project_copy.ts";
import { finish, Running } from "./process.ts";
import { Shell } from "./shell.ts";

/** The project that the pages deploy to. */
export const PROJECT_REF = "abcdefghijklmnopqrst";

/** What the reader has set with `supabase secrets set`, of those who send webhooks. */
export const SENDERS = {
  BEFORE_USER_CREATED_HOOK_SECRET: "v1,whsec_c2VjcmV0LW9mLWF1dGgtaW4tYS10ZXN0|" +
    "v1,whsec_bmV4dC1zZWNyZXQtb2YtYXV0aC1pbi1hLXRlc3Q=",
  STRIPE_SECRET_KEY: "sk_test_1",
  STRIPE_WEBHOOK_SECRET: "whsec_of_stripe",
} as const;

/** A user of the local stack. */
export interface User {
  readonly id: string;
  readonly email: string;
  readonly accessToken: string;
  /** The whole answer of Auth, as supabase-js stores it. */
  readonly session: Record<string, unknown>;
}

/** A reader. */
export class Reader implements AsyncDisposable {
  /** The folder that holds everything. */
  readonly folder: string;
  /** The clone. */
  readonly clone: string;
  /** The project that the README sets up. */
  readonly project: string;
  /** The Management API that the CLI deploys to. */
  readonly api: ManagementApi;
  readonly #programs: Readonly<Record<string, string>>;
  readonly #opened: AsyncDisposable[] = [];
  #dev: Promise<string> | undefined;

  private constructor(
    folder: string,
    programs: Readonly<Record<string, string>>,
    api: ManagementApi,
  ) {
    this.folder = folder;
    this.clone = `${folder}/edge-auth`;
    this.project = `${folder}/my-app`;
    this.api = api;
    this.#programs = programs;
  }

  /**
   * Sets a reader up.
   *
   * @param packages The programs that pages run by npx, by package: installed once, by npx.
   */
  static async create(packages: ReadonlyMap<string, string>): Promise<Reader> {
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "edge-auth-docs-" }));
    const reader = new Reader(
      folder,
      Object.fromEntries(
        await Promise.all(
          [...packages].map(async ([name, version]) => [name, await npmTool(name, version)]),
        ),
      ),
      serveManagementApi(PROJECT_REF),
    );
    await copyProject(reader.clone);
    await Deno.mkdir(`${folder}/scratch`);
    await reader.#installPrograms();
    return reader;
  }

  /** The Deno that the pages name. */
  get deno(): string {
    return `${this.folder}/bin/deno`;
  }

  /** Scripts in the terminal's PATH: the programs that npx has installed. */
  async #installPrograms(): Promise<void> {
    await Deno.mkdir(`${this.folder}/bin`);
    await Deno.mkdir(`${this.folder}/home`);
    const profile = {
      name: "loopback",
      api_url: this.api.url,
      dashboard_url: this.api.url,
      project_host: "127.0.0.1",
    };
    await Deno.writeTextFile(
      `${this.folder}/profile.yaml`,
      Object.entries(profile).map(([key, value]) => `${key}: ${value}\n`).join(""),
    );
    // A signed-in CLI, whose account is the API on loopback, and which writes nothing at home.
    const account = {
      HOME: `${this.folder}/home`,
      SUPABASE_PROFILE: `${this.folder}/profile.yaml`,
      SUPABASE_ACCESS_TOKEN: `sbp_${"0".repeat(40)}`,
      SUPABASE_NO_UPDATE_NOTIFIER: "1",
      DO_NOT_TRACK: "1",
    };
    for (const [name, path] of Object.entries(this.#programs)) {
      const variables = name === "supabase" ? account : {};
      const set = Object.entries(variables).map(([key, value]) => `${key}='${value}' `).join("");
      const target = name === "deno" ? await programOf(path, this.folder) : path;
      const script = `#!/bin/sh\n${set}exec '${target}' "$@"\n`;
      await Deno.writeTextFile(`${this.folder}/bin/${name}`, script, { mode: 0o755 });
    }
  }

  /**
   * Opens a terminal in a folder.
   *
   * @param cwd The folder.
   */
  openShell(cwd: string): Shell {
    const env = { PATH: `${this.folder}/bin:${Deno.env.get("PATH") ?? ""}` };
    return new Shell({ cwd, scratch: this.#scratch(), env });
  }

  #scratch(): string {
    return Deno.makeTempDirSync({ dir: `${this.folder}/scratch` });
  }

  /** The URL of `deno task dev`, which is started when it is first asked for. */
  dev(): Promise<string> {
    return this.#dev ??= this.#startDev(["task", "dev"]);
  }

  /**
   * Starts a further stack, and stops it when it runs.
   *
   * @param args What stands behind `deno`.
   */
  async tryDev(args: readonly string[]): Promise<void> {
    await this.#startDev(args);
    await this.#opened.pop()![Symbol.asyncDispose]();
  }

  /** On a free port, as the one in the page may be taken. */
  async #startDev(args: readonly string[]): Promise<string> {
    const process = this.start([...args, "--port", "0"], this.clone);
    const [, url] = await process.untilPrinted(/: (http:\S+)\n[^]*Ctrl-C/);
    return url!;
  }

  /**
   * Starts a process of Deno, which ends with the reader.
   *
   * @param args What stands behind `deno`.
   * @param cwd Where.
   * @param env More variables.
   */
  start(args: string[], cwd: string, env: Record<string, string> = {}): Running {
    // A task that runs this test has set INIT_CWD, which another task would take for its own.
    const variables = { NO_COLOR: "1", INIT_CWD: cwd, ...env };
    const process = new Running(this.deno, { args, cwd, env: variables });
    this.#opened.push(process);
    return process;
  }

  /** What Supabase sets for a function, where the project is the one of {@linkcode dev}. */
  async functionEnv(): Promise<Record<string, string>> {
    return {
      SUPABASE_URL: await this.dev(),
      SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: apiKeys.publishable }),
      SUPABASE_SECRET_KEYS: JSON.stringify({ default: apiKeys.secret, cron: cronKey }),
      SUPABASE_JWKS: functionJwks(),
      ...SENDERS,
    };
  }

  /**
   * Serves a file that exports `{ fetch }`, as the edge runtime does.
   *
   * @param config The `deno.json` to use.
   * @param file The file.
   * @param more Variables besides those of {@linkcode functionEnv}, or instead of them.
   * @returns The process, and its URL.
   */
  async serve(
    config: string,
    file: string,
    more: Record<string, string> = {},
  ): Promise<[Running, string]> {
    const options = ["-A", "--no-lock", "--host=127.0.0.1", "--port=0", `--config=${config}`];
    const env = { ...await this.functionEnv(), ...more };
    const process = this.start(["serve", ...options, file], this.project, env);
    const [, url] = await process.untilPrinted(/Listening on (http:\S+?)\/?\s/);
    return [process, url!];
  }

  /**
   * Type-checks files.
   *
   * @param config The `deno.json` to use.
   * @param files The files.
   */
  async check(config: string, files: readonly string[]): Promise<void> {
    const args = ["check", "--no-lock", `--config=${config}`, ...files];
    await finish(this.deno, { args, cwd: this.folder, env: { NO_COLOR: "1" } });
  }

  /** Signs a new user up at the stack of {@linkcode dev}. */
  async signUp(): Promise<User> {
    const email = `ada-${crypto.randomUUID()}@example.com`;
    const response = await this.#auth("/signup", {}, { email, password: "correct-horse" });
    const session = await response.json();
    return { id: session.user.id, email, accessToken: session.access_token, session };
  }

  /** Ends a user's sessions, all of them. */
  async signOut({ accessToken }: User): Promise<void> {
    const response = await this.#auth("/logout", { Authorization: `Bearer ${accessToken}` });
    await response.body?.cancel();
  }

  /**
   * Sends a request to the stack of {@linkcode dev} with a secret key, as a backend of the project
   * would, and returns the JSON that comes back.
   */
  // deno-lint-ignore no-explicit-any -- JSON of many shapes
  async asProject(method: string, path: string, body?: unknown): Promise<any> {
    const response = await fetch(await this.dev() + path, {
      method,
      headers: {
        apikey: apiKeys.secret,
        "Content-Type": "application/json",
        Prefer: "return=representation",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  }

  async #auth(path: string, headers: Record<string, string>, body?: unknown): Promise<Response> {
    const response = await fetch(`${await this.dev()}/auth/v1${path}`, {
      method: "POST",
      headers: { apikey: apiKeys.publishable, "Content-Type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#opened.map((process) => process[Symbol.asyncDispose]()));
    await this.api[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** The program behind npm's wrapper: killing the wrapper would leave it running. */
async function programOf(wrapper: string, cwd: string): Promise<string> {
  return await finish(wrapper, {
    args: ["eval", "Deno.stdout.write(new TextEncoder().encode(Deno.execPath()))"],
    cwd,
  });
}

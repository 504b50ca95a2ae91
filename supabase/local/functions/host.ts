/** /functions/v1/<name>: every folder of functions/, each in its own worker. */

import { toFileUrl } from "./paths.ts";
import { BootError, FunctionWorker } from "./function_worker.ts";
import { watchFolders } from "./watch.ts";

/** The functions, and what they run with. */
export interface FunctionHostOptions {
  /** The folder with one folder per function. */
  readonly folder: string;
  /** Folders that functions import from. */
  readonly libraries: readonly string[];
  readonly env: () => Promise<Record<string, string>>;
  /** The functions whose `verify_jwt` is true. */
  readonly verifyJwt: ReadonlySet<string>;
  /** Whether a token verifies. */
  readonly verify: (token: string) => Promise<boolean>;
  /** Only these functions. @default all */
  readonly only?: readonly string[];
  readonly watch: boolean;
  readonly log: (line: string) => void;
}

const cors = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "authorization, x-client-info, apikey, content-type",
};

function platformAnswer(status: number, code: string, message: string): Response {
  return Response.json({ code, message }, { status, headers: cors });
}

/** Serves the functions of a folder. */
export class FunctionHost {
  readonly #options: FunctionHostOptions;
  readonly #workers = new Map<string, FunctionWorker>();
  readonly #retired = new Set<FunctionWorker>();
  readonly #stopWatching: () => void;

  constructor(options: FunctionHostOptions) {
    this.#options = options;
    const folders = [options.folder, ...options.libraries];
    this.#stopWatching = options.watch
      ? watchFolders(folders, (paths) => this.changed(paths))
      : () => {};
  }

  /** The names of the functions. */
  async names(): Promise<string[]> {
    const names: string[] = [];
    try {
      for await (const entry of Deno.readDir(this.#options.folder)) {
        if (entry.isDirectory && this.#isName(entry.name)) names.push(entry.name);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return names.sort();
  }

  #isName(name: string): boolean {
    const { only } = this.#options;
    return /^[A-Za-z0-9][\w-]*$/.test(name) && (only === undefined || only.includes(name));
  }

  /** Answers a request below /functions/v1/. */
  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    url.pathname = url.pathname.slice("/functions/v1".length);
    const name = url.pathname.split("/")[1] ?? "";
    const entry = `${this.#options.folder}/${name}/index.ts`;
    if (!this.#isName(name) || !await isFile(entry)) {
      return platformAnswer(404, "NOT_FOUND", "Requested function was not found");
    }
    const refused = await this.#refuseToken(name, request);
    if (refused) return refused;
    try {
      const worker = await this.#worker(name, entry);
      return await worker.fetch(request, url.href);
    } catch (error) {
      return this.#failure(name, error);
    }
  }

  /** The answer of `verify_jwt` to a missing or invalid token, in the shape of the platform. */
  async #refuseToken(name: string, request: Request): Promise<Response | undefined> {
    if (!this.#options.verifyJwt.has(name) || request.method === "OPTIONS") return undefined;
    const header = request.headers.get("authorization");
    if (header === null) {
      const message = "Missing authorization header";
      return platformAnswer(401, "UNAUTHORIZED_NO_AUTH_HEADER", message);
    }
    const token = /^Bearer (\S+)$/.exec(header)?.[1];
    if (token === undefined) {
      return platformAnswer(401, "UNAUTHORIZED_INVALID_JWT_FORMAT", "Invalid JWT format");
    }
    if (await this.#options.verify(token)) return undefined;
    return platformAnswer(401, "UNAUTHORIZED_ASYMMETRIC_JWT", "Invalid JWT");
  }

  async #worker(name: string, entry: string): Promise<FunctionWorker> {
    const env = await this.#options.env();
    const running = this.#workers.get(name);
    if (running && !running.ended) return running;
    const worker = new FunctionWorker(name, toFileUrl(entry), env);
    this.#workers.set(name, worker);
    return worker;
  }

  #failure(name: string, error: unknown): Response {
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof BootError) {
      this.#options.log(`function ${name} failed to start: ${reason}`);
      const message = "Function failed to start (please check logs)";
      return platformAnswer(503, "BOOT_ERROR", message);
    }
    this.#options.log(`function ${name} failed: ${reason}`);
    const message = "Function exited due to an error (please check logs)";
    return platformAnswer(500, "WORKER_ERROR", message);
  }

  /** Restarts functions whose files changed, at their next request; all for other files. */
  changed(paths: readonly string[]): void {
    const inside = `${this.#options.folder}/`;
    const names = new Set(paths.map((path) => {
      return path.startsWith(inside) ? path.slice(inside.length).split("/")[0] ?? "" : "";
    }));
    const all = [...names].some((name) => !this.#isName(name));
    const stale = [...this.#workers.keys()].filter((name) => all || names.has(name)).sort();
    if (stale.length > 0) this.#options.log(`changed, restarts: ${stale.join(", ")}`);
    for (const name of stale) this.#retire(name);
  }

  #retire(name: string): void {
    const worker = this.#workers.get(name);
    this.#workers.delete(name);
    if (!worker) return;
    for (const one of [...this.#retired].filter((one) => one.ended)) this.#retired.delete(one);
    this.#retired.add(worker);
    worker.retire();
  }

  /** Ends all workers. */
  close(): void {
    this.#stopWatching();
    for (const worker of [...this.#workers.values(), ...this.#retired]) worker.terminate();
    this.#workers.clear();
    this.#retired.clear();
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** /functions/v1/<name>: the functions of a project, each in a worker or process of its own. */

import { dirname, relative, sep } from "node:path";
import {
  findFunction,
  functionNames,
  type FunctionPlaces,
  isFunctionName,
  type ServedFunction,
} from "./find.ts";
import { BootError, type FunctionRunner, WorkerError } from "./runner.ts";
import { watchFolders } from "./watch.ts";

/** The functions, and what they run with. */
export interface FunctionHostOptions {
  /** Where the functions are; read for each request. */
  readonly places: () => FunctionPlaces;
  /** Starts a function. `log` takes the lines that it prints. */
  readonly start: (
    served: ServedFunction,
    env: Record<string, string>,
    log: (line: string) => void,
  ) => FunctionRunner;
  readonly env: () => Promise<Record<string, string>>;
  /** Whether a token verifies. */
  readonly verify: (token: string) => Promise<boolean>;
  /** Only these functions. @default all */
  readonly only?: readonly string[];
  /** Folders whose changes restart functions; empty for none. */
  readonly watched: readonly string[];
  /**
   * Called with changed files. Returns those that functions are made of.
   *
   * @default all of them
   */
  readonly onChange?: (paths: readonly string[]) => Promise<readonly string[]>;
  /** Adds to the reason why a function did not start what to do about it. @default nothing */
  readonly explain?: (served: ServedFunction, reason: string) => string;
  readonly log: (line: string) => void;
}

const cors = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "authorization, x-client-info, apikey, content-type",
};

function platformAnswer(status: number, code: string, message: string): Response {
  return Response.json({ code, message }, { status, headers: cors });
}

/** Files that editors and tools write beside what they edit, and what no function is made of. */
const IGNORED =
  /(?:^|[\\/])(?:node_modules|\.git|\.temp|\.branches)(?:[\\/]|$)|(?:~|\.sw[px]|\.tmp|deno\.lock)$/;

/** Serves the functions of a project. */
export class FunctionHost {
  readonly #options: FunctionHostOptions;
  /** By name, the function that runs, and what runs it. */
  readonly #running = new Map<string, { served: ServedFunction; runner: FunctionRunner }>();
  readonly #retired = new Set<FunctionRunner>();
  /** By name, why a function did not start when its files changed. */
  readonly #failures = new Map<string, string>();
  readonly #stopWatching: () => void;
  #isClosed = false;

  constructor(options: FunctionHostOptions) {
    this.#options = options;
    this.#stopWatching = watchFolders(options.watched, (paths) => void this.changed(paths));
  }

  /** The names of the functions. */
  async names(): Promise<string[]> {
    return (await functionNames(this.#options.places())).filter((name) => this.#isServed(name));
  }

  #isServed(name: string): boolean {
    const { only } = this.#options;
    return only === undefined || only.includes(name);
  }

  /** Answers a request below /functions/v1/. */
  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    url.pathname = url.pathname.slice("/functions/v1".length);
    const name = url.pathname.split("/")[1] ?? "";
    const served = this.#isServed(name)
      ? await findFunction(name, this.#options.places())
      : undefined;
    if (!served) {
      return platformAnswer(404, "NOT_FOUND", "Requested function was not found");
    }
    const refused = await this.#refuseToken(served, request);
    if (refused) return refused;
    try {
      const runner = await this.#runner(served);
      return await runner.fetch(request, url.href);
    } catch (error) {
      // Nobody reads it: the caller is gone.
      if (request.signal.aborted) return new Response(null, { status: 499 });
      return this.#failure(served, error);
    }
  }

  /** The answer of `verify_jwt` to a missing or invalid token, in the shape of the platform. */
  async #refuseToken(
    { verifyJwt }: ServedFunction,
    request: Request,
  ): Promise<Response | undefined> {
    if (!verifyJwt || request.method === "OPTIONS") return undefined;
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

  async #runner(served: ServedFunction): Promise<FunctionRunner> {
    const env = await this.#options.env();
    if (this.#isClosed) throw new WorkerError("the stack was closed");
    const running = this.#running.get(served.name)?.runner;
    if (running && !running.ended) return running;
    const runner = this.#options.start(
      served,
      env,
      (line) => this.#options.log(`${served.name}: ${line}`),
    );
    this.#running.set(served.name, { served, runner });
    return runner;
  }

  #failure(served: ServedFunction, error: unknown): Response {
    const { name } = served;
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof BootError) {
      const explained = this.#options.explain?.(served, reason) ?? reason;
      this.#options.log(`function ${name} failed to start: ${explained}`);
      const message = "Function failed to start (please check logs)";
      return platformAnswer(503, "BOOT_ERROR", message);
    }
    this.#options.log(`function ${name} failed: ${reason}`);
    const message = "Function exited due to an error (please check logs)";
    return platformAnswer(500, "WORKER_ERROR", message);
  }

  /**
   * Restarts the functions that run and whose files changed; all of them for a file that is in no
   * function's folder. An error of the start is logged at once, not at the next request.
   */
  async changed(paths: readonly string[]): Promise<void> {
    const { onChange } = this.#options;
    const edited = paths.filter((path) => !IGNORED.test(path));
    if (edited.length === 0) return;
    const relevant = await onChange?.(edited) ?? edited;
    const running = [...this.#running.values()];
    const isOf = (path: string, { served }: { served: ServedFunction }) =>
      isInside(path, dirname(served.entry));
    // A file of a function that does not run changes no other one.
    const isShared = (path: string) => {
      const folder = this.#options.places().folders.find((one) => isInside(path, one));
      if (folder === undefined) return !running.some((one) => isOf(path, one));
      const first = relative(folder, path).split(sep)[0] ?? "";
      return !isFunctionName(first);
    };
    const isAll = relevant.some(isShared);
    const stale = running.filter((one) => isAll || relevant.some((path) => isOf(path, one)))
      .map(({ served: { name } }) => name).sort();
    if (stale.length === 0) return;
    this.#options.log(`changed, restarts: ${stale.join(", ")}`);
    for (const name of stale) this.#retire(name);
    await Promise.all(stale.map((name) => this.#restart(name)));
  }

  async #restart(name: string): Promise<void> {
    const served = await findFunction(name, this.#options.places());
    if (!served || this.#isClosed) return;
    const runner = await this.#runner(served);
    try {
      await runner.ready;
      this.#failures.delete(name);
    } catch (error) {
      // Where it was changed or closed meanwhile, it is not the function that failed.
      if (this.#running.get(name)?.runner !== runner) return;
      const reason = String(error);
      if (this.#failures.get(name) !== reason) this.#failure(served, error);
      else this.#options.log(`function ${name} failed to start, as before`);
      this.#failures.set(name, reason);
    }
  }

  #retire(name: string): void {
    const runner = this.#running.get(name)?.runner;
    this.#running.delete(name);
    if (!runner) return;
    for (const one of [...this.#retired].filter((one) => one.ended)) this.#retired.delete(one);
    this.#retired.add(runner);
    runner.retire();
  }

  /** Ends all workers and processes. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopWatching();
    const runners = [...this.#running.values()].map(({ runner }) => runner);
    this.#running.clear();
    const all = [...runners, ...this.#retired];
    this.#retired.clear();
    await Promise.all(all.map((runner) => runner.terminate()));
  }
}

function isInside(path: string, folder: string): boolean {
  return path.startsWith(folder + sep);
}

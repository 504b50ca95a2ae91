/** A function in a process of its own, from the side of the host. */

import { fileURLToPath } from "node:url";
import { frame, type ResponseEnvelope, unframe } from "./envelope.ts";
import type { ServedFunction } from "./find.ts";
import { toFileUrl } from "./paths.ts";
import type { Boot, State } from "./process.ts";
import { BootError, type FunctionRunner, WorkerError } from "./runner.ts";
import { createUpload } from "./upload.ts";

const SCRIPT = fileURLToPath(new URL("./process.ts", import.meta.url));

/** Variables of this process that Deno needs in another one, in capitals. */
const PASSED_ON = new Set([
  "APPDATA",
  "DENO_CERT",
  "DENO_DIR",
  "DENO_TLS_CA_STORE",
  "HOME",
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "LOCALAPPDATA",
  "NO_PROXY",
  "NPM_CONFIG_REGISTRY",
  "PATH",
  "SSL_CERT_FILE",
  "SYSTEMROOT",
  "TEMP",
  "TMP",
  "TMPDIR",
  "USERPROFILE",
  "XDG_CACHE_HOME",
]);

/** How long the exit code of a process is waited for, once its connection broke. */
const EXIT_TIMEOUT_MS = 1_000;

const NULL_BODY_STATUSES = [101, 204, 205, 304];

/**
 * The options of `deno run` for an import map. As when it is deployed, only its imports count, unless
 * it is a deno.json with more in it that changes how modules are loaded.
 */
export async function importMapFlags(importMap: string | undefined): Promise<string[]> {
  if (importMap === undefined) return ["--no-config"];
  const isConfig = /[\\/]deno\.jsonc?$/.test(importMap);
  if (isConfig && needsWholeFile(await Deno.readTextFile(importMap).catch(() => ""))) {
    return [`--config=${importMap}`];
  }
  return ["--no-config", `--import-map=${importMap}`];
}

function needsWholeFile(text: string): boolean {
  try {
    const value = JSON.parse(text);
    return "compilerOptions" in value || "importMap" in value;
  } catch {
    return true; // comments, or what Deno will name
  }
}

/** The environment of the process: the function's, and what Deno itself needs. */
function processEnv(env: Readonly<Record<string, string>>): Record<string, string> {
  const passed = Object.entries(Deno.env.toObject())
    .filter(([name]) => PASSED_ON.has(name.toUpperCase()));
  return {
    ...Object.fromEntries(passed),
    DENO_NO_PACKAGE_JSON: "1",
    DENO_NO_UPDATE_CHECK: "1",
    NO_COLOR: "1",
    ...env,
  };
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => Deno.unrefTimer(setTimeout(resolve, ms)));
}

/** Calls a function with each line of a stream. */
async function eachLine(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  take: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split(/\r?\n/);
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  }
  if (rest !== "") take(rest);
}

/** A process that runs one function until it is retired or ends. */
export class FunctionProcess implements FunctionRunner {
  readonly ready: Promise<unknown>;
  readonly #port = Promise.withResolvers<number>();
  readonly #key = crypto.randomUUID();
  /** Aborts the answers that are under way when the process ends. */
  readonly #ending = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  #child: Deno.ChildProcess | undefined;
  #open = 0;
  #isRetired = false;
  ended = false;

  /**
   * Starts a function.
   *
   * @param env Its `Deno.env` and `process.env`.
   * @param log Called with each line that it prints.
   */
  constructor(
    served: ServedFunction,
    env: Readonly<Record<string, string>>,
    log: (line: string) => void,
  ) {
    this.ready = this.#port.promise;
    this.ready.catch(() => {}); // Every request that waits for it rejects.
    void this.#run(served, env, log).catch((error) => this.#end(String(error)));
  }

  async fetch(request: Request, url: string): Promise<Response> {
    this.#open++;
    let isDone = false;
    const done = () => {
      if (!isDone) this.#open--;
      isDone = true;
      if (this.#isRetired) this.retire();
    };
    try {
      const port = await this.#port.promise;
      const { method } = request;
      const headers: [string, string][] = [...request.headers];
      const upload = request.body && createUpload(request.body);
      const envelope = { key: this.#key, url, method, headers, hasBody: upload !== null };
      const answer = await fetch(`http://127.0.0.1:${port}/`, {
        method: "POST",
        body: frame(envelope, upload?.stream ?? null) as BodyInit,
        redirect: "manual",
        signal: AbortSignal.any([request.signal, this.#ending.signal]),
      });
      return await this.#readAnswer(answer, done);
    } catch (error) {
      done();
      if (error instanceof BootError || error instanceof WorkerError) throw error;
      if (request.signal.aborted) throw error;
      // The connection breaks before the process has ended.
      await Promise.race([this.#ended.promise, delay(EXIT_TIMEOUT_MS)]);
      throw this.#ending.signal.reason ?? new WorkerError(`it broke the connection: ${error}`);
    }
  }

  retire(): void {
    this.#isRetired = true;
    if (this.#open === 0) this.#end("the function was changed");
  }

  async terminate(): Promise<void> {
    this.#end("the stack was closed");
    await this.#child?.status;
  }

  async #run(
    { entry, importMap }: ServedFunction,
    env: Readonly<Record<string, string>>,
    log: (line: string) => void,
  ): Promise<void> {
    const flags = await importMapFlags(importMap);
    if (this.ended) return;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--allow-all",
        "--quiet",
        "--no-lock",
        "--node-modules-dir=none",
        ...flags,
        SCRIPT,
      ],
      clearEnv: true,
      env: processEnv(env),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const { stdin, stdout, stderr, status } = this.#child;
    const boot: Boot = { entry: toFileUrl(entry), env, key: this.#key };
    const writer = stdin.getWriter();
    const written = writer.write(new TextEncoder().encode(`${JSON.stringify(boot)}\n`));
    written.catch(() => {}); // It ended before: its exit code says so.
    // What Deno says about a process that does not even begin is the reason.
    const early: string[] = [];
    let hasBegun = false;
    const begin = () => {
      hasBegun = true;
      for (const line of early.splice(0)) log(line);
    };
    const printed = [
      eachLine(stdout, (line) => this.#takeLine(line, log, begin)),
      eachLine(stderr, (line) => void (hasBegun ? log(line) : early.push(line))),
    ];
    const { code, signal } = await status;
    await Promise.all(printed);
    writer.close().catch(() => {});
    const how = signal === null ? `exit code ${code}` : signal;
    this.#end([...early, `It ended with ${how}.`].join("\n"));
  }

  /** A line of the function itself, or the one that says how its start went. */
  #takeLine(line: string, log: (line: string) => void, begin: () => void): void {
    const at = line.indexOf(this.#key);
    if (at === -1) return log(line);
    if (at > 0) log(line.slice(0, at));
    begin();
    const state = JSON.parse(line.slice(at + this.#key.length)) as State;
    if ("failed" in state) this.#end(state.failed);
    else this.#port.resolve(state.port);
  }

  #end(reason: string): void {
    if (this.ended) return;
    this.ended = true;
    try {
      this.#child?.kill("SIGKILL");
    } catch { /* it has ended by itself */ }
    this.#port.reject(new BootError(reason));
    this.#ending.abort(new WorkerError(reason));
    this.#ended.resolve();
  }

  async #readAnswer(answer: Response, done: () => void): Promise<Response> {
    const message = answer.body && await unframe<ResponseEnvelope>(answer.body);
    if (!message) throw new WorkerError(`its process answered ${answer.status}`);
    const { envelope, body } = message;
    if ("thrown" in envelope) throw new WorkerError(envelope.thrown);
    const { status, statusText, headers, hasBody } = envelope;
    const init = {
      status,
      statusText,
      headers: headers.map(([name, value]): [string, string] => [name, value]),
    };
    if (!hasBody || NULL_BODY_STATUSES.includes(status)) {
      await body.cancel();
      done();
      return new Response(null, init);
    }
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    body.pipeTo(writable, { signal: this.#ending.signal })
      .catch(() => {}) // The reader sees it: the body was aborted or cancelled.
      .finally(done);
    return new Response(readable, init);
  }
}

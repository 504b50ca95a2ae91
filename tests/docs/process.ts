/**
 * Processes that serve until they are stopped.
 *
 * @module
 */

/** A process that serves until it is disposed of. */
export class Running implements AsyncDisposable {
  readonly #program: string;
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #waiting = new Map<RegExp, PromiseWithResolvers<RegExpMatchArray>>();
  #printed = "";
  #hasEnded = false;

  /**
   * Starts it.
   *
   * @param program Its path.
   * @param options As for `Deno.Command`.
   */
  constructor(program: string, options: Deno.CommandOptions) {
    this.#program = program;
    this.#child = new Deno.Command(program, {
      ...options,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const { stdout, stderr } = this.#child;
    this.#ended = Promise.all([this.#read(stdout), this.#read(stderr)]).then(() => {
      this.#hasEnded = true;
      for (const { reject } of this.#waiting.values()) reject(this.#tooEarly());
    });
  }

  /** What it has printed so far, to both of its outputs. */
  get printed(): string {
    return this.#printed;
  }

  /**
   * Waits until it has printed something.
   *
   * @param pattern What.
   * @returns The match in all that it has printed.
   * @throws {Error} It ended before; the message holds what it printed.
   */
  async untilPrinted(pattern: RegExp): Promise<RegExpMatchArray> {
    const match = this.#printed.match(pattern);
    if (match) return match;
    if (this.#hasEnded) throw this.#tooEarly();
    const waiting = Promise.withResolvers<RegExpMatchArray>();
    this.#waiting.set(pattern, waiting);
    return await waiting.promise;
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      this.#printed += chunk;
      for (const [pattern, { resolve }] of this.#waiting) {
        const match = this.#printed.match(pattern);
        if (!match) continue;
        this.#waiting.delete(pattern);
        resolve(match);
      }
    }
  }

  #tooEarly(): Error {
    return new Error(`${this.#program} ended:\n${this.#printed}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch { /* it has ended */ }
    await Promise.all([this.#ended, this.#child.status]);
  }
}

/**
 * Runs a process to its end.
 *
 * @param program Its path.
 * @param options As for `Deno.Command`.
 * @returns Both its outputs.
 * @throws {Error} Its exit code was not 0; the message holds what it printed.
 */
export async function finish(program: string, options: Deno.CommandOptions): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, options).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  if (code !== 0) throw new Error(`${program} ${options.args?.join(" ")}: ${code}\n${text}`);
  return text;
}

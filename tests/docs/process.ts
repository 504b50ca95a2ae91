/**
 * Processes that serve until they are stopped.
 *
 * @module
 */

/** A process that runs on. */
export interface Running extends AsyncDisposable {
  /** What it printed, to both of its outputs, so far. */
  printed(): string;
}

/**
 * Starts a process and waits until it prints something.
 *
 * @param program Its path.
 * @param options As for `Deno.Command`.
 * @param until What it prints when it is ready.
 * @returns The process, and what matched.
 * @throws {Error} It ended instead; the message holds what it printed.
 */
export async function start(
  program: string,
  options: Deno.CommandOptions,
  until: RegExp,
): Promise<[process: Running, match: RegExpMatchArray]> {
  const child = new Deno.Command(program, {
    ...options,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let printed = "";
  const ready = Promise.withResolvers<RegExpMatchArray>();
  const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      printed += chunk;
      const match = printed.match(until);
      if (match) ready.resolve(match);
    }
  };
  const ended = Promise.all([read(child.stdout), read(child.stderr)])
    .then(() => ready.reject(new Error(`${program} ended:\n${printed}`)));
  const stop = async () => {
    try {
      child.kill("SIGTERM");
    } catch { /* it has ended */ }
    await Promise.all([ended, child.status]);
  };
  try {
    const match = await ready.promise;
    return [{ printed: () => printed, [Symbol.asyncDispose]: stop }, match];
  } catch (error) {
    await stop();
    throw error;
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

/** A function in a process of its own, as in the edge runtime. */
export interface EdgeWorker extends AsyncDisposable {
  /** Its origin; a function sees `/<name>/…`. */
  readonly url: string;
}

/**
 * Starts a function and waits until it listens.
 *
 * @param deno The Deno to run it under.
 * @param args Options of `deno serve`, and the entry file.
 * @param options Where it runs, and its environment.
 * @returns The worker.
 * @throws {Error} It ended instead; the message has its output.
 */
export async function bootWorker(
  deno: string,
  args: string[],
  options: { cwd: string; env: Record<string, string> },
): Promise<EdgeWorker> {
  const child = new Deno.Command(deno, {
    ...options,
    args: ["serve", "--host=127.0.0.1", "--port=0", ...args],
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();

  let printed = "";
  const listening = Promise.withResolvers<string>();
  // Reads to the end, not only to that line: a full pipe would stop the worker.
  const drained = (async () => {
    for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
      printed += chunk;
      const url = printed.match(/Listening on (http:\/\/127\.0\.0\.1:\d+)/)?.[1];
      if (url !== undefined) listening.resolve(url);
    }
    listening.reject(new Error(`${args.at(-1)} did not start:\n${printed}`));
  })();

  const stop = async () => {
    try {
      child.kill("SIGKILL");
    } catch { /* it has ended */ }
    await Promise.all([drained, child.status]);
  };
  try {
    return { url: await listening.promise, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

// Processes that speak JSON, one object a line: the fake Auth, and each subject.
import { TextLineStream } from "./lines.ts";

/** A running process of ours. */
export interface Child<Ready> {
  /** Its first line. */
  readonly ready: Ready;
  /** Sends a line, and takes the line that answers it. */
  ask<Answer>(question: unknown): Promise<Answer>;
  /** Ends it, and waits until it has gone. */
  stop(): Promise<void>;
}

/** How to start a process. */
export interface ChildOptions {
  /** The module, next to this one. */
  readonly module: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Starts a process and waits for its first line.
 *
 * @throws {Error} It ended without one; what it wrote to stderr stands above.
 */
export async function start<Ready>(options: ChildOptions): Promise<Child<Ready>> {
  const { module, args = [], env = {} } = options;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--no-check",
      "--v8-flags=--expose-gc",
      new URL(module, import.meta.url).href,
      ...args,
    ],
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = child.stdout
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream())
    .getReader();
  const writer = child.stdin.getWriter();
  const read = async <T>(): Promise<T> => {
    const { value, done } = await lines.read();
    if (done || value === undefined) throw new Error(`${module} ${args.join(" ")} ended early`);
    return JSON.parse(value) as T;
  };
  return {
    ready: await read<Ready>(),
    async ask<Answer>(question: unknown) {
      await writer.write(new TextEncoder().encode(`${JSON.stringify(question)}\n`));
      return await read<Answer>();
    },
    async stop() {
      await writer.close().catch(() => {});
      const slow = setTimeout(() => child.kill("SIGKILL"), 2000);
      await child.status;
      clearTimeout(slow);
      await lines.cancel();
    },
  };
}

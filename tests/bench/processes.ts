// Processes that speak JSON, one value per line: the fake Auth and the subjects.
import type { Runtime } from "./runtimes.ts";

/** A running process that answers each line with a line. */
export interface Child<Ready> {
  /** Its first line. */
  readonly ready: Ready;
  ask<Answer>(question: unknown): Promise<Answer>;
  /** Ends it and waits until it has ended. */
  stop(): Promise<void>;
}

/** Starts a process and waits for its first line. */
export async function start<Ready>(
  runtime: Runtime,
  module: URL,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Child<Ready>> {
  const child = runtime.command(module, args, env).spawn();
  const lines = readLines(child.stdout);
  const writer = child.stdin.getWriter();
  const next = async <T>(): Promise<T> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${module.pathname} ${args.join(" ")} ended early`);
    return JSON.parse(value) as T;
  };
  return {
    ready: await next<Ready>(),
    async ask<Answer>(question: unknown) {
      await writer.write(new TextEncoder().encode(`${JSON.stringify(question)}\n`));
      return await next<Answer>();
    },
    async stop() {
      child.kill("SIGKILL");
      await Promise.all([child.status, writer.abort().catch(() => {}), lines.return(undefined)]);
    },
  };
}

/** Answers each line on stdin with a line on stdout; ends with stdin, so with whoever asks. */
export async function answerLines<Question>(
  ready: unknown,
  answer: (question: Question) => unknown,
): Promise<never> {
  console.log(JSON.stringify(ready));
  for await (const line of readLines(Deno.stdin.readable)) {
    console.log(JSON.stringify(await answer(JSON.parse(line) as Question)));
  }
  Deno.exit(0);
}

async function* readLines(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

// One subject in one process: serves it on a port of its own, and does what it is told on stdin.
import process from "node:process";
import { TextLineStream } from "./lines.ts";

/** Blocks of a turn, whatever they take: a median needs some. */
export const LEAST_BLOCKS = 3;

/** What a worker can be told. */
export type Command =
  | { readonly do: "usage"; readonly collect: boolean }
  | {
    readonly do: "handle";
    /** One request a token, in turn. */
    readonly tokens: readonly string[];
    /** Requests a block. */
    readonly size: number;
    /** Blocks go on until so much time has gone, and are {@linkcode LEAST_BLOCKS} at least. */
    readonly ms: number;
  };

/** What a process has used. */
export interface Usage {
  readonly cpu_us: number;
  readonly rss: number;
  /** The heap and what is held outside it. */
  readonly heap: number;
}

/** A block of requests, one after another. */
export interface Block {
  /** Building the Request, and handling it. */
  readonly us_per_request: number;
  /** Handling it. */
  readonly handling_us: number;
  readonly requests: number;
}

interface App {
  fetch(request: Request): Response | Promise<Response>;
}

/** What supabase-js sends from a page. The same for every subject. */
export function headersOf(token: string): Record<string, string> {
  return {
    accept: "*/*",
    apikey: "sb_publishable_bench00000000000000000_00000000",
    authorization: `Bearer ${token}`,
    origin: "https://app.example",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    "x-client-info": "supabase-js-web/2.119.1",
  };
}

async function handle(app: App, { tokens, size, ms }: Command & { do: "handle" }) {
  const blocks: Block[] = [];
  const headers = tokens.map(headersOf);
  const until = performance.now() + ms;
  let next = 0;
  do {
    const began = performance.now();
    const requests = Array.from(
      { length: size },
      () => new Request("http://127.0.0.1/me", { headers: headers[next++ % tokens.length] ?? {} }),
    );
    const built = performance.now();
    for (const request of requests) {
      const { status } = await app.fetch(request);
      if (status !== 200) throw new Error(`answered ${status}`);
    }
    const ended = performance.now();
    blocks.push({
      us_per_request: (ended - began) * 1000 / size,
      handling_us: (ended - built) * 1000 / size,
      requests: size,
    });
  } while (performance.now() < until || blocks.length < LEAST_BLOCKS);
  return blocks;
}

function usage(collect: boolean): Usage {
  if (collect) (globalThis as { gc?: () => void }).gc?.();
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = Deno.memoryUsage();
  return { cpu_us: user + system, rss, heap: heapUsed + external };
}

if (import.meta.main) {
  const { default: app } = await import(`./subjects/${Deno.args[0]}.ts`) as { default: App };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    return app.fetch(request);
  });
  console.log(JSON.stringify({ port: server.addr.port }));
  const lines = Deno.stdin.readable
    .pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  for await (const line of lines) {
    const command = JSON.parse(line) as Command;
    const answer = command.do === "usage" ? usage(command.collect) : await handle(app, command);
    console.log(JSON.stringify(answer));
  }
  await server.shutdown();
}

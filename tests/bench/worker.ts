// One subject in one process, which handles requests when it is told to.
import { answerLines } from "./processes.ts";
import { median } from "./stats.ts";

/** What a worker can be told. Every answer is one number. */
export type WorkerCommand =
  /** Handle this token's request for `ms` unmeasured and for `ms` measured: us per request. */
  | { readonly do: "repeat"; readonly token: string; readonly ms: number }
  /** Handle one request of each token: us per request. */
  | { readonly do: "once"; readonly tokens: readonly string[] }
  /** Handle one request: its status. */
  | { readonly do: "status"; readonly token: string };

/** Requests that are timed together. */
const BLOCK = 20;
/** Blocks of a turn, however long they take: a median needs some. */
const MIN_BLOCKS = 3;

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

/** Microseconds per request: a Request is built and answered, one after another. */
async function timeRequests(app: App, requests: readonly Record<string, string>[]) {
  const began = performance.now();
  for (const headers of requests) {
    const { status } = await app.fetch(new Request("http://127.0.0.1/me", { headers }));
    if (status !== 200) throw new Error(`answered ${status}`);
  }
  return (performance.now() - began) * 1000 / requests.length;
}

async function blocks(app: App, token: string, ms: number): Promise<number> {
  const block = Array(BLOCK).fill(headersOf(token));
  const times: number[] = [];
  const end = performance.now() + ms;
  while (performance.now() < end || times.length < MIN_BLOCKS) {
    times.push(await timeRequests(app, block));
  }
  return median(times);
}

if (import.meta.main) {
  const { default: app } = await import(`./subjects/${Deno.args[0]}.ts`) as { default: App };
  await answerLines<WorkerCommand>("ready", async (command) => {
    switch (command.do) {
      case "repeat":
        // Who has waited while the others had their turn has lost the CPU's caches.
        await blocks(app, command.token, command.ms);
        return await blocks(app, command.token, command.ms);
      case "once":
        return await timeRequests(app, command.tokens.map(headersOf));
      case "status": {
        const headers = headersOf(command.token);
        return (await app.fetch(new Request("http://127.0.0.1/me", { headers }))).status;
      }
    }
  });
}

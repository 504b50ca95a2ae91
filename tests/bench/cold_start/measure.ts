// What a function loads before its first answer: its code in bytes, and the time from the start of
// its process to the last byte of its first answer, modules downloaded, Auth at 0 ms.
import type { AuthServer } from "../auth_server.ts";
import { connect, requestBytes } from "../http_client.ts";
import { rotate } from "../over_http.ts";
import { median } from "../stats.ts";
import { bundleOf } from "./bundle.ts";

/** The same function, three times. */
const FUNCTIONS = {
  edge_auth: "../../../functions/me/index.ts",
  supabase_server: "./on_supabase_server.ts",
  bare_hono: "./on_bare_hono.ts",
} as const;

/** How one of them starts. */
export interface ColdStart {
  readonly function: keyof typeof FUNCTIONS;
  /** Process start to first answer: the median of the starts. */
  readonly first_answer_ms: number;
  /** The part of it until the server listens: Deno itself, and the modules. */
  readonly listening_ms: number;
  /** Size of `deno bundle`, not minified; what no import reaches is left out. */
  readonly bundle_kb: number;
  /** The same by package, largest first. */
  readonly packages: Readonly<Record<string, number>>;
}

/** Starts each function in turn, again and again. */
export async function measureColdStart(auth: AuthServer, starts: number): Promise<ColdStart[]> {
  const names = Object.keys(FUNCTIONS) as (keyof typeof FUNCTIONS)[];
  const times = new Map<string, { listening: number; answered: number }[]>();
  const [token = ""] = await auth.tokens("live", 1);
  for (let round = -1; round < starts; round++) {
    for (const name of rotate(names, round + 1)) {
      const time = await startOnce(new URL(FUNCTIONS[name], import.meta.url), auth, token);
      if (round >= 0) times.set(name, [...times.get(name) ?? [], time]); // the first one warms disks
    }
  }
  return await Promise.all(names.map(async (name) => ({
    function: name,
    first_answer_ms: median(times.get(name)?.map((time) => time.answered) ?? []),
    listening_ms: median(times.get(name)?.map((time) => time.listening) ?? []),
    ...await bundleOf(new URL(FUNCTIONS[name], import.meta.url)),
  })));
}

async function startOnce(module: URL, auth: AuthServer, token: string) {
  const began = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    // A new isolate on another machine has no compiled code of an earlier one.
    args: [
      "run",
      "--allow-all",
      "--no-check",
      "--no-code-cache",
      new URL("serve.ts", import.meta.url).href,
      module.href,
    ],
    env: auth.env,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  try {
    const { value } = await reader.read();
    const port = Number(new TextDecoder().decode(value));
    if (!(port > 0)) throw new Error(`${module.pathname} did not start`);
    const listening = performance.now() - began;
    const connection = await connect(port);
    const status = await connection.send(requestBytes(token));
    const answered = performance.now() - began;
    connection.close();
    if (status !== 200) throw new Error(`${module.pathname} answered ${status}`);
    return { listening, answered };
  } finally {
    child.kill("SIGKILL");
    await reader.cancel();
    await child.status;
  }
}

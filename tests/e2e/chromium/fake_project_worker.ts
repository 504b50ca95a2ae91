/// <reference lib="webworker" />
/** A client in a worker or a service worker of fake_project.ts, without a document or localStorage. */
import { createClient } from "@supabase/supabase-js";
import { createRecovery, problemOf } from "../../../shared/browser/mod.ts";

/** What it is asked: to call the function `me` so often, with this stored session. */
export interface WorkerRequest {
  readonly session: string;
  readonly calls: number;
}

/** What it answers. */
export interface WorkerResult {
  /** What each call came to: its data, or the code of its problem. */
  readonly outcomes: readonly string[];
  readonly told: readonly string[];
  /** What is stored afterwards. */
  readonly stored: string | undefined;
}

const KEY = "sb-test-auth-token";

async function run({ session, calls }: WorkerRequest): Promise<WorkerResult> {
  const items = new Map([[KEY, session]]);
  const told: string[] = [];
  const recovery = createRecovery({ onSignedOut: ({ code }) => told.push(code), patience: 0 });
  const supabase = recovery.attach(
    createClient(location.origin, "sb_publishable_x", {
      auth: {
        storageKey: KEY,
        storage: {
          getItem: (key) => Promise.resolve(items.get(key) ?? null),
          setItem: (key, value) => Promise.resolve(void items.set(key, value)),
          removeItem: (key) => Promise.resolve(void items.delete(key)),
        },
      },
      global: { fetch: recovery.fetch },
    }),
  );
  const outcomes = await Promise.all(Array.from({ length: calls }, async () => {
    const { data, error } = await supabase.functions.invoke("me");
    return data ?? problemOf(error)?.code ?? String(error);
  }));
  await supabase.auth.stopAutoRefresh();
  return { outcomes, told, stored: items.get(KEY) };
}

addEventListener("message", (event) => {
  const { data, ports } = event as MessageEvent<WorkerRequest>;
  run(data).then((result) => ports[0]?.postMessage(result));
});

// Who is measured. Each subject is a module of subjects/ and runs in a process of its own.
import { type Child, start } from "./child.ts";
import type { Block, Command, Usage } from "./worker.ts";

/** A name in the results: a module of subjects/. */
export type SubjectName = keyof typeof SUBJECTS;

/** What each subject is called in a table. `ours`, and whether it asks Auth at all. */
export const SUBJECTS = {
  bare_hono: { title: "bare Hono", role: "floor" },
  stock_hono: { title: "Hono, stock cors() and requestId()", role: "floor" },
  strict: { title: "edge-auth, strict", role: "ours" },
  fresh_10: { title: "edge-auth, freshness: 10", role: "ours" },
  edge_function: { title: "edge-auth, edgeFunction, freshness: 10", role: "ours" },
  supabase_server: { title: "@supabase/server 1.8.1, Hono adapter", role: "peer" },
  hono_jwk: { title: "hono/jwk, keys given", role: "peer" },
  get_user: { title: "createClient + getUser per request", role: "peer" },
  get_user_tuned: { title: "the same, with options for a server", role: "peer" },
  raw_fetch: { title: "raw fetch of /user in the route", role: "peer" },
} as const;

/** Every subject, in the order of the tables. */
export const NAMES = Object.keys(SUBJECTS) as SubjectName[];

/** A running subject. */
export interface Subject {
  readonly name: SubjectName;
  readonly port: number;
  /** Handles prebuilt requests inside its process, and tells how long each block took. */
  handle(command: Omit<Command & { do: "handle" }, "do">): Promise<Block[]>;
  /** CPU so far, and memory now (`collect`: after a garbage collection). */
  usage(collect?: boolean): Promise<Usage>;
  stop(): Promise<void>;
}

/** Starts one. `env` is the environment of a function on the platform. */
export async function startSubject(
  name: SubjectName,
  env: Readonly<Record<string, string>>,
): Promise<Subject> {
  const child: Child<{ port: number }> = await start({ module: "./worker.ts", args: [name], env });
  return {
    name,
    port: child.ready.port,
    handle: (command) => child.ask<Block[]>({ do: "handle", ...command }),
    usage: (collect = false) => child.ask<Usage>({ do: "usage", collect }),
    stop: child.stop,
  };
}

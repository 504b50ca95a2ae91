/** What all calls of one client share, however often withRecovery() is called on it. @module */
import type { Client } from "./client.ts";
import { createRefresh } from "./refresh.ts";
import { createSignOut } from "./sign_out.ts";

/** The shared part of recovery. */
export interface Shared {
  readonly refresh: ReturnType<typeof createRefresh>;
  readonly signOut: ReturnType<typeof createSignOut>;
  /** Sessions whose end was told already. */
  readonly told: Set<string>;
  /** The dialogs that are open. */
  readonly stepUps: Map<string, Promise<boolean>>;
}

const all = new WeakMap<object, Shared>();

/** The shared part of a client: the same one each time, so that a re-render refreshes nothing. */
export function sharedOf(key: object, client: Client): Shared {
  let shared = all.get(key);
  if (shared === undefined) {
    const refresh = createRefresh(client);
    const signOut = createSignOut(client);
    shared = { refresh, signOut, told: new Set(), stepUps: new Map() };
    all.set(key, shared);
  }
  return shared;
}

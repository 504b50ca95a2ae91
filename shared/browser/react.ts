/**
 * Who is signed in, for React. Only this file imports it.
 *
 * @module
 */
import type { Session } from "@supabase/supabase-js";
// @ts-ignore: a project without React has this file as well, and must compile.
import { useSyncExternalStore } from "react";
import type { AnyClient } from "./client.ts";
import { onSession } from "./session.ts";

interface Store {
  readonly subscribe: (callback: () => void) => () => void;
  readonly snapshot: () => Session | null | undefined;
}

const stores = /* @__PURE__ */ new WeakMap<object, Store>();

/** One subscription per client, however many components use it. */
function storeOf(supabase: AnyClient): Store {
  const existing = stores.get(supabase);
  if (existing) return existing;
  let session: Session | null | undefined;
  const callbacks = new Set<() => void>();
  onSession(supabase, (change) => {
    session = change.session;
    for (const callback of callbacks) callback();
  });
  const store: Store = {
    snapshot: () => session,
    subscribe: (callback) => {
      callbacks.add(callback);
      return () => callbacks.delete(callback);
    },
  };
  stores.set(supabase, store);
  return store;
}

/**
 * Who is signed in.
 *
 * @param supabase The client; the same one each time.
 * @returns The session; `null` when nobody is signed in; `undefined` until the stored session is
 * recovered, and on a server: show neither the page nor the sign-in yet.
 */
export function useSession(supabase: AnyClient): Session | null | undefined {
  const { subscribe, snapshot } = storeOf(supabase);
  return useSyncExternalStore(subscribe, snapshot, () => undefined);
}

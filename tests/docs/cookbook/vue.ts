import { onScopeDispose, type ShallowRef, shallowRef } from "vue";
import { onSession, type SessionChange } from "../../../shared/browser/mod.ts";
import { supabase } from "./supabase.ts";

/** `undefined` until the stored session is recovered; `null` when nobody is signed in. */
export function useSession(): ShallowRef<SessionChange["session"] | undefined> {
  const session = shallowRef<SessionChange["session"]>();
  onScopeDispose(onSession(supabase, (change) => session.value = change.session));
  return session;
}

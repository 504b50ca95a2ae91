import { useEffect, useState } from "react";
import { onSession, type SessionChange } from "../../../shared/browser/mod.ts";
import { supabase } from "./supabase.ts";

/** `undefined` until the stored session is recovered; `null` when nobody is signed in. */
export function useSession(): SessionChange["session"] | undefined {
  const [session, setSession] = useState<SessionChange["session"]>();
  useEffect(() => onSession(supabase, (change) => setSession(change.session)), []);
  return session;
}

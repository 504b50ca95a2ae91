import { createElement, type ReactNode } from "react";
import { useSession } from "../../../shared/browser/react.ts";
import { supabase } from "./supabase.ts";

/** Shows the page to whoever is signed in, and nothing while that is not known. */
export function Private({ page, signIn }: { page: ReactNode; signIn: ReactNode }): ReactNode {
  const session = useSession(supabase);
  if (session === undefined) return null;
  return session ? createElement("main", null, page) : signIn;
}

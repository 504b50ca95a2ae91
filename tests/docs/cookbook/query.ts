import { QueryClient } from "@tanstack/query-core";
import { problemOf } from "../../../shared/browser/mod.ts";
import { supabase } from "./supabase.ts";

/** Every call has waited and tried again by itself: what still fails is not repeated on top. */
export const queries = new QueryClient({
  defaultOptions: { queries: { retry: (n, error) => n < 3 && problemOf(error) === undefined } },
});

export const me = {
  queryKey: ["me"],
  queryFn: async ({ signal }: { signal: AbortSignal }) => {
    const { data, error } = await supabase.functions.invoke<{ id: string }>("me", { signal });
    if (error) throw error;
    return data;
  },
};

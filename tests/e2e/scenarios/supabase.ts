// The scenario table on a running Supabase stack: `deno task test:supabase`.
import { findSupabase } from "./find_supabase.ts";
import { runOn } from "./run_on.ts";

runOn(
  await findSupabase().catch((error: Error) => {
    console.error(error.message);
    return Deno.exit(1);
  }),
);

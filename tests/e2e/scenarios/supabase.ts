// The scenario table on a running Supabase stack: `deno task test:supabase`.
import { findSupabase } from "./find_supabase.ts";
import { registerScenarios } from "./register.ts";

registerScenarios(await findSupabase());

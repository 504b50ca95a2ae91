// Loads supabase-js' data client (realtime, storage and functions come with it) for
// `c.var.auth.supabase`. It is a third of what a function loads before its first answer, so one
// that touches no data imports edge_function.ts alone, and does without.
import { createClient } from "@supabase/supabase-js";
import { useDataClient } from "./context.ts";

useDataClient(createClient);

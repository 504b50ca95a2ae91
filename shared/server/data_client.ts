// Loads supabase-js' data client (realtime, storage and functions come with it) for
// `c.var.auth.supabase`. `me` bundles to 1,057 kB with it and to 255 kB without, so a function
// that touches no data imports edge_function.ts alone, and starts without it.
import { createClient } from "@supabase/supabase-js";
import { useDataClient } from "./context.ts";

useDataClient(createClient);

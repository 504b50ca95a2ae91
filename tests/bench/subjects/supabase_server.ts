// As its documentation shows it. The keys are given (SUPABASE_JWKS), as on the platform: it never
// fetches them.
import { Hono } from "hono";
import type { SupabaseContext } from "@supabase/server";
import { withSupabase } from "@supabase/server/adapters/hono";

export default new Hono<{ Variables: { supabaseContext: SupabaseContext } }>()
  .use(withSupabase({ auth: "user" }))
  .get("/me", (c) => c.json({ id: c.var.supabaseContext.userClaims?.id }));

// As its documentation shows it, with the keys inline (SUPABASE_JWKS), as the platform provides them:
// no request for them. It takes some 10 % less where only the keys' URL is set.
import { Hono } from "hono";
import type { SupabaseContext } from "@supabase/server";
import { withSupabase } from "@supabase/server/adapters/hono";

export default new Hono<{ Variables: { supabaseContext: SupabaseContext } }>()
  .use(withSupabase({ auth: "user" }))
  .get("/me", (c) => c.json({ id: c.var.supabaseContext.userClaims?.id }));

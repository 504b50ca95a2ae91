// What the check is without edge-auth: getUser(token) of one client that all requests share.
import { Hono } from "hono";
import { createClient } from "@supabase/supabase-js";

const supabase = createClient(
  Deno.env.get("SUPABASE_URL") ?? "",
  Deno.env.get("SUPABASE_ANON_KEY") ?? "",
  { auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false } },
);

export default new Hono().get("/me", async (c) => {
  const token = (c.req.header("Authorization") ?? "").replace("Bearer ", "");
  const { data, error } = await supabase.auth.getUser(token);
  if (error) return c.json({ error: "unauthorized" }, 401);
  return c.json({ id: data.user.id });
});

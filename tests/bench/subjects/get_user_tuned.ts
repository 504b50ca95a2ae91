// The same with the options that suit a server: it starts no timer and stores nothing.
import { Hono } from "hono";
import { createClient } from "@supabase/supabase-js";

const url = Deno.env.get("SUPABASE_URL") ?? "";
const key = Deno.env.get("SUPABASE_ANON_KEY") ?? "";

export default new Hono().get("/me", async (c) => {
  const authorization = c.req.header("Authorization") ?? "";
  const supabase = createClient(url, key, {
    global: { headers: { Authorization: authorization } },
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  });
  const { data, error } = await supabase.auth.getUser(authorization.replace("Bearer ", ""));
  if (error) return c.json({ error: "unauthorized" }, 401);
  return c.json({ id: data.user.id });
});

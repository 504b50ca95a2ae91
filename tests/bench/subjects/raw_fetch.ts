// The least code that can ask Auth: no time limit, no shared calls, no reason for a refusal.
import { Hono } from "hono";

const url = `${Deno.env.get("SUPABASE_URL")}/auth/v1/user`;
const apikey = Deno.env.get("SUPABASE_ANON_KEY") ?? "";

export default new Hono().get("/me", async (c) => {
  const Authorization = c.req.header("Authorization") ?? "";
  const response = await fetch(url, { headers: { Authorization, apikey } });
  const user: { id: string } = await response.json();
  if (!response.ok) return c.json({ error: "unauthorized" }, 401);
  return c.json({ id: user.id });
});

// functions/me as @supabase/server would have it written, with what edgeFunction() brings along:
// CORS and a request id.
import { Hono } from "hono";
import { cors } from "hono/cors";
import { requestId } from "hono/request-id";
import type { SupabaseContext } from "@supabase/server";
import { withSupabase } from "@supabase/server/adapters/hono";

const app = new Hono<{ Variables: { supabaseContext: SupabaseContext } }>().basePath("/me");

app.use(requestId()).use(cors()).use(withSupabase({ auth: "user" }));

app.get("/", (c) => {
  const { userClaims, jwtClaims } = c.var.supabaseContext;
  return c.json({ id: userClaims?.id, email: userClaims?.email, session: jwtClaims });
});

export default { fetch: app.fetch };

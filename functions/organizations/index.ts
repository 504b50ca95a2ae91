// Routes for the members of an organization. The membership is a row that is read for every request,
// as the caller, so its removal counts at once, and not only when the token expires.
import { z } from "zod";
import { body, edgeFunction, guard } from "../../shared/mod.ts";
import type { Database } from "./database.ts";

const Change = z.strictObject({ name: z.string().trim().min(1).max(200) });

/** Admits members of the organization in the path; with roles, only members with one of them. */
function requireMember(...roles: string[]) {
  return guard<Database>("member", async ({ supabase, user }, c) => {
    const { data, error } = await supabase.from("members").select("role")
      .eq("organization_id", c.req.param("id") ?? "").eq("user_id", user.id).maybeSingle();
    if (error) throw error;
    return data !== null && (roles.length === 0 || roles.includes(data.role));
  });
}

const app = edgeFunction<Database>("organizations");

app.get("/:id{[0-9a-f-]{36}}", requireMember(), async (c) => {
  const { data, error } = await c.var.auth.supabase.from("organizations")
    .select("id, name").eq("id", c.req.param("id")).single();
  if (error) throw error;
  return c.json(data);
});

app.patch("/:id{[0-9a-f-]{36}}", requireMember("admin"), body(Change), async (c) => {
  const { data, error } = await c.var.auth.supabase.from("organizations")
    .update(c.req.valid("json")).eq("id", c.req.param("id")).select("id, name").single();
  if (error) throw error;
  return c.json(data);
});

export default { fetch: app.fetch };

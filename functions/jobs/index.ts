// Background work. Cron jobs and database webhooks call it with a secret key of their own, named
// `cron`: see schedule.sql. Row level security does not apply here.
import { z } from "zod";
import { body, edgeFunction } from "../../shared/mod.ts";

/** What a database webhook sends for a new row of `todos`. */
const TodoAdded = z.object({
  type: z.literal("INSERT"),
  schema: z.literal("public"),
  table: z.literal("todos"),
  record: z.object({ id: z.string(), user_id: z.string(), title: z.string() }),
});

const KEPT_DAYS = 30;

const app = edgeFunction("jobs", { auth: { allow: ["secret:cron"] } });

// Every night. It removes everything that is old enough, so the next run makes up for a failed one.
app.post("/remove-done", async (c) => {
  const before = new Date(Date.now() - KEPT_DAYS * 24 * 60 * 60 * 1000).toISOString();
  const { data, error } = await c.var.auth.supabase.from("todos")
    .delete().eq("done", true).lt("created_at", before).select("id");
  if (error) throw error;
  return c.json({ removed: data.length });
});

// After every new row. For work that the insert must not wait for, such as a mail.
app.post("/todo-added", body(TodoAdded), (c) => {
  console.log(`todo ${c.req.valid("json").record.id} was added`);
  return c.body(null, 204);
});

export default { fetch: app.fetch };

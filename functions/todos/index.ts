// Rows of the caller, under row level security: the client in c.var.auth.supabase acts as the
// user, so what the policies in supabase/migrations hide does not exist here.
import { z } from "zod";
import { body, edgeFunction, ProblemError } from "../../shared/mod.ts";
import type { Database } from "./database.ts";

const title = z.string().trim().min(1).max(200);
const NewTodo = z.strictObject({ title });
const TodoChange = z.strictObject({
  title: title.exactOptional(),
  done: z.boolean().exactOptional(),
})
  .refine((change) => Object.keys(change).length > 0, "Change the title or done.");

const app = edgeFunction<Database>("todos");

app.get("/", async (c) => {
  const { data, error } = await c.var.auth.supabase.from("todos").select().order("created_at");
  if (error) throw error;
  return c.json(data);
});

app.post("/", body(NewTodo), async (c) => {
  const { supabase, user } = c.var.auth;
  const { data, error } = await supabase.from("todos")
    .insert({ ...c.req.valid("json"), user_id: user.id }).select().single();
  if (error) throw error;
  return c.json(data, 201);
});

app.patch("/:id{[0-9a-f-]{36}}", body(TodoChange), async (c) => {
  const { data, error } = await c.var.auth.supabase.from("todos")
    .update(c.req.valid("json")).eq("id", c.req.param("id")).select().single();
  if (error) throw error;
  return c.json(data);
});

app.delete("/:id{[0-9a-f-]{36}}", async (c) => {
  const { data, error } = await c.var.auth.supabase.from("todos")
    .delete().eq("id", c.req.param("id")).select();
  if (error) throw error;
  if (data.length === 0) throw new ProblemError("not_found");
  return c.body(null, 204);
});

export default { fetch: app.fetch };

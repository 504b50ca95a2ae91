// The caller's todos as server-sent events, when the stream opens and whenever they have changed.
// The stream ends when the session does, with an event that tells the page what to do.
import { streamSSE } from "hono/streaming";
import { edgeFunction } from "../../shared/mod.ts";
import type { Database } from "../todos/database.ts";

const INTERVAL_MS = 5000;

const app = edgeFunction<Database>("events");

app.get("/", (c) =>
  streamSSE(c, async (stream) => {
    const { recheck, supabase } = c.var.auth;
    let sent: string | undefined;
    while (!stream.aborted) {
      // A read that fails is tried again in the next round.
      const { data } = await supabase.from("todos").select("id, title, done").order("created_at");
      const todos = data === null ? sent : JSON.stringify(data);
      if (todos !== undefined && todos !== sent) {
        await stream.writeSSE({ event: "todos", data: todos });
      } else {
        await stream.write(": nothing new\n\n"); // so that no proxy takes the stream for dead
      }
      sent = todos;

      await stream.sleep(INTERVAL_MS);
      if (stream.aborted) return;
      const check = await recheck();
      if (check.outcome === "refused") {
        await stream.writeSSE({ event: "problem", data: JSON.stringify(check.problem) });
        return;
      }
    }
  }));

export default { fetch: app.fetch };

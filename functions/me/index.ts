// Who am I? The smallest function there is: everything about auth is in edgeFunction().
// It touches no data, so it takes edgeFunction from its own file: supabase-js' data client, which
// shared/mod.ts brings along, stays out of its start.
import { edgeFunction } from "../../shared/server/edge_function.ts";

const app = edgeFunction("me");

app.get("/", (c) => {
  const { user, session } = c.var.auth;
  return c.json({ id: user.id, email: user.email, session });
});

export default { fetch: app.fetch };

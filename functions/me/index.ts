// Who am I? The smallest function there is: everything about auth is in edgeFunction().
import { edgeFunction } from "../../shared/mod.ts";

const app = edgeFunction("me");

// functions.invoke() of supabase-js sends POST unless it is told otherwise.
app.on(["GET", "POST"], "/", (c) => {
  const { user, session } = c.var.auth;
  return c.json({ id: user.id, email: user.email, session });
});

export default { fetch: app.fetch };

// Who am I? The smallest function there is: everything about auth is in edgeFunction().
import { edgeFunction } from "../../shared/mod.ts";

const app = edgeFunction("me");

app.get("/", (c) => {
  const { user, session } = c.var.auth;
  return c.json({ id: user.id, email: user.email, session });
});

export default { fetch: app.fetch };

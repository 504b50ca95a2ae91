import { Hono } from "hono";
import { auth, type AuthEnv } from "../../../shared/mod.ts";

export default new Hono<AuthEnv>()
  .use(auth({ freshness: 10 }))
  .get("/me", (c) => c.json({ id: c.var.auth.user.id }));

// For the fleet: its freshness comes from outside, 0 for strict.
import { Hono } from "hono";
import { auth, type AuthEnv } from "../../../shared/mod.ts";

const freshness = Number(Deno.env.get("BENCH_FRESHNESS")) || "strict";

export default new Hono<AuthEnv>()
  .use(auth({ freshness }))
  .get("/me", (c) => c.json({ id: c.var.auth.user.id }));

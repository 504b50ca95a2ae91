// For the fleet: its freshness comes from outside, 0 for strict. A long time-out, because a fleet
// on one small machine may stall for seconds, which says nothing about calls.
import { Hono } from "hono";
import { auth, type AuthEnv } from "../../../shared/mod.ts";

const freshness = Number(Deno.env.get("BENCH_FRESHNESS")) || "strict";

export default new Hono<AuthEnv>()
  .use(auth({ freshness, timeout: 30_000 }))
  .get("/me", (c) => c.json({ id: c.var.auth.user.id }));

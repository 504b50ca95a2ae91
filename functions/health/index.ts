// Can this project's functions reach Auth? Public, and cheap to ask: one call in five seconds.
import { authHealth, edgeFunction } from "../../shared/mod.ts";

const health = authHealth();
const app = edgeFunction("health", { public: ["/"] });

app.get("/", async (c) => {
  await health();
  return c.json({ status: "ok" }, 200, { "Cache-Control": "no-store" });
});

export default { fetch: app.fetch };

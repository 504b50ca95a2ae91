// functions/me without any check: what every other function is at least.
import { Hono } from "hono";

const app = new Hono().basePath("/me");

app.get("/", (c) => c.json({ id: crypto.randomUUID() }));

export default { fetch: app.fetch };

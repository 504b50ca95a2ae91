import { edgeFunction } from "../../../../../shared/mod.ts";

const app = edgeFunction("edge-auth");

app.get("/", (c) => c.json({ id: c.var.auth.user.id }));

export default { fetch: app.fetch };

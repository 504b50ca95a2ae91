import { edgeFunction } from "../../../shared/mod.ts";

export default edgeFunction("me", { auth: { freshness: 10 } })
  .get("/", (c) => c.json({ id: c.var.auth.user.id }));

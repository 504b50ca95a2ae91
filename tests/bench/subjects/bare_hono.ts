import { Hono } from "hono";

// As long as a user's id, so that every subject answers the same number of bytes.
const id = crypto.randomUUID();

export default new Hono().get("/me", (c) => c.json({ id }));

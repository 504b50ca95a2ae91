import { Hono } from "hono";
import { cors } from "hono/cors";
import { requestId } from "hono/request-id";

const id = crypto.randomUUID();

export default new Hono()
  .use(requestId())
  .use(cors())
  .get("/me", (c) => c.json({ id }));

import type { Context } from "hono";

const ACCEPTABLE_ID = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * The id of a request: the one that an earlier middleware set (`c.var.requestId`, Hono's convention),
 * else an acceptable inbound `X-Request-Id`, else a new UUID. The same for the whole request.
 */
export function getRequestId(c: Context): string {
  const known: unknown = c.get("requestId");
  if (typeof known === "string" && ACCEPTABLE_ID.test(known)) return known;
  const inbound = c.req.header("X-Request-Id");
  const id = inbound !== undefined && ACCEPTABLE_ID.test(inbound) ? inbound : crypto.randomUUID();
  c.set("requestId", id);
  return id;
}

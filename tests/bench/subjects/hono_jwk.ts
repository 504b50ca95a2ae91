// Its best case, with the keys given: with `jwks_uri` it would fetch them in every request.
import { Hono } from "hono";
import { jwk } from "hono/jwk";

const { keys } = JSON.parse(Deno.env.get("SUPABASE_JWKS") ?? "");

export default new Hono<{ Variables: { jwtPayload: { sub: string } } }>()
  .use(jwk({ keys, alg: ["ES256"] }))
  .get("/me", (c) => c.json({ id: c.get("jwtPayload").sub }));

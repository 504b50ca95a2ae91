// Hono's own middleware, with the project's key set.
import { Hono } from "hono";
import { cors } from "hono/cors";
import { jwk } from "hono/jwk";
import type { JwtVariables } from "hono/jwt";

const app = new Hono<{ Variables: JwtVariables }>().basePath("/hono-jwk");

app.use(cors());
app.use(jwk({
  jwks_uri: `${Deno.env.get("SUPABASE_URL")}/auth/v1/.well-known/jwks.json`,
  alg: ["ES256"],
}));
app.get("/", (c) => c.json({ id: c.get("jwtPayload").sub }));

export default { fetch: app.fetch };

// Where a mail link or an OAuth code becomes a session. The app page that the link leads to posts
// here when the user clicks: a link scanner follows GETs, and would use the link up.
import { z } from "zod";
import { body, callAuth, edgeFunction, requireOrigin } from "../../shared/mod.ts";

const origins = (Deno.env.get("APP_ORIGINS") || "http://127.0.0.1:3000")
  .split(",").map((origin) => origin.trim());

const Callback = z.union([
  z.strictObject({
    token_hash: z.string().min(1),
    type: z.enum(["signup", "invite", "magiclink", "recovery", "email_change", "email"]),
  }),
  z.strictObject({ code: z.string().min(1), code_verifier: z.string().min(1) }),
]);

const app = edgeFunction("auth-callback", { public: ["/"], cors: { origins } });

app.post("/", requireOrigin(origins), body(Callback), async (c) => {
  const proof = c.req.valid("json");
  const session = "code" in proof
    ? await callAuth({
      method: "POST",
      path: "/token?grant_type=pkce",
      body: { auth_code: proof.code, code_verifier: proof.code_verifier },
    })
    : await callAuth({ method: "POST", path: "/verify", body: proof });
  return c.json(session, 200, { "Cache-Control": "no-store" });
});

export default { fetch: app.fetch };

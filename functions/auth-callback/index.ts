// Where a mail link or an OAuth code becomes a session. The app page that the link leads to posts
// here when the user clicks: a link scanner follows GETs, and would use the link up.
import { z } from "zod";
import { body, callAuth, edgeFunction, limitRequests, requireOrigin } from "../../shared/mod.ts";

const origins = (Deno.env.get("APP_ORIGINS") || "http://127.0.0.1:3000")
  .split(",").map((origin) => origin.trim());

const Callback = z.union([
  z.strictObject({
    token_hash: z.string().regex(/^[\w-]+$/),
    type: z.enum(["signup", "invite", "magiclink", "recovery", "email_change", "email"]),
  }),
  z.strictObject({
    code: z.string().regex(/^[\w-]+$/),
    code_verifier: z.string().regex(/^[\w.~-]{43,128}$/), // RFC 7636, section 4.1
  }),
]);

const app = edgeFunction("auth-callback", { public: ["/"], cors: { origins } });

// Auth limits these calls per address, 30 in five minutes, and all of them come from this function:
// one caller must not use them up for everybody. A hosted project can count them per person instead:
// switch on "IP address forwarding" in Auth's rate limits.
const limit = limitRequests({ max: 10, windowSeconds: 300 });

app.post("/", requireOrigin(origins), limit, body(Callback), async (c) => {
  const proof = c.req.valid("json");
  const clientAddress = c.req.header("CF-Connecting-IP"); // set by the hosted platform itself
  const session = "code" in proof
    ? await callAuth({
      method: "POST",
      path: "/token?grant_type=pkce",
      body: { auth_code: proof.code, code_verifier: proof.code_verifier },
      clientAddress,
    })
    : await callAuth({ method: "POST", path: "/verify", body: proof, clientAddress });
  // The first of the two links of an e-mail change is no session yet.
  const done = typeof session.access_token === "string";
  const answer = done ? session : { status: "confirm_the_other_address" };
  return c.json(answer, done ? 200 : 202, { "Cache-Control": "no-store" });
});

export default { fetch: app.fetch };

// Changes to the caller's own account. Auth acts as the caller, with the caller's own token, so
// every rule of the project (password strength, reauthentication, addresses) holds here too.
import { z } from "zod";
import { body, callAuth, edgeFunction, requireAal } from "../../shared/mod.ts";

// Auth hashes with bcrypt, which reads 72 bytes; beyond them it only says "validation_failed".
const password = z.string().min(1)
  .refine((text) => new TextEncoder().encode(text).length <= 72, "At most 72 bytes.");
const NewPassword = z.strictObject({
  password,
  current_password: z.string().min(1).optional(),
  nonce: z.string().min(1).optional(),
});
const NewEmail = z.strictObject({ email: z.email() });

const app = edgeFunction("account");
app.use(requireAal("enrolled")); // Auth wants the second factor of whoever has one

// Ends the user's other sessions. `reauthentication_needed`: ask for a nonce below, and send it
// together with the current password: Auth uses the nonce up before it looks at the rest.
app.put("/password", body(NewPassword), async (c) => {
  const { token } = c.var.auth;
  await callAuth({ method: "PUT", path: "/user", token, body: c.req.valid("json") });
  return c.body(null, 204);
});

// Mails a nonce to the user.
app.post("/reauthenticate", async (c) => {
  await callAuth({ method: "GET", path: "/reauthenticate", token: c.var.auth.token });
  return c.body(null, 204);
});

// Takes effect when the links that Auth mails have been followed (at once for an anonymous user of
// a project that confirms no addresses).
app.put("/email", body(NewEmail), async (c) => {
  const { token } = c.var.auth;
  await callAuth({ method: "PUT", path: "/user", token, body: c.req.valid("json") });
  return c.body(null, 204);
});

// Asks for a new sign-in after a day, so that whoever finds an old session cannot sign its owner out.
app.delete("/other-sessions", requireAal("enrolled", { maxAge: 24 * 60 * 60 }), async (c) => {
  await callAuth({ method: "POST", path: "/logout?scope=others", token: c.var.auth.token });
  return c.body(null, 204);
});

export default { fetch: app.fetch };

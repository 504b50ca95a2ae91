// Changes to the caller's own account. Auth acts as the caller, with the caller's own token, so
// every rule of the project (password strength, reauthentication, addresses) holds here too.
import { z } from "zod";
import { body, callAuth, edgeFunction, requireAal } from "../../shared/mod.ts";

const NewPassword = z.strictObject({
  password: z.string().min(1),
  current_password: z.string().min(1).optional(),
  nonce: z.string().min(1).optional(),
});
const NewEmail = z.strictObject({ email: z.email() });

const app = edgeFunction("account");
app.use(requireAal("enrolled")); // Auth wants the second factor of whoever has one

// Ends the user's other sessions. `reauthentication_needed`: ask for a nonce below, send it along.
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

// Takes effect when the links that Auth mails have been followed.
app.put("/email", body(NewEmail), async (c) => {
  const { token } = c.var.auth;
  await callAuth({ method: "PUT", path: "/user", token, body: c.req.valid("json") });
  return c.body(null, 204);
});

app.delete("/other-sessions", async (c) => {
  await callAuth({ method: "POST", path: "/logout?scope=others", token: c.var.auth.token });
  return c.body(null, 204);
});

export default { fetch: app.fetch };

// A hook that Supabase Auth calls, and signs, before it stores a new user. See
// [auth.hook.before_user_created] in supabase/config.toml.
import { z } from "zod";
import { body, edgeFunction } from "../../shared/mod.ts";
import { authHookError, webhook } from "../../shared/server/webhook.ts";

/** Mailboxes that anybody can read. */
const DISPOSABLE = new Set(["10minutemail.com", "guerrillamail.com", "mailinator.com"]);

// Users who sign up by phone or anonymously have "" as their e-mail address.
const BeforeUserCreated = z.object({ user: z.object({ email: z.string() }) });

const app = edgeFunction("hooks", { public: ["/*"] }); // nobody is signed in here: webhook() checks
const signedByAuth = webhook({ secret: { env: "BEFORE_USER_CREATED_HOOK_SECRET" } });

app.post("/before-user-created", signedByAuth, body(BeforeUserCreated), (c) => {
  const { email } = c.req.valid("json").user;
  const domain = email.slice(email.lastIndexOf("@") + 1).toLowerCase();
  // Status 200, because only then Auth passes the refusal on to the user.
  if (DISPOSABLE.has(domain)) return c.json(authHookError("Sign up with an address of your own."));
  return c.json({});
});

export default { fetch: app.fetch };

// What Supabase Auth asks before it stores a new user: a hook, which Auth signs. See
// [auth.hook.before_user_created] in supabase/config.toml.
import { z } from "zod";
import { body, edgeFunction } from "../../shared/mod.ts";
import { authHookError, webhook } from "../../shared/server/webhook.ts";

/** Mailboxes that anybody can read. */
const DISPOSABLE = new Set(["10minutemail.com", "guerrillamail.com", "mailinator.com"]);

// Users who sign in by phone, or anonymously, have the address "".
const BeforeUserCreated = z.object({ user: z.object({ email: z.string() }) });

const app = edgeFunction("hooks", { public: ["/*"] }); // nobody is signed in: the sender signs
const signedByAuth = webhook({ secret: { env: "BEFORE_USER_CREATED_HOOK_SECRET" } });

app.post("/before-user-created", signedByAuth, body(BeforeUserCreated), (c) => {
  const { email } = c.req.valid("json").user;
  const domain = email.slice(email.lastIndexOf("@") + 1).toLowerCase();
  // 200, because Auth passes on a refusal only then.
  if (DISPOSABLE.has(domain)) return c.json(authHookError("Sign up with an address of your own."));
  return c.json({});
});

export default { fetch: app.fetch };

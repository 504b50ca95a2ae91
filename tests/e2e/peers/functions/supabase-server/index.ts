// As `supabase functions new` scaffolds it, for callers who are signed in.
import { withSupabase } from "@supabase/server";

export default {
  fetch: withSupabase(
    { auth: "user" },
    (_request, context) => Promise.resolve(Response.json({ id: context.userClaims?.id })),
  ),
};

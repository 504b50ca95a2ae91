import { type CookieMethodsServer, createServerClient } from "@supabase/ssr";

/** Renders for the caller, or says where to send the browser instead. */
export async function load(cookies: CookieMethodsServer): Promise<unknown> {
  const url = "https://<ref>.supabase.co";
  const supabase = createServerClient(url, "sb_publishable_…", { cookies }); // one client per request
  const { data, error } = await supabase.functions.invoke("me");
  if (error === null) return data;
  // Readable once. Nothing is cleared here: the login page calls `invoke("me")` of the browser,
  // which confirms with Auth before it does.
  const problem = await error.context?.json?.().catch(() => null);
  return { redirect: problem?.action === "sign_in" ? "/login" : "/try-again" };
}

import { encodeToken } from "./tokens.ts";

/** The project that every `fakeAuth()` plays: a function reads its variables only once. */
export const FAKE_PROJECT = {
  url: "https://project.example",
  publishableKey: "sb_publishable_test",
  secretKey: "sb_secret_test",
} as const;

/** A legacy API key: a JWT that names a role and no user. */
export const legacyKey = (role: "anon" | "service_role"): string =>
  encodeToken({ iss: "supabase", ref: "project", role, iat: 1_700_000_000, exp: 4_000_000_000 });

/** The variables that Supabase sets for a function of the project. */
export function fakeEnvironment(
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    SUPABASE_URL: FAKE_PROJECT.url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: FAKE_PROJECT.publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: FAKE_PROJECT.secretKey }),
    SUPABASE_ANON_KEY: legacyKey("anon"),
    SUPABASE_SERVICE_ROLE_KEY: legacyKey("service_role"),
    ...more,
  };
}

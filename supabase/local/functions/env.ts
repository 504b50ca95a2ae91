/** The environment variables of a function. */

import { type ApiKeys, cronKey, functionJwks } from "../keys.ts";

/** Reads `NAME=value` lines; quotes around a value are left out. */
export function parseEnvFile(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const [, name, value] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    values[name] = /^(["']).*\1$/.test(value) ? value.slice(1, -1) : value.replace(/\s+#.*$/, "");
  }
  return values;
}

async function readEnvFile(path: string): Promise<Record<string, string>> {
  try {
    return parseEnvFile(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}

/**
 * The environment of a function: the platform's variables, and those of functions/.env or
 * supabase/functions/.env, which cannot replace the platform's.
 *
 * APP_ORIGINS is the project's value or its site URL, plus the origin of the stack's page.
 */
export async function functionEnv(
  root: string,
  url: string,
  keys: ApiKeys,
  siteUrl: string,
): Promise<Record<string, string>> {
  const own = {
    ...await readEnvFile(`${root}/functions/.env`),
    ...await readEnvFile(`${root}/supabase/functions/.env`),
  };
  return {
    ...own,
    APP_ORIGINS: `${own.APP_ORIGINS || new URL(siteUrl).origin},${new URL(url).origin}`,
    SUPABASE_URL: url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: keys.publishable }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: keys.secret, cron: cronKey }),
    SUPABASE_ANON_KEY: keys.anon,
    SUPABASE_SERVICE_ROLE_KEY: keys.serviceRole,
    SUPABASE_JWKS: functionJwks(),
    SUPABASE_DB_URL: "postgresql://postgres:postgres@127.0.0.1:54322/postgres",
    SB_REGION: "local",
    SB_EXECUTION_ID: crypto.randomUUID(),
    EDGE_AUTH_UNMASKED_ERRORS: "true", // a developer reads the log
  };
}

/** The environment variables of a function. */

import { join } from "node:path";
import { readEnvFile as parseVariables } from "../../doctor/project/env_file.ts";
import { type ApiKeys, cronKey, functionJwks } from "../keys.ts";

/** Reads `NAME=value` lines as dotenv does: quotes, `export`, comments. */
export function parseEnvFile(text: string): Record<string, string> {
  const { variables } = parseVariables(".env", text);
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}

async function readEnvFile(path: string): Promise<Record<string, string>> {
  try {
    return parseEnvFile(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}

/** What the variables of a function are made of. */
export interface FunctionEnvOptions {
  /** The folder that holds `supabase/`. */
  readonly root: string;
  /** The URL of the stack. */
  readonly url: string;
  readonly keys: ApiKeys;
  readonly siteUrl: string;
  /** `[edge_runtime.secrets]` of config.toml. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Takes the names of the project's variables that are left out. */
  readonly onReserved?: (names: readonly string[]) => void;
}

/**
 * The environment of a function: the platform's variables, and those of the project: the secrets of
 * config.toml, functions/.env and supabase/functions/.env. As with the CLI, a name of the project
 * that begins with `SUPABASE_` is left out.
 *
 * APP_ORIGINS is the project's value or its site URL, plus the origin of the stack's page.
 */
export async function functionEnv(
  { root, url, keys, siteUrl, secrets, onReserved = () => {} }: FunctionEnvOptions,
): Promise<Record<string, string>> {
  const all = {
    ...secrets,
    ...await readEnvFile(join(root, "functions", ".env")),
    ...await readEnvFile(join(root, "supabase", "functions", ".env")),
  };
  const isReserved = ([name]: readonly [string, string]) => name.startsWith("SUPABASE_");
  const reserved = Object.entries(all).filter(isReserved).map(([name]) => name);
  if (reserved.length > 0) onReserved(reserved);
  const own = Object.fromEntries(Object.entries(all).filter((one) => !isReserved(one)));
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

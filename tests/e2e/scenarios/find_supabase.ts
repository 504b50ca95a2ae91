import type { Capability, Stack } from "../../../supabase/local/stack.ts";
import { SUPABASE_CLI } from "../../support/versions.ts";
import type { ScenarioTarget } from "./register.ts";

/** What to do where {@linkcode findSupabase} finds nothing. */
const HOW_TO_START = "No running Supabase stack was found. Start one with " +
  `\`npx supabase@${SUPABASE_CLI} start\` (it needs docker), or set SUPABASE_URL, ` +
  "SUPABASE_PUBLISHABLE_KEY, SUPABASE_SECRET_KEY, SUPABASE_ANON_KEY, SUPABASE_SERVICE_ROLE_KEY and " +
  "SUPABASE_JWT_SECRET.";

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * What a full stack can do; SUPABASE_CAN names less, such as `admin,mail`, or also `oauth` where Auth's
 * OAuth server is on. SUPABASE_CRON_KEY is its secret key named `cron`, where it has one, and
 * BEFORE_USER_CREATED_HOOK_SECRET what its functions have under that name.
 */
const EVERYTHING: readonly Capability[] = ["rest", "admin", "mail", "mfa", "anonymous"];

/** Reads `NAME="value"` lines, as `supabase status -o env` prints them. */
function parseEnv(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/^([A-Z_]+)="?(.*?)"?$/gm)];
  return Object.fromEntries(pairs.map(([, name = "", value = ""]) => [name, value]));
}

/**
 * Finds a running stack: the one that the environment names, else the one that the CLI started.
 *
 * @throws {Error} There is none, or it does not answer. The message says how to start one.
 */
export async function findSupabase(env: Variables = Deno.env.toObject()): Promise<ScenarioTarget> {
  const explicit = env.SUPABASE_URL !== undefined;
  const vars = explicit ? fromEnvironment(env) : await fromCli();
  const required = (name: string): string => {
    const value = vars[name];
    if (!value) {
      throw new Error(`${HOW_TO_START}${explicit ? ` (SUPABASE_${name} is not set.)` : ""}`);
    }
    return value;
  };
  const named = env.SUPABASE_CAN?.split(",") as Capability[] | undefined;
  const { SUPABASE_CRON_KEY: cronKey, BEFORE_USER_CREATED_HOOK_SECRET: hookSecret } = env;
  const stack: Stack = {
    name: explicit ? "supabase (SUPABASE_URL)" : "supabase start",
    url: required("API_URL").replace(/\/+$/, ""),
    keys: {
      publishable: required("PUBLISHABLE_KEY"),
      secret: required("SECRET_KEY"),
      anon: required("ANON_KEY"),
      serviceRole: required("SERVICE_ROLE_KEY"),
    },
    jwtSecret: required("JWT_SECRET"),
    ...(cronKey ? { cronKey } : {}),
    ...(hookSecret ? { hookSecret } : {}),
    can: new Set([
      ...named ?? EVERYTHING,
      ...(cronKey ? ["cron_key" as const] : []),
      ...(hookSecret ? ["hook_secret" as const] : []),
    ]),
  };
  const health = await fetch(`${stack.url}/auth/v1/health`, {
    headers: { apikey: stack.keys.publishable },
  }).catch(() => null);
  await health?.body?.cancel();
  if (!health?.ok) throw new Error(`${stack.url} does not answer. ${HOW_TO_START}`);
  return { stack, mailbox: mailpit(vars.MAILPIT_URL ?? "http://127.0.0.1:54324") };
}

function fromEnvironment(env: Variables): Variables {
  return {
    API_URL: env.SUPABASE_URL,
    PUBLISHABLE_KEY: env.SUPABASE_PUBLISHABLE_KEY,
    SECRET_KEY: env.SUPABASE_SECRET_KEY,
    ANON_KEY: env.SUPABASE_ANON_KEY,
    SERVICE_ROLE_KEY: env.SUPABASE_SERVICE_ROLE_KEY,
    JWT_SECRET: env.SUPABASE_JWT_SECRET,
    MAILPIT_URL: env.MAILPIT_URL,
  };
}

/** Empty where no stack runs: the CLI then exits with 1 and prints nothing. */
async function fromCli(): Promise<Variables> {
  const command = new Deno.Command("npx", {
    args: ["--yes", `supabase@${SUPABASE_CLI}`, "status", "-o", "env"],
    stdout: "piped",
    stderr: "null",
  });
  const { stdout } = await command.output();
  return parseEnv(new TextDecoder().decode(stdout));
}

/** Reads mails where `supabase start` puts them. */
function mailpit(url: string) {
  return async (address: string): Promise<string> => {
    const query = encodeURIComponent(`to:"${address}"`);
    const found = await (await fetch(`${url}/api/v1/search?query=${query}`)).json();
    const id: unknown = found.messages?.[0]?.ID;
    if (typeof id !== "string") throw new Error(`no mail to ${address}`);
    return (await (await fetch(`${url}/api/v1/message/${id}`)).json()).HTML;
  };
}

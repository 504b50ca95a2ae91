import { z } from "zod/v3";
import type { ProjectKeys } from "./credential.ts";

/** The variables a function runs with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The Supabase project a function belongs to, as its environment tells it. */
export interface Project {
  /** `SUPABASE_URL`, without a slash at its end. */
  readonly url: string;
  /** The key our own calls carry: publishable, or the legacy anon key. Never the caller's. */
  readonly apiKey: string;
  readonly keys: ProjectKeys;
  /** The public keys in `SUPABASE_JWKS`. None is no mistake: they are fetched where they lack. */
  readonly jwks: readonly JsonWebKey[];
}

/** A variable is missing or wrong. The message names it and never holds its value. */
export class EnvironmentError extends Error {
  override readonly name = "EnvironmentError";
}

const json = z.string().transform((text, ctx) => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    ctx.addIssue({ code: z.ZodIssueCode.custom, message: "must be a JSON object" });
    return z.NEVER;
  }
});

const keyMap = (key: z.ZodType<string>) =>
  json.pipe(z.record(key, { invalid_type_error: "must be a JSON object of keys" }));

const key = z.string().min(1);
// It would go out with every call of ours, and act for nobody's row level security.
const publicKey = key.refine(
  (text) => !text.startsWith("sb_secret_"),
  "holds a secret key where a publishable one belongs",
);

const variables = z.object({
  SUPABASE_URL: z.string({ required_error: "is not set" })
    .refine((text) => /^https?:\/\//i.test(text) && URL.canParse(text), "must be an http(s) URL"),
  SUPABASE_PUBLISHABLE_KEYS: keyMap(publicKey).optional(),
  SUPABASE_SECRET_KEYS: keyMap(key).optional(),
  SUPABASE_JWKS: z.string().optional(),
  // Not set by the platform: for whoever runs functions elsewhere, as in @supabase/server.
  SUPABASE_PUBLISHABLE_KEY: publicKey.optional(),
  SUPABASE_SECRET_KEY: z.string().optional(),
  SUPABASE_ANON_KEY: publicKey.optional(),
  SUPABASE_SERVICE_ROLE_KEY: z.string().optional(),
});

/**
 * Reads a project out of its environment: the variables Supabase sets for every Edge Function,
 * hosted or local. An empty variable counts as not set.
 *
 * @param env The variables.
 * @returns The project.
 * @throws {EnvironmentError} A variable is missing or wrong.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const project = readProject({
 *   SUPABASE_URL: "https://abc.supabase.co",
 *   SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_x"}',
 * });
 * assertEquals(project.apiKey, "sb_publishable_x");
 * assertThrows(() => readProject({}), EnvironmentError, "SUPABASE_URL is not set");
 * ```
 */
export function readProject(env: Environment): Project {
  const set = Object.keys(variables.shape)
    .map((name) => [name, env[name]?.trim() || undefined] as const)
    .filter(([, value]) => value !== undefined);
  const parsed = variables.safeParse(Object.fromEntries(set));
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(({ path, message }) => `${String(path[0])} ${message}`);
    throw new EnvironmentError(wrong.join("; "));
  }
  const vars = parsed.data;
  const publishable = vars.SUPABASE_PUBLISHABLE_KEYS ?? {};
  const publicKeys = [
    ...Object.values(publishable),
    vars.SUPABASE_PUBLISHABLE_KEY,
    vars.SUPABASE_ANON_KEY,
  ].filter(isSet);
  const apiKey = publishable.default ?? publicKeys[0];
  if (apiKey === undefined) {
    throw new EnvironmentError("SUPABASE_PUBLISHABLE_KEYS (or SUPABASE_ANON_KEY) is not set");
  }
  const secret = [
    ...Object.values(vars.SUPABASE_SECRET_KEYS ?? {}),
    vars.SUPABASE_SECRET_KEY,
    vars.SUPABASE_SERVICE_ROLE_KEY,
  ].filter(isSet);
  return {
    url: vars.SUPABASE_URL.replace(/\/+$/, ""),
    apiKey,
    keys: {
      public: new Set(publicKeys),
      secret: new Set(secret),
    },
    // A key set only spares calls to Auth, so one that cannot be read is none.
    jwks: readKeySet(vars.SUPABASE_JWKS ?? "") ?? [],
  };
}

function isSet(value: string | undefined): value is string {
  return value !== undefined;
}

const jwks = z.array(z.object({ kty: z.string() }).passthrough());
const keySet = json.pipe(z.union([jwks, z.object({ keys: jwks }).transform(({ keys }) => keys)]));

/**
 * Reads a JSON Web Key Set (RFC 7517, section 5), or its bare list of keys.
 *
 * @returns Its keys, or `undefined` for what is none.
 */
export function readKeySet(text: string): JsonWebKey[] | undefined {
  return keySet.safeParse(text).data;
}

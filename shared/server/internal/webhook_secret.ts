import { Webhook } from "standardwebhooks";
import { readProcessVariable } from "../core/process_env.ts";
import { logOnce } from "./log.ts";

/** Secrets, or the environment variable that holds them. */
export type WebhookSecret = string | readonly string[] | { readonly env: string };

/** Each secret costs one HMAC of the body: up to 40 ms for a megabyte (Deno 2.1.4, two cores). */
const MAX_SECRETS = 5;

/** The specification's minimum, 192 bits. */
const MIN_SECRET_BYTES = 24;

function isVariable(value: unknown): value is { readonly env: string } {
  return typeof value === "object" && value !== null && "env" in value &&
    typeof value.env === "string" && /^[A-Za-z_]\w*$/.test(value.env);
}

/**
 * What is wrong with the option `secret`, to follow its name in a sentence; `undefined` for nothing. A
 * variable is read when a request comes.
 */
export function checkSecret(value: unknown): string | undefined {
  if (isVariable(value)) return undefined;
  const { problem } = readSecrets(value);
  return problem === undefined ? undefined : `must be { env: "NAME" } or a secret: it ${problem}`;
}

/** Whether a body and its `webhook-…` headers were signed with one of the secrets. */
export type Verifier = (body: string, headers: Record<string, string>) => boolean;

/**
 * What verifies signatures made with the option `secret`.
 *
 * @returns Gives it; `undefined`, and one line in the log, while the variable is missing or holds
 * something else.
 */
export function verifierOf(secret: WebhookSecret): () => Verifier | undefined {
  const getKeys = isVariable(secret) ? keysOfVariable(secret.env) : keysOf(secret);
  return () => {
    const keys = getKeys();
    return keys && ((body, headers) => keys.some((key) => fits(key, body, headers)));
  };
}

/** Whether a signature of the headers is one of this key; the comparison takes constant time. */
function fits(key: Webhook, body: string, headers: Record<string, string>): boolean {
  try {
    key.verify(body, headers, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}

function keysOf(secret: string | readonly string[]): () => readonly Webhook[] {
  const { keys } = readSecrets(secret);
  return () => keys;
}

/** Reads the variable at each request, so that a test can replace it; parses it when it changes. */
function keysOfVariable(name: string): () => readonly Webhook[] | undefined {
  let known: { readonly value: string; readonly keys: readonly Webhook[] } | undefined;
  return () => {
    const value = readProcessVariable(name)?.trim() ?? "";
    if (value === known?.value) return known.keys;
    const { keys, problem } = readSecrets(value);
    if (value === "") logOnce(`webhook(): the variable ${name} is not set`);
    else if (problem !== undefined) logOnce(`webhook(): the variable ${name} ${problem}`);
    if (problem !== undefined) return undefined;
    known = { value, keys };
    return keys;
  };
}

/** Reads secrets; `problem` never holds a part of one. */
function readSecrets(
  secret: unknown,
): { readonly keys: readonly Webhook[]; readonly problem?: string } {
  const texts = Array.isArray(secret) ? secret : [secret];
  if (!texts.every((text) => typeof text === "string")) return { keys: [], problem: NO_SECRET };
  const secrets = texts.flatMap((text) => text.split(/[|\s]+/)).filter((text) => text !== "");
  if (secrets.length === 0) return { keys: [], problem: NO_SECRET };
  if (secrets.length > MAX_SECRETS) {
    return { keys: [], problem: `must not hold more than ${MAX_SECRETS} secrets` };
  }
  if (secrets.some((text) => text.startsWith("v1a,"))) {
    return {
      keys: [],
      problem: "holds an asymmetric key (v1a), which is not supported: use a secret with whsec_",
    };
  }
  const keys = secrets.map(readSecret);
  return keys.every((key) => key !== undefined) ? { keys } : { keys: [], problem: NO_SECRET };
}

const NO_SECRET = `must hold whsec_ (or v1,whsec_) and at least ${MIN_SECRET_BYTES} bytes in ` +
  "base64, and | between two secrets";

function readSecret(text: string): Webhook | undefined {
  const [, base64] = /^(?:v1,)?whsec_([A-Za-z0-9+/]+=*)$/.exec(text) ?? [];
  if (base64 === undefined || base64.replace(/=+$/, "").length * 3 / 4 < MIN_SECRET_BYTES) {
    return undefined;
  }
  try {
    return new Webhook(base64);
  } catch { // no base64
    return undefined;
  }
}

/** Keys and secrets in env files and in config.toml. Findings name their kind, never their value. */

import type { Check, Hit } from "../finding.ts";
import type { EnvFile } from "../project/env_file.ts";
import { member } from "../project/json_file.ts";
import type { Project, Workspace } from "../project/workspace.ts";
import { isForHosted, isLoopback } from "./config.ts";
import { keyClaims, keyKind } from "./key_kind.ts";
import { published } from "./published.ts";
import { PUBLIC_NAME } from "./rules_keys.ts";

const JWT_SECRET = /^(?:SUPABASE_(?:AUTH_)?|GOTRUE_|PGRST_)?JWT_SECRET$/;

interface Secret {
  readonly what: string;
  readonly value: string;
  readonly file: string;
  readonly line: number;
  /** Whether it certainly is Supabase's: others call theirs JWT_SECRET as well. */
  readonly ofSupabase: boolean;
  /** Whether it serves a project elsewhere; `undefined` if its file does not say. */
  readonly hosted: boolean | undefined;
}

/** Everything that is a secret by its name. */
function secretsOf({ projects, envs }: Workspace): Secret[] {
  const found: Secret[] = envs.flatMap((env) =>
    env.variables.filter(({ name }) => JWT_SECRET.test(name)).map((
      { name, value, line },
    ) => ({
      what: name,
      value,
      file: env.path,
      line,
      ofSupabase: isOfSupabase(env),
      hosted: isHosted(env),
    }))
  );
  for (const { config } of projects) {
    const written = config?.get("auth", "jwt_secret");
    if (config === undefined || typeof written !== "string") continue;
    const line = config.lineOf(["auth", "jwt_secret"]);
    const hosted = isForHosted(config);
    const what = "auth.jwt_secret";
    found.push({ what, value: written, file: config.path, line, ofSupabase: true, hosted });
  }
  return found.filter(({ value }) => value !== "" && !/^(?:env\(|\$\{?\w)/.test(value));
}

/** `JWT_SECRET` is a name of many: it is Auth's where Supabase's other variables stand beside it. */
function isOfSupabase({ path, variables }: EnvFile): boolean {
  return !/\.env\.test/.test(path) &&
    (path.startsWith("supabase/") ||
      variables.some(({ name }) => /SUPABASE|GOTRUE|PGRST|ANON_KEY|SERVICE_ROLE/.test(name)));
}

const URL_NAME = /(?:SUPABASE_(?:PUBLIC_)?|API_EXTERNAL_|SITE_)URL$/;

/** Whether the URLs of an env file lead elsewhere; `undefined` if it has none. */
function isHosted({ variables }: EnvFile): boolean | undefined {
  const hosts = variables.filter(({ name }) => URL_NAME.test(name))
    .map(({ value }) => URL.parse(value)?.hostname).filter((host) => host !== undefined);
  return hosts.length === 0
    ? undefined
    : hosts.some((host) => !isLoopback(host) && host !== "kong");
}

/** A secret that can be guessed. */
export const weakSecret: Check<Workspace> = {
  id: "jwt-secret-weak",
  why:
    "Whoever finds the secret mints tokens for any user. Every such token passes a local check; and changing the secret afterwards ends the token of everybody.",
  fix: "Generate one, `openssl rand -base64 48`; or better, move to asymmetric signing keys.",
  *look(project) {
    for (const { what, value, file, line, ofSupabase, hosted } of secretsOf(project)) {
      // On this machine alone, it keeps nobody out.
      if (published(value) !== undefined || hosted === false || !ofSupabase) continue;
      if (value.length < 32) {
        const message = `${what} has ${value.length} characters; 32 is the least.`;
        yield { severity: hosted ? "error" : "warning", file, line, message };
      } else if (bitsOf(value) < 80) {
        const message = `${what} has little entropy: few characters, again and again.`;
        yield { severity: "warning", file, line, message };
      }
    }
  },
};

/** Shannon's entropy of the characters: an upper bound of what a guesser has to try. */
function bitsOf(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  return [...counts.values()]
    .reduce((sum, count) => sum - count * Math.log2(count / text.length), 0);
}

/** What everybody knows, where it protects something. */
export const publishedSecret: Check<Workspace> = {
  id: "published-secret",
  why:
    "Everybody can mint a token for any user with it. And a hosted project refuses the keys of a local stack: every session looks lost.",
  fix: "Replace it by a secret or key of this project's own.",
  *look(project) {
    for (const { what, value, file, line, hosted } of secretsOf(project)) {
      const known = published(value);
      if (known === undefined || hosted === false) continue;
      const message = hosted
        ? `${what} is ${known}, and the project is not on this machine.`
        : `${what} is ${known}. Whether it serves more than this machine is unknown.`;
      yield { severity: hosted ? "error" : "info", file, line, message };
    }
    yield* publishedKeys(project);
    for (const one of project.projects) yield* publishedSigningKey(one);
  },
};

function* publishedKeys({ envs }: Workspace): Generator<Hit> {
  for (const env of envs) {
    if (isHosted(env) !== true) continue;
    for (const { name, value, line } of env.variables) {
      if (JWT_SECRET.test(name) || keyKind(value) === undefined) continue;
      const known = published(value);
      if (known === undefined) continue;
      const message = `${name} is ${known}, and the URL beside it is not on this machine.`;
      yield { severity: "error", file: env.path, line, message };
    }
  }
}

function* publishedSigningKey({ config, signingKeys }: Project): Generator<Hit> {
  for (const [file, value] of signingKeys) {
    const keys = Array.isArray(value) ? value : member(value, "keys");
    const known = (Array.isArray(keys) ? keys : [])
      .map((key: unknown) => published(String(member(key, "d") ?? "")))
      .find((found) => found !== undefined);
    if (known === undefined || !config || !isForHosted(config)) continue;
    yield { severity: "error", file, line: 1, message: `It holds ${known}.` };
  }
}

/** A key beside the URL of another project. */
export const foreignKey: Check<Workspace> = {
  id: "key-of-another-project",
  why: "The gateway refuses the key, so every call to Auth fails: all sessions look lost at once.",
  fix: "Take URL and key from the same project.",
  *look({ envs }) {
    for (const env of envs) {
      const refs = new Set(
        env.variables.filter(({ name }) => URL_NAME.test(name))
          .map(({ value }) => /^https:\/\/([a-z]{20})\.supabase\.co\/?$/.exec(value)?.[1])
          .filter((ref) => ref !== undefined),
      );
      if (refs.size !== 1) continue;
      for (const { name, value, line } of env.variables) {
        const ref = keyClaims(value)?.ref;
        if (typeof ref !== "string" || refs.has(ref)) continue;
        const message = `${name} belongs to another project than the URL beside it.`;
        yield { severity: "error", file: env.path, line, message };
      }
    }
  },
};

/** A secret key under a name that frameworks publish. */
export const secretInPublicVariable: Check<Workspace> = {
  id: "secret-key-in-public-variable",
  why:
    "A framework copies variables of this prefix into the page wherever its code names them, for everybody to read.",
  fix: "Take the prefix off, use the key on the server only, and rotate it.",
  *look({ envs }) {
    for (const { path, variables } of envs) {
      for (const { name, value, line } of variables) {
        const kind = keyKind(value);
        if (!PUBLIC_NAME.test(name) || (kind !== "secret" && kind !== "service_role")) continue;
        if (published(value) !== undefined) continue; // that of every local stack
        const message =
          `${name} holds a ${kind} key, and has the prefix of variables for the page.`;
        yield { severity: "error", file: path, line, message };
      }
    }
  },
};

/** A private key where public ones belong. */
export const privateJwks: Check<Workspace> = {
  id: "jwks-private",
  why:
    "SUPABASE_JWKS is for verifying. With a private key in it, whoever reads the variable mints tokens for any user.",
  fix: "Take `<url>/auth/v1/.well-known/jwks.json`, which has the public halves only.",
  *look({ envs }) {
    for (const { path, variables } of envs) {
      for (const { name, value, line } of variables) {
        if (name !== "SUPABASE_JWKS" || !/"d"\s*:\s*"[\w-]{20,}"/.test(value)) continue;
        yield { severity: "error", file: path, line, message: `${name} holds a private key.` };
      }
    }
  },
};

/** All of this file. */
export const keyChecks: readonly Check<Workspace>[] = [
  weakSecret,
  publishedSecret,
  foreignKey,
  secretInPublicVariable,
  privateJwks,
];

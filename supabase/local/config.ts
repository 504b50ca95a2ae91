/** Reads what the embedded stack uses of supabase/config.toml. */

import { parse } from "@std/toml";
import { join, resolve } from "node:path";
import { parseEnvFile } from "./functions/env.ts";
import { ProjectError } from "./project.ts";

type Table = Record<string, unknown>;

/** A mail template of the project. */
export interface MailTemplate {
  readonly subject?: string;
  readonly html?: string;
}

/** The settings of Auth that the embedded one has. */
export interface AuthSettings {
  readonly siteUrl: string;
  readonly redirectUrls: readonly string[];
  /** How long an access token is valid, in seconds. */
  readonly jwtExpiry: number;
  readonly minimumPasswordLength: number;
  /** Whether anybody may sign up. */
  readonly signUpEnabled: boolean;
  /** Whether anybody may sign up with an e-mail address. */
  readonly emailSignUpEnabled: boolean;
  /** A new password needs a confirmed sign-up first. */
  readonly confirmEmail: boolean;
  /** A session older than a day needs a nonce to change the password. */
  readonly securePasswordChange: boolean;
  /** Changing the password needs the current one. */
  readonly requireCurrentPassword: boolean;
  /** By name: confirmation, recovery, magic_link, email_change, invite, reauthentication. */
  readonly templates: Readonly<Record<string, MailTemplate>>;
}

/** `[functions.<name>]`; a member that is not written is `undefined`. */
export interface FunctionSettings {
  readonly isEnabled: boolean;
  readonly verifyJwt: boolean;
  /** Absolute path. */
  readonly entry: string | undefined;
  /** Absolute path. */
  readonly importMap: string | undefined;
}

/** The configuration of a project. */
export interface ProjectConfig {
  /** `[api] port`. */
  readonly port: number | undefined;
  readonly auth: AuthSettings;
  readonly functions: ReadonlyMap<string, FunctionSettings>;
  /** `[edge_runtime.secrets]`: variables of the functions. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The files of `[db.seed]`, relative to supabase/; empty where it is disabled. */
  readonly seeds: readonly string[];
  /** Settings that are on, and that the embedded stack does not have. */
  readonly notEmulated: readonly string[];
}

/** A function that config.toml does not name: it is served, and the gateway checks its JWT. */
export const DEFAULT_FUNCTION: FunctionSettings = {
  isEnabled: true,
  verifyJwt: true,
  entry: undefined,
  importMap: undefined,
};

/** Switches of `[auth]` that the embedded Auth has, or that are on in every new project. */
const KNOWN_SWITCHES = new Set([
  "auth.enabled",
  "auth.enable_signup",
  "auth.enable_refresh_token_rotation",
  "auth.email.enabled",
  "auth.email.enable_signup",
  "auth.email.enable_confirmations",
  "auth.email.double_confirm_changes",
  "auth.email.secure_password_change",
  "auth.email.require_current_password",
]);

/** Other settings of `[auth]` that change what Auth answers, and that the embedded one lacks. */
const NOT_EMULATED = [
  "auth.external_url",
  "auth.jwt_issuer",
  "auth.password_requirements",
  "auth.sessions.inactivity_timeout",
  "auth.sessions.timebox",
  "auth.signing_keys_path",
];

function table(value: unknown): Table {
  return typeof value === "object" && value !== null ? value as Table : {};
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * The variables that `env(NAME)` in config.toml stands for: those of this process, then of the .env
 * files in supabase/ and beside it, in the order of the CLI.
 */
async function readVariables(root: string): Promise<(name: string) => string | undefined> {
  const names = [".env.development.local", ".env.local", ".env.development", ".env"];
  const files: Record<string, string>[] = [];
  for (const folder of [join(root, "supabase"), root]) {
    for (const name of names) files.push(parseEnvFile(await readText(join(folder, name)) ?? ""));
  }
  return (name) => Deno.env.get(name) ?? files.find((file) => name in file)?.[name];
}

/** Replaces `env(NAME)` in every text of a value; a name without a value stays as it is written. */
function withVariables(value: unknown, get: (name: string) => string | undefined): unknown {
  if (typeof value === "string") {
    const [, name] = /^env\((\w+)\)$/.exec(value) ?? [];
    return name === undefined ? value : get(name) ?? value;
  }
  if (Array.isArray(value)) return value.map((one) => withVariables(one, get));
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, withVariables(one, get)]),
  );
}

async function readTemplates(root: string, email: Table): Promise<Record<string, MailTemplate>> {
  const templates: Record<string, MailTemplate> = {};
  for (const [name, value] of Object.entries(table(email.template))) {
    const { subject, content_path: path } = table(value);
    const html = typeof path === "string" ? await readText(join(root, path)) : undefined;
    templates[name] = {
      ...(typeof subject === "string" ? { subject } : {}),
      ...(html === undefined ? {} : { html }),
    };
  }
  return templates;
}

async function readAuth(root: string, auth: Table): Promise<AuthSettings> {
  const email = table(auth.email);
  const number = (value: unknown, fallback: number) => typeof value === "number" ? value : fallback;
  const urls = Array.isArray(auth.additional_redirect_urls) ? auth.additional_redirect_urls : [];
  return {
    siteUrl: URL.canParse(String(auth.site_url)) ? String(auth.site_url) : "http://127.0.0.1:3000",
    redirectUrls: urls.filter((url) => typeof url === "string"),
    jwtExpiry: number(auth.jwt_expiry, 3600),
    minimumPasswordLength: number(auth.minimum_password_length, 6),
    signUpEnabled: auth.enable_signup !== false,
    emailSignUpEnabled: email.enable_signup !== false,
    confirmEmail: email.enable_confirmations === true,
    securePasswordChange: email.secure_password_change === true,
    requireCurrentPassword: email.require_current_password === true,
    templates: await readTemplates(root, email),
  };
}

function readFunctions(root: string, functions: Table): Map<string, FunctionSettings> {
  const path = (value: unknown) =>
    typeof value === "string" && value !== "" ? resolve(root, "supabase", value) : undefined;
  return new Map(
    Object.entries(functions).map(([name, value]) => {
      const settings = table(value);
      return [name, {
        isEnabled: settings.enabled !== false,
        verifyJwt: settings.verify_jwt !== false,
        entry: path(settings.entrypoint),
        importMap: path(settings.import_map),
      }];
    }),
  );
}

/** The names of what is on in `[auth]`, in the order of the file. */
function readNotEmulated(file: Table): string[] {
  const found: string[] = [];
  const visit = (value: unknown, path: string) => {
    const last = path.slice(path.lastIndexOf(".") + 1);
    const isSwitch = value === true && /^enable_|(?:^|_)enabled$/.test(last);
    const isSet = NOT_EMULATED.includes(path) && value !== "";
    if (isSwitch && !KNOWN_SWITCHES.has(path) || isSet) found.push(path);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return;
    for (const [key, one] of Object.entries(value)) visit(one, `${path}.${key}`);
  };
  visit(table(file.auth), "auth");
  return found;
}

/**
 * Reads a project's configuration; a setting that it does not have gets the CLI's default.
 *
 * @param root The folder that holds `supabase/`, as an absolute path.
 * @throws {ProjectError} It is not TOML; the message has the line.
 */
export async function readConfig(root: string): Promise<ProjectConfig> {
  const text = await readText(join(root, "supabase", "config.toml")) ?? "";
  let parsed: Table;
  try {
    parsed = parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ProjectError(`supabase/config.toml is not TOML: ${reason}`);
  }
  const file = table(withVariables(parsed, await readVariables(root)));
  const port = table(file.api).port;
  const seed = table(table(file.db).seed);
  const paths = Array.isArray(seed.sql_paths) ? seed.sql_paths : ["./seed.sql"];
  const secrets = Object.entries(table(table(file.edge_runtime).secrets));
  return {
    port: typeof port === "number" ? port : undefined,
    auth: await readAuth(root, table(file.auth)),
    functions: readFunctions(root, table(file.functions)),
    secrets: Object.fromEntries(
      secrets.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
    ),
    seeds: seed.enabled === false ? [] : paths.filter((path) => typeof path === "string"),
    notEmulated: readNotEmulated(file),
  };
}

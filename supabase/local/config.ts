/** Reads what the embedded stack uses of supabase/config.toml. */

import { parse } from "@std/toml";

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
  /** A new password needs a confirmed sign-up first. */
  readonly confirmEmail: boolean;
  /** A session older than a day needs a nonce to change the password. */
  readonly securePasswordChange: boolean;
  /** Changing the password needs the current one. */
  readonly requireCurrentPassword: boolean;
  /** By name: confirmation, recovery, magic_link, email_change, invite, reauthentication. */
  readonly templates: Readonly<Record<string, MailTemplate>>;
}

/** The configuration of a project. */
export interface ProjectConfig {
  readonly auth: AuthSettings;
  /** The functions whose `verify_jwt` is true. */
  readonly verifyJwt: ReadonlySet<string>;
}

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

async function readTemplates(root: string, email: Table): Promise<Record<string, MailTemplate>> {
  const templates: Record<string, MailTemplate> = {};
  for (const [name, value] of Object.entries(table(email.template))) {
    const { subject, content_path: path } = table(value);
    const html = typeof path === "string" ? await readText(`${root}/${path}`) : undefined;
    templates[name] = {
      ...(typeof subject === "string" ? { subject } : {}),
      ...(html === undefined ? {} : { html }),
    };
  }
  return templates;
}

/**
 * Reads a project's configuration; a setting that it does not have gets the CLI's default.
 *
 * @param root The folder that holds `supabase/`.
 */
export async function readConfig(root: string): Promise<ProjectConfig> {
  const file = parse(await readText(`${root}/supabase/config.toml`) ?? "");
  const auth = table(file.auth);
  const email = table(auth.email);
  const number = (value: unknown, fallback: number) => typeof value === "number" ? value : fallback;
  const urls = Array.isArray(auth.additional_redirect_urls) ? auth.additional_redirect_urls : [];
  return {
    auth: {
      siteUrl: typeof auth.site_url === "string" ? auth.site_url : "http://127.0.0.1:3000",
      redirectUrls: urls.filter((url) => typeof url === "string"),
      jwtExpiry: number(auth.jwt_expiry, 3600),
      minimumPasswordLength: number(auth.minimum_password_length, 6),
      confirmEmail: email.enable_confirmations === true,
      securePasswordChange: email.secure_password_change === true,
      requireCurrentPassword: email.require_current_password === true,
      templates: await readTemplates(root, email),
    },
    verifyJwt: new Set(
      Object.entries(table(file.functions))
        .filter(([, settings]) => table(settings).verify_jwt === true)
        .map(([name]) => name),
    ),
  };
}

// Projects made for one test: files as they would lie on disk, read as the doctor reads them.
import type { Finding } from "../../../supabase/doctor/finding.ts";
import { readWorkspace, type Workspace } from "../../../supabase/doctor/project/workspace.ts";
import { type Diagnosis, examine } from "../../../supabase/doctor/registry.ts";

/** Files by their paths. */
export type Files = Readonly<Record<string, string>>;

/** A small project that shows one check. */
export interface Example {
  /** What is special about it, behind "when". */
  readonly when: string;
  readonly files: Files;
  readonly sessions?: number;
}

/** One in which the check fires, once. */
export interface Firing extends Example {
  readonly severity: Finding["severity"];
  /** `file:line`. */
  readonly at: string;
}

/** A check shown at work, and at rest. */
export interface Shown {
  readonly fires: readonly Firing[];
  readonly quiet: readonly Example[];
}

export const workspace = (files: Files, sessions?: number): Workspace =>
  readWorkspace({ paths: Object.keys(files).sort(), read: (path) => files[path]! }, sessions);

export const diagnosis = (files: Files, sessions?: number): Diagnosis =>
  examine(workspace(files, sessions));

/** What the doctor finds in a project, of one check or of all. */
export function findings(files: Files, id?: string, sessions?: number): Finding[] {
  return diagnosis(files, sessions).findings.filter((one) => id === undefined || one.id === id);
}

export const config = (text: string): Files => ({ "supabase/config.toml": text });

/** An Edge Function in the CLI's layout. */
export const edge = (text: string, name = "f"): Files => ({
  [`supabase/functions/${name}/index.ts`]: text,
});

/** What stands above the examples that use supabase-js; it takes up line 1. */
export const CLIENT = `import { createClient } from "npm:@supabase/supabase-js@2"; ` +
  `const supabase = createClient("https://a.example", "key");\n`;

/** A file of an app, which says nothing of where it runs. */
export const SRC = "src/a.ts";
export const app = (line: string): Files => ({ [SRC]: CLIENT + line });

/** Line 2 of the function that {@linkcode edge} makes. */
export const AT = "supabase/functions/f/index.ts:2";

/** Code that looks at the answer of a call. */
export const asked = (line: string, call = "supabase.auth.getUser(token)"): Files =>
  app(`export async function f(token: string) { const { data, error } = await ${call}; ${line} }`);

/** A service_role key that no stack publishes; nothing verifies its signature. */
export const SERVICE_ROLE = legacyKey({ role: "service_role", ref: "a".repeat(20) });

/** A legacy API key of some claims. */
export function legacyKey(claims: Record<string, unknown>): string {
  const part = (value: unknown) =>
    btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}.c2lnbmF0dXJl`;
}

/** A secret key that no stack publishes. */
export const SECRET = `sb_secret_${"x7".repeat(15)}`;

/** Runs the rules over the source of a folder, each file once. */

import { type Finding, type Hit, toFinding } from "../finding.ts";
import { lineOf, type SourceFile } from "../project/source_file.ts";
import { folderOf } from "../project/paths.ts";
import type { Project, Workspace } from "../project/workspace.ts";
import { oncePer } from "../source/once.ts";
import type { Rule, SigningFacts, Surroundings } from "../source/rule.ts";
import { isTestPath } from "../source/runtime.ts";
import { eventUserDeleted, legacyStorageKey, signOutGlobal } from "./rules_client.ts";
import { middlewareDropsCookies, secretKeyCookieClient, ssrGetSetRemove } from "./rules_cookies.ts";
import { refreshTokenKept, tokenExposed } from "./rules_tokens.ts";
import { secretKeyInBrowser, secretKeyInSource } from "./rules_keys.ts";
import { deadErrorMatch, errorTextMatch, invokeErrorStatus } from "./rules_errors.ts";
import { outageAsSignedOut } from "./rules_outage.ts";
import { signOutOnAnyError } from "./rules_sign_out.ts";
import {
  getSessionOnServer,
  getUserWithoutToken,
  headerAsToken,
  noSession,
} from "./rules_session.ts";
import { hs256Only, secretCompared, serviceClientOverridden } from "./rules_credentials.ts";
import { preflightAfterAuth } from "./rules_preflight.ts";
import { userMetadataRole } from "./rules_rights.ts";
import type { Scan, SourceCheck } from "./scan.ts";
import type { Unreadable } from "../project/sources.ts";

/** Every rule that looks at source. */
export const rules: readonly Rule[] = [
  outageAsSignedOut,
  signOutOnAnyError,
  getSessionOnServer,
  getUserWithoutToken,
  noSession,
  headerAsToken,
  serviceClientOverridden,
  secretCompared,
  hs256Only,
  userMetadataRole,
  preflightAfterAuth,
  deadErrorMatch,
  errorTextMatch,
  invokeErrorStatus,
  signOutGlobal,
  tokenExposed,
  refreshTokenKept,
  middlewareDropsCookies,
  ssrGetSetRemove,
  legacyStorageKey,
  eventUserDeleted,
  secretKeyCookieClient,
  secretKeyInBrowser,
  secretKeyInSource,
];

/** The rules as one check each, over the nodes of a file by their types. */
export const ruleChecks: readonly SourceCheck[] = rules.map((rule) => ({
  ...rule,
  start: (workspace) => ({
    *visit(file: SourceFile): Generator<Hit> {
      const surroundings: Surroundings = {
        runtime: file.runtime,
        file,
        modules: workspace,
        signing: signingOf(file.path, workspace),
      };
      for (const type of rule.types) {
        for (const node of byType(file).get(type) ?? []) {
          const remark = rule.look(node, surroundings);
          if (remark) yield { file: file.path, line: lineOf(node), ...remark };
        }
      }
    },
  }),
}));

const ASYMMETRIC = /"(?:kty"\s*:\s*"(?:EC|RSA|OKP)|alg"\s*:\s*"(?:ES|RS|PS)\d{3})"/;

/** What a project says of its signing keys: config.toml, the file that it names, a key set in .env. */
function signingOf(path: string, { projects, envs }: Workspace): SigningFacts | undefined {
  const rootOf = ({ folder }: Project) => folderOf(folder);
  const isWithin = (root: string) => root === "" || path.startsWith(`${root}/`);
  const own = projects.filter((one) => isWithin(rootOf(one)))
    .sort((a, b) => rootOf(b).length - rootOf(a).length)[0];
  const env = envs.find((one) =>
    isWithin(folderOf(one.path)) &&
    one.variables.some(({ name, value }) =>
      /^(?:SUPABASE_JWKS|JWT_JWKS|GOTRUE_JWT_KEYS)$/.test(name) && ASYMMETRIC.test(value)
    )
  );
  if (env !== undefined) return { where: env.path, isSeen: true };
  const named = own?.config?.get("auth", "signing_keys_path");
  if (own === undefined || typeof named !== "string" || named === "") return undefined;
  const keys = [...own.signingKeys][0];
  const isSeen = keys !== undefined && ASYMMETRIC.test(JSON.stringify(keys[1]));
  // A file that was read, and holds secrets alone.
  if (keys !== undefined && !isSeen) return undefined;
  return { where: isSeen ? keys![0] : own.config!.path, isSeen };
}

/** The nodes of a file by their types; they are sorted out once for all rules. */
const byType = oncePer(({ nodes }: SourceFile) => Map.groupBy(nodes, ({ type }) => type));

/** What source has to mention for any check to look at it; parsing is what a run spends its time on. */
const RELEVANT =
  /supabase-js|@supabase\/|\bauth\b\s*[!?]?\s*\.|\bauth\b[^=;\n]{0,80}\}\s*=|createClient|create(?:Server|Browser)Client|functions\s*[!?]?\??\.\s*invoke|onAuthStateChange|user_meta|(?:access|refresh)_token|sb_secret_|eyJ[\w-]{10,}\.|SERVICE_ROLE|SERVICE_KEY|SECRET_KEY|JWT_?SECRET|auth\/v1|startAutoRefresh|reauthenticate|cors\(|auth-helpers|(?:get|require|verify|check|current|update|ensure)\w{0,20}(?:User|Session|Auth|Caller)\b/;

/** Most files of a project only query tables with its client: they matter where they read a secret. */
const IMPORTS_CLIENT = /from ["'][^"'\n]*supabase/;
const READS_SECRET = /\benv\b[^\n]{0,40}(?:SECRET|KEY|TOKEN|PASS|AUTH|SALT|HMAC|PIN)/;

/** Whether a file is worth parsing. */
export function isRelevant(path: string, text: string): boolean {
  return /(?:^|\/)functions\/[^/]+\//.test(path) || RELEVANT.test(text) ||
    (READS_SECRET.test(text) && IMPORTS_CLIENT.test(text));
}

/**
 * Looks at each source file of a folder with every check, once. A tree is let go before the next
 * file is read; what goes wrong in one file is written down, and the others are read.
 */
export class Scanner {
  readonly #workspace: Workspace;
  readonly #scans: readonly { readonly check: SourceCheck; readonly scan: Scan }[];
  readonly #visited = new Set<string>();
  readonly #found: Finding[] = [];

  constructor(checks: readonly SourceCheck[], workspace: Workspace) {
    this.#workspace = workspace;
    this.#scans = checks.map((check) => ({ check, scan: check.start(workspace) }));
  }

  /** Looks at one file, while its tree is still there. */
  visit(path: string): void {
    const { sources, edgeAuth } = this.#workspace;
    if (this.#visited.has(path)) return;
    this.#visited.add(path);
    if (isTestPath(path) || edgeAuth.some((folder) => path.startsWith(`${folder}/`))) return;
    const text = sources.text(path);
    if (text === undefined || !isRelevant(path, text)) return;
    const file = sources.open(path, text);
    if (file === undefined) return;
    for (const { check, scan } of this.#scans) {
      try {
        for (const hit of scan.visit(file) ?? []) this.#found.push(toFinding(check, hit));
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        this.#noteTooDeep(path);
      }
    }
  }

  /**
   * Looks at all that is left.
   *
   * @param progress Called before each file with how many are done.
   * @returns What was found, in all files.
   */
  conclude(progress: (done: number, all: number) => void = () => {}): Finding[] {
    const { paths } = this.#workspace.sources;
    paths.forEach((path, done) => {
      progress(done, paths.length);
      this.visit(path);
    });
    const concluded = this.#scans.flatMap(({ check, scan }) =>
      [...scan.conclude?.() ?? []].map((hit) => toFinding(check, hit))
    );
    return [...this.#found, ...concluded];
  }

  /** Nested deeper than the stack: said once, and the other files are read. */
  #noteTooDeep(path: string): void {
    const unreadable = this.#workspace.unreadable as Unreadable[];
    if (unreadable.some((one) => one.path === path)) return;
    unreadable.push({
      path,
      line: null,
      reason: "This file is nested too deeply for some checks.",
    });
  }
}

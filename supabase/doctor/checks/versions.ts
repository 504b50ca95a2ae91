/** Versions of the libraries that keep the session. */

import type { Hit } from "../finding.ts";
import { packageFolderOf, type PackageUse, usesOf } from "../project/packages.ts";
import { folderOf, foldersAbove } from "../project/paths.ts";
import type { SourceFile } from "../project/source_file.ts";
import { compareVersions, readRange, readVersion, type Version } from "../project/versions.ts";
import type { Workspace } from "../project/workspace.ts";
import { authCall } from "../source/auth_call.ts";
import { keepsSession, madeBy } from "../source/client.ts";
import { text } from "../source/node.ts";
import { oncePer } from "../source/once.ts";
import { isTestPath } from "../source/runtime.ts";
import type { Scan, SourceCheck } from "./scan.ts";

/** The version in use that is too old, or `undefined`: then it is new enough, or not known. */
function tooOld(use: PackageUse, first: Version, { locks }: Workspace): string | undefined {
  const below = (text: string) => {
    const version = readVersion(text);
    return version !== undefined && compareVersions(version, first) < 0;
  };
  const range = readRange(use.range);
  if (/^catalog:/.test(use.range)) { // of pnpm: the version stands elsewhere
    const locked = locks.versions(use);
    return locked.every(below) ? locked[0] : undefined;
  }
  if (range === undefined) return undefined;
  // Nothing that the range allows is new enough.
  if (range.below !== null && compareVersions(range.below, first) <= 0) return use.range;
  if (range.lowest && compareVersions(range.lowest, first) >= 0) return undefined;
  // The range allows both: only a lock file knows, and only what the range allows is this use's.
  return locks.versions(use)
    .find((found) => below(found) && compareVersions(readVersion(found)!, range.lowest) >= 0);
}

/**
 * Whether every version in use below a folder is at least this one, as far as manifests and locks
 * tell; `false` where they do not.
 */
export function isAtLeast(
  first: Version,
  folder: string,
  name: string,
  workspace: Workspace,
): boolean {
  const uses = workspace.packages.filter((use) =>
    use.name === name && folderOf(use.file) === folder
  );
  return uses.length > 0 && uses.every((use) => {
    const range = readRange(use.range);
    if (range !== undefined && compareVersions(range.lowest, first) >= 0) return true;
    const locked = workspace.locks.versions(use).map(readVersion);
    return locked.length > 0 &&
      locked.every((one) => one !== undefined && compareVersions(one, first) >= 0);
  });
}

/** Every use of a package, by manifests and by the source that imports it. */
function scanUses(
  workspace: Workspace,
  conclude: (uses: readonly PackageUse[]) => Iterable<Hit>,
  withFunctions = true,
): Required<Scan> {
  const uses = workspace.packages.filter(({ source, file }) =>
    source === "npm" && !isTestPath(file)
  );
  return {
    visit(file) {
      // Only what is asked about: the uses of all files are kept to the end.
      const own = usesOf(file, workspace).filter(({ name }) => name.startsWith("@supabase/"));
      if (file.runtime === "function") {
        if (withFunctions) uses.push(...own);
        return;
      }
      // Where a package.json names the package, an import map beside it is that of the functions.
      const folders = new Set(foldersAbove(folderOf(file.path)));
      const isNpm = (name: string) =>
        workspace.packages.some((one) => one.name === name && folders.has(folderOf(one.file)));
      uses.push(...own.filter(({ name }) => !isNpm(name)));
    },
    conclude: () => conclude(uses),
  };
}

/** The packages of Supabase that a file names: in an import, a require(), a configuration. */
const namedBy = oncePer(({ nodes }: SourceFile): ReadonlySet<string> =>
  new Set(nodes.flatMap((one) => /^@supabase\/[\w-]+/.exec(text(one) ?? "")?.[0] ?? []))
);

/**
 * Every use of a package that runs: one that is only installed, and that none of the source beside
 * its package.json names, does nothing.
 */
function scanUsesInSource(
  workspace: Workspace,
  conclude: (uses: readonly PackageUse[]) => Iterable<Hit>,
): Scan {
  const folders = new Map<string, Set<string>>();
  const runs = ({ name, source, file }: PackageUse) => {
    const folder = folderOf(file);
    return source !== "npm" || !workspace.sources.hasFolder(folder) ||
      folders.get(name)?.has(folder) === true;
  };
  const scan = scanUses(workspace, (uses) => conclude(uses.filter(runs)));
  return {
    visit(file) {
      for (const name of namedBy(file)) {
        const known = folders.get(name) ?? new Set();
        for (const folder of foldersAbove(folderOf(file.path))) known.add(folder);
        folders.set(name, known);
      }
      return scan.visit(file);
    },
    conclude: scan.conclude,
  };
}

/** Old uses of a package, once per version, with all the places. */
function* older(
  uses: readonly PackageUse[],
  name: string,
  first: Version,
  workspace: Workspace,
): Generator<{ found: string; hit: Pick<Hit, "file" | "line">; where: string }> {
  const byVersion = new Map<string, PackageUse[]>();
  for (const use of uses) {
    const found = use.name === name ? tooOld(use, first, workspace) : undefined;
    if (found !== undefined) byVersion.set(found, [...byVersion.get(found) ?? [], use]);
  }
  for (const [found, [use, ...others]] of byVersion) {
    const files = new Set(others.map(({ file }) => file).filter((file) => file !== use!.file));
    const where = files.size === 0 ? "" : ` (also in ${[...files].join(", ")})`;
    yield { found, hit: { file: use!.file, line: use!.line }, where };
  }
}

const SUPABASE_JS = "@supabase/supabase-js";
const FIRST: Version = [2, 39, 0];
/** #2436: a failed refresh no longer removes a session whose token is still good. */
const KEEPS_SESSION: Version = [2, 108, 2];
/** A function stores no session: what is said of sessions is not said of it. */
const isOfFunction = ({ file }: PackageUse) => /(?:^|\/)functions\//.test(file);

/** Versions from before the session was looked after at all. */
export const oldSupabaseJs: SourceCheck = {
  id: "supabase-js-old",
  why:
    "Before 2.39 supabase-js is from before the fixes of token refresh and of server-side auth; before 2.45.3 it does not know a dead session (session_not_found) from any other refusal.",
  fix: "Update: `npm install @supabase/supabase-js@2`, or the line in the import map.",
  start: (workspace) =>
    scanUses(workspace, function* (all) {
      const uses = all.filter((one) => !isOfFunction(one));
      for (const { found, hit, where } of older(uses, SUPABASE_JS, FIRST, workspace)) {
        const message = `${SUPABASE_JS} ${found} is older than 2.39${where}.`;
        yield { severity: "warning", ...hit, message };
      }
    }, false),
};

/** Whether sessions are kept, by the clients and calls that are seen in the folder of a package. */
class Sessions {
  readonly #kept = new Map<string, boolean>();

  constructor(readonly workspace: Workspace) {}

  visit(file: SourceFile): void {
    if (file.runtime === "function") return;
    const folder = packageFolderOf(file.path, this.workspace);
    for (const node of file.nodes) {
      if (node.type !== "CallExpression" || this.#kept.get(folder)) continue;
      const client = madeBy({ node, file, modules: this.workspace });
      const method = authCall(node)?.method;
      if (client !== undefined) this.#kept.set(folder, keepsSession(client));
      else if (method !== undefined && OF_SESSION.test(method)) this.#kept.set(folder, true);
    }
  }

  /** Only clients that keep none are seen there: a worker, a script. */
  areKeptBy({ file }: PackageUse): boolean {
    return this.#kept.get(folderOf(file)) !== false;
  }
}

const OF_SESSION =
  /^(?:getSession|onAuthStateChange|signIn\w*|signUp|signOut|setSession|refreshSession|exchangeCode\w*|startAutoRefresh)$/;

/** Versions that throw a living session away. */
export const losesSession: SourceCheck = {
  id: "supabase-js-loses-session",
  why:
    "Up to 2.108.1 a refresh that fails removes the stored session although its access token is still good, and tells all tabs SIGNED_OUT (supabase-js issue 2145, mended in 2.108.2).",
  fix: "Update to 2.108.2 or later.",
  start(workspace) {
    const sessions = new Sessions(workspace);
    const { visit, conclude } = scanUses(workspace, function* (all) {
      const uses = all.filter((one) =>
        !isOfFunction(one) && sessions.areKeptBy(one) &&
        tooOld(one, FIRST, workspace) === undefined
      );
      for (const { found, hit, where } of older(uses, SUPABASE_JS, KEEPS_SESSION, workspace)) {
        const message =
          `${SUPABASE_JS} ${found} drops a living session when a refresh fails${where}.`;
        yield { severity: "warning", ...hit, message };
      }
    }, false);
    return {
      visit(file) {
        visit(file);
        sessions.visit(file);
      },
      conclude,
    };
  },
};

/** The package of server-side cookies. */
export const oldSsr: SourceCheck = {
  id: "ssr-old",
  why:
    "Before 0.4.0 @supabase/ssr has no `getAll` and `setAll`: a session that is kept in several cookies can be cut off, or come back after its end.",
  fix: "Update @supabase/ssr, and use `getAll` and `setAll`.",
  start: (workspace) =>
    scanUsesInSource(workspace, function* (uses) {
      for (const { found, hit, where } of older(uses, "@supabase/ssr", [0, 4, 0], workspace)) {
        const message = `@supabase/ssr ${found} is older than 0.4.0${where}.`;
        yield { severity: "warning", ...hit, message };
      }
    }),
};

/** The packages that came before @supabase/ssr. */
export const authHelpers: SourceCheck = {
  id: "auth-helpers",
  why:
    "The auth helpers are no longer maintained, and write other cookies than @supabase/ssr: with both in one app, each signs the user out of the other.",
  fix: "Move to @supabase/ssr, in one step for the whole app, and remove the helpers.",
  start: (workspace) =>
    scanUsesInSource(workspace, function* (uses) {
      const said = new Set<string>();
      for (const { name, file, line } of uses) {
        if (!/^@supabase\/auth-helpers-/.test(name) || said.has(name)) continue;
        said.add(name);
        const both = uses.some((one) =>
          one.name === "@supabase/ssr" && (one.file === file || one.source !== "npm")
        );
        const message = `${name} is used${both ? " beside @supabase/ssr" : ""}.`;
        yield { severity: "warning", file, line, message };
      }
    }),
};

/** A tag that people pass on and that was never there. */
export const ssrTag: SourceCheck = {
  id: "ssr-patched-tag",
  why: "The registry knows no tag `patched` of @supabase/ssr, so nothing can be installed.",
  fix: "Write a version: `npm install @supabase/ssr@latest`.",
  start: (workspace) =>
    scanUses(workspace, function* (uses) {
      for (const { name, range, file, line } of uses) {
        if (name !== "@supabase/ssr" || range !== "patched") continue;
        yield { severity: "error", file, line, message: "@supabase/ssr has no tag `patched`." };
      }
    }),
};

/** All of this file. */
export const versionChecks: readonly SourceCheck[] = [
  oldSupabaseJs,
  losesSession,
  oldSsr,
  authHelpers,
  ssrTag,
];

/** Versions of the libraries that keep the session. */

import type { Check } from "../finding.ts";
import { lockedVersions, type PackageUse } from "../project/packages.ts";
import type { Project } from "../project/project.ts";
import { compareVersions, readRange, readVersion, type Version } from "../project/versions.ts";

/** The version in use that is too old, or `undefined`: then it is new enough, or not known. */
function tooOld(use: PackageUse, first: Version, { locks }: Project): string | undefined {
  const below = (text: string) => {
    const version = readVersion(text);
    return version !== undefined && compareVersions(version, first) < 0;
  };
  const range = readRange(use.range);
  if (range === undefined) return undefined;
  // Nothing that the range allows is new enough.
  if (range.below !== null && compareVersions(range.below, first) <= 0) return use.range;
  if (range.lowest && compareVersions(range.lowest, first) >= 0) return undefined;
  // The range allows both: only a lock file knows, and only what the range allows is this use's.
  return [...locks].filter(([path]) => governs(path, use))
    .flatMap(([, lock]) => lockedVersions(lock, use.name))
    .find((found) => below(found) && compareVersions(readVersion(found)!, range.lowest) >= 0);
}

/** Whether a lock file decides about a use: its tool reads that file, and from that folder. */
function governs(lock: string, { file, source }: PackageUse): boolean {
  const isDeno = lock.endsWith("deno.lock");
  const own = source === "npm" ? !isDeno : source === "deno" && isDeno;
  return own && file.startsWith(lock.slice(0, lock.lastIndexOf("/") + 1));
}

function* older(project: Project, name: string, first: Version) {
  for (const use of project.packages) {
    const found = use.name === name ? tooOld(use, first, project) : undefined;
    if (found !== undefined) yield { use, found };
  }
}

const SUPABASE_JS = "@supabase/supabase-js";
const FIRST: Version = [2, 39, 0];
/** #2436: a failed refresh no longer removes a session whose token is still good. */
const KEEPS_SESSION: Version = [2, 108, 2];

/** Versions from before the session was looked after at all. */
export const oldSupabaseJs: Check<Project> = {
  id: "supabase-js-old",
  why:
    "Before 2.39 supabase-js is from before the fixes of token refresh and of server-side auth; before 2.45.3 it does not know a dead session (session_not_found) from any other refusal.",
  fix: "Update: `npm install @supabase/supabase-js@2`, or the line in the import map.",
  *look(project) {
    for (const { use, found } of older(project, SUPABASE_JS, FIRST)) {
      const message = `${SUPABASE_JS} ${found} is older than 2.39.`;
      yield { severity: "error", file: use.file, line: use.line, message };
    }
  },
};

/** Versions that throw a living session away. */
export const losesSession: Check<Project> = {
  id: "supabase-js-loses-session",
  why:
    "Up to 2.108.1 a refresh that fails removes the stored session although its access token is still good, and tells all tabs SIGNED_OUT (supabase-js issue 2145, mended in 2.108.2).",
  fix: "Update to 2.108.2 or later.",
  *look(project) {
    for (const { use, found } of older(project, SUPABASE_JS, KEEPS_SESSION)) {
      if (tooOld(use, FIRST, project) !== undefined) continue;
      if (/(?:^|\/)functions\//.test(use.file)) continue; // a function stores no session
      const message = `${SUPABASE_JS} ${found} drops a living session when a refresh fails.`;
      yield { severity: "warning", file: use.file, line: use.line, message };
    }
  },
};

/** The package of server-side cookies. */
export const oldSsr: Check<Project> = {
  id: "ssr-old",
  why:
    "Before 0.0.10 @supabase/ssr is from before the fixes of its cookies: a session can be cut off or kept after its end.",
  fix: "Update @supabase/ssr, and use `getAll` and `setAll`.",
  *look(project) {
    for (const { use, found } of older(project, "@supabase/ssr", [0, 0, 10])) {
      const message = `@supabase/ssr ${found} is older than 0.0.10.`;
      yield { severity: "error", file: use.file, line: use.line, message };
    }
  },
};

/** A tag that people pass on and that was never there. */
export const ssrTag: Check<Project> = {
  id: "ssr-patched-tag",
  why: "The registry knows no tag `patched` of @supabase/ssr, so nothing can be installed.",
  fix: "Write a version: `npm install @supabase/ssr@latest`.",
  *look({ packages }) {
    for (const { name, range, file, line } of packages) {
      if (name !== "@supabase/ssr" || range !== "patched") continue;
      yield { severity: "error", file, line, message: "@supabase/ssr has no tag `patched`." };
    }
  },
};

/** All of this file. */
export const versionChecks: readonly Check<Project>[] = [
  oldSupabaseJs,
  losesSession,
  oldSsr,
  ssrTag,
];

/** What to do about a function that did not start because a package is missing. */

import { basename, dirname, relative, sep } from "node:path";

/** The packages that `deno task adopt` adds. */
const PACKAGES = ["@supabase/supabase-js", "hono", "standardwebhooks", "zod"];

/** What Deno says about an import that no import map has, and its advice. */
const MISSING = /Import "([^"]+)" not a dependency[^\n]*(?:\n +hint: ([^\n]*))?/;

/** The package, as `deno add` takes it, in Deno's advice. */
const ADDED = /`deno add ((?:npm|jsr):([^`\s]+))`/;

/** An import of the library. */
const LIBRARY = /["'][^"'\n]*\/edge-auth\/[^"'\n]*["']/;

/** The function that did not start. */
export interface FailedFunction {
  /** The absolute path of its entry file. */
  readonly entry: string;
  /** The text of its entry file. */
  readonly source: string;
  /** The absolute path of its import map, which may be a deno.json; `undefined` if it has none. */
  readonly importMap: string | undefined;
}

/**
 * Replaces Deno's advice by one that adds the missing package where the function looks for it. `deno
 * add` alone changes the nearest deno.json, which may be another one.
 *
 * - A package of edge-auth, for a function that imports it: run `deno task adopt` again.
 * - Another package: `deno add` in the function's folder, if its import map is a deno.json there.
 *
 * @param reason Why the function did not start; without such advice it is returned as it is.
 * @param failed The function.
 * @param project The absolute path of the folder that holds `supabase/`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const folder = "/my-app/supabase/functions/pay";
 * const pay = { entry: `${folder}/index.ts`, source: "", importMap: `${folder}/deno.json` };
 * const reason = 'TypeError: Import "stripe" not a dependency\n  hint: try `deno add npm:stripe`';
 * assertEquals(
 *   withPackageHint(reason, pay, "/my-app"),
 *   'TypeError: Import "stripe" not a dependency\n  hint: run `npx --yes ' +
 *     `deno@${Deno.version.deno} add npm:stripe\` in supabase/functions/pay`,
 * );
 * ```
 */
export function withPackageHint(reason: string, failed: FailedFunction, project: string): string {
  const [found, name = "", advice = ""] = MISSING.exec(reason) ?? [];
  if (found === undefined) return reason;
  const [, specifier, missing = ""] = ADDED.exec(advice) ?? [];
  const isOurs = PACKAGES.some((one) => name === one || name.startsWith(`${one}/`));
  const hint = isOurs && LIBRARY.test(failed.source)
    ? adoptHint(project)
    : specifier !== undefined
    ? addHint(specifier, missing, failed, project)
    : undefined;
  if (hint === undefined) return reason;
  return reason.replace(found, () => `Import "${name}" not a dependency\n  hint: ${hint}`);
}

/** Deno, for whoever has only Node. */
const DENO = `npx --yes deno@${Deno.version.deno}`;

function adoptHint(project: string): string {
  const folder = /\s/.test(project) ? JSON.stringify(project) : project;
  return "no import map of this function has the packages of edge-auth: " +
    `run \`${DENO} task adopt ${folder}\` again, in the folder of edge-auth`;
}

/**
 * @param specifier Such as `npm:stripe`.
 * @param missing The same without `npm:`.
 */
function addHint(
  specifier: string,
  missing: string,
  { entry, importMap }: FailedFunction,
  project: string,
): string {
  const folder = dirname(entry);
  const inProject = (path: string) => relative(project, path).replaceAll(sep, "/");
  const add = `run \`${DENO} add ${specifier}\` in ${inProject(folder)}`;
  if (importMap === undefined) {
    return `this function has no import map: write {} to ${
      inProject(folder)
    }/deno.json, then ${add}`;
  }
  const isOwn = dirname(importMap) === folder && /^deno\.jsonc?$/.test(basename(importMap));
  return isOwn ? add : `add "${missing}": "${specifier}" to the imports of ${inProject(importMap)}`;
}

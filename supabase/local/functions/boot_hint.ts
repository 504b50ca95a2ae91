/** What to do about a function that did not start because its packages are missing. */

/** The packages that `deno task adopt` adds. */
const PACKAGES = ["@supabase/supabase-js", "hono", "standardwebhooks", "zod"];

/** What Deno says about an import that no import map has, and its advice. */
const MISSING = /Import "([^"]+)" not a dependency[^\n]*(?:\n +hint: [^\n]*)?/;

/** An import of the library. */
const LIBRARY = /["'][^"'\n]*\/edge-auth\/[^"'\n]*["']/;

/**
 * Replaces Deno's advice where `deno task adopt` adds the missing package: for a function that imports
 * the library, and was made after adopt ran. `deno add` would change another file.
 *
 * @param reason Why the function did not start.
 * @param source The text of its entry file.
 * @param project The folder that holds `supabase/`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const reason = 'TypeError: Import "hono" not a dependency\n  hint: try running `deno add npm:hono`';
 * const source = 'import { edgeFunction } from "../_shared/edge-auth/mod.ts";';
 * assertEquals(
 *   withAdoptHint(reason, source, "/my-app"),
 *   'TypeError: Import "hono" not a dependency\n  hint: no import map of this function has the ' +
 *     "packages of edge-auth: run `npx --yes deno task adopt /my-app` again, in the folder of edge-auth",
 * );
 * assertEquals(withAdoptHint(reason, "", "/my-app"), reason);
 * ```
 */
export function withAdoptHint(reason: string, source: string, project: string): string {
  const [found, name = ""] = MISSING.exec(reason) ?? [];
  const isOurs = PACKAGES.some((one) => name === one || name.startsWith(`${one}/`));
  if (found === undefined || !isOurs || !LIBRARY.test(source)) return reason;
  const folder = /\s/.test(project) ? JSON.stringify(project) : project;
  return reason.replace(
    found,
    () =>
      `Import "${name}" not a dependency\n  hint: no import map of this function has the packages ` +
      `of edge-auth: run \`npx --yes deno task adopt ${folder}\` again, in the folder of edge-auth`,
  );
}

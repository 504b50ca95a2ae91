// `deno task lock`: updates both lock files. tests/deno.lock has every package, for the tasks that
// check types and drive a browser. deno.lock has only what `deno task dev` and `deno task test` run:
// Deno downloads every package of its lock file, imported or not.
import { ROOT } from "./project_copy.ts";

/** The packages that only `deno task check`, `pack` and the browser tests import. */
const NOT_RUN = [
  "@tanstack/query-core",
  "@types/react",
  "@types/react-dom",
  "@vue/runtime-dom",
  "axe-core",
  "eventsource-parser",
  "playwright-core",
  "react",
  "react-dom",
  "tar",
  "typescript",
];

/** Dependencies that no module imports which we load: `[package, dependency]`. */
const NOT_LOADED = [
  // What only the command line of @supabase/lite imports; the first one is an error tracker.
  ["@supabase/lite", "@sentry/node"],
  ["@supabase/lite", "@commander-js/extra-typings"],
  ["@supabase/lite", "@hono/node-server"],
  ["@supabase/lite", "@vercel/detect-agent"],
  ["@supabase/lite", "chokidar"],
  ["@supabase/lite", "commander"],
  ["@supabase/lite", "dotenv"],
  ["@supabase/lite", "nodemailer"],
  // 23 MB, for the types of these packages alone.
  ["@supabase/middleware", "typescript"],
  ["jsonv-ts", "typescript"],
  ["valibot", "typescript"],
];

/** The parts of a lock file that are read here. */
export interface Lock {
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  dependencies?: readonly string[];
  readonly optionalDependencies?: readonly string[];
  optionalPeers?: readonly string[];
}

/** The name of a package in `name@version`, with or without the version. */
function nameOf(id: string): string {
  return /^(@?[^@]+)/.exec(id)![1]!;
}

/**
 * Leaves out of a lock file what is neither run nor loaded, and what only that depends on.
 *
 * @param lock tests/deno.lock.
 * @returns deno.lock.
 */
export function withoutUnused(lock: Lock): Lock {
  const specifiers = Object.entries(lock.specifiers)
    .filter(([specifier]) => !NOT_RUN.includes(nameOf(specifier.replace("npm:", ""))));
  const loaded = (id: string, dependencies: readonly string[] = []) =>
    dependencies.filter((dependency) =>
      !NOT_LOADED.some(([from, to]) => nameOf(id) === from && nameOf(dependency) === to)
    );
  // A dependency is written with its version only where the lock file has several.
  const resolve = (dependency: string) =>
    dependency in lock.npm
      ? dependency
      : Object.keys(lock.npm).find((id) => id.startsWith(`${dependency}@`))!;
  const used = new Set<string>();
  const add = (id: string) => {
    if (used.has(id)) return;
    used.add(id);
    const { dependencies, optionalDependencies = [] } = lock.npm[id]!;
    for (const one of [...loaded(id, dependencies), ...optionalDependencies]) add(resolve(one));
  };
  for (const [specifier, version] of specifiers) {
    add(`${nameOf(specifier.replace("npm:", ""))}@${version}`);
  }
  const npm = Object.entries(lock.npm).filter(([id]) => used.has(id)).map(([id, entry]) => {
    const kept = { ...entry };
    for (const list of ["dependencies", "optionalPeers"] as const) {
      if (kept[list] === undefined) continue;
      kept[list] = loaded(id, kept[list]);
      if (kept[list].length === 0) delete kept[list];
    }
    return [id, kept];
  });
  return { ...lock, specifiers: Object.fromEntries(specifiers), npm: Object.fromEntries(npm) };
}

/** Reads a lock file. */
export async function readLock(path: string): Promise<Lock> {
  return JSON.parse(await Deno.readTextFile(new URL(path, ROOT)));
}

if (import.meta.main) {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--lock=tests/deno.lock", "supabase", "functions", "shared", "tests"],
    cwd: ROOT,
  }).spawn().status;
  if (!success) Deno.exit(1);
  const lock = withoutUnused(await readLock("tests/deno.lock"));
  await Deno.writeTextFile(new URL("deno.lock", ROOT), `${JSON.stringify(lock, null, 2)}\n`);
}

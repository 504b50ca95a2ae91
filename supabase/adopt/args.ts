/** A run on a project, on the folder of the browser part, or on both. */
export interface RunCommand {
  readonly kind: "run";
  /** The folder that holds `supabase/`, as it was written. */
  readonly project: string | undefined;
  /** The folder that gets the browser part, as it was written. */
  readonly browser: string | undefined;
  readonly mode: Mode;
}

/** What the command line asks for. */
export type Command =
  | RunCommand
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly sentence: string };

/** Write the changes, print them, or say only whether there are any. */
export type Mode = "write" | "dry-run" | "check";

/** What `--help` prints. */
export const help = `Adds edge-auth to a Supabase project, or brings its copy up to date.

  deno task adopt <project>            writes what is missing, and says what it did not do
  deno task adopt <project> --dry-run  prints the changes as a diff, and writes nothing
  deno task adopt <project> --check    says whether the copy is current or changed by hand
  deno task adopt --browser <folder>   the same for the browser part, which gets a folder of its
                                       own in your app, such as ../app/src/edge-auth

<project> is the folder that holds supabase/. It can be given together with --browser. A second run
changes nothing, and files that somebody has changed are never overwritten.
Exit code: 0 if the copy is current (afterwards), 1 if it is not, 2 if the command line or the
folder is wrong.`;

/**
 * Reads the command line.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(readCommand(["../app", "--check"]), {
 *   kind: "run",
 *   project: "../app",
 *   browser: undefined,
 *   mode: "check",
 * });
 * ```
 */
export function readCommand(args: readonly string[]): Command {
  const projects: string[] = [];
  const browsers: string[] = [];
  const modes = new Set<Mode>();
  const rest = args.flatMap((arg) => {
    const [, value] = /^--browser=(.*)$/s.exec(arg) ?? [];
    return value === undefined ? [arg] : ["--browser", value];
  });
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--help" || arg === "-h") return { kind: "help" };
    if (arg === "--check") modes.add("check");
    else if (arg === "--dry-run") modes.add("dry-run");
    else if (arg === "--browser") {
      const folder = rest.shift() ?? "";
      if (folder === "" || folder.startsWith("-")) {
        return wrong(
          "--browser needs the folder that gets the browser part, such as ../app/src/edge-auth.",
        );
      }
      browsers.push(folder);
    } else if (arg.startsWith("-")) return wrong(`There is no option ${arg}.`);
    else projects.push(arg);
  }
  const [project, ...moreProjects] = projects;
  const [browser, ...moreBrowsers] = browsers;
  const [mode = "write", ...moreModes] = modes;
  if (moreModes.length > 0) return wrong("--dry-run and --check do not go together.");
  if (project === undefined && browser === undefined) {
    return wrong("Name the folder of your project, or --browser and a folder of your app.");
  }
  if (moreProjects.length > 0) return wrong("Only one project can be changed at a time.");
  if (moreBrowsers.length > 0) return wrong("--browser can be given once.");
  return { kind: "run", project, browser, mode };
}

function wrong(sentence: string): Command {
  return { kind: "wrong", sentence: `${sentence} Try --help.` };
}

/** What the command line asks for. */
export type Command =
  | { readonly kind: "run"; readonly project: string; readonly mode: Mode }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly sentence: string };

/** Write the changes, print them, or say only whether there are any. */
export type Mode = "write" | "dry-run" | "check";

/** What `--help` prints. */
export const help = `Adds edge-auth to a Supabase project, or brings its copy up to date.

  deno task adopt <project>            writes what is missing, and says what it did not do
  deno task adopt <project> --dry-run  prints the changes as a diff, and writes nothing
  deno task adopt <project> --check    says whether the copy is current or changed by hand

<project> is the folder that holds supabase/. Running it twice changes nothing, and what somebody
changed is never overwritten.
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
 *   mode: "check",
 * });
 * ```
 */
export function readCommand(args: readonly string[]): Command {
  if (args.includes("--help") || args.includes("-h")) return { kind: "help" };
  const flags = args.filter((arg) => arg.startsWith("-"));
  const projects = args.filter((arg) => !arg.startsWith("-"));
  const unknown = flags.find((flag) => flag !== "--dry-run" && flag !== "--check");
  if (unknown !== undefined) return wrong(`There is no option ${unknown}.`);
  if (new Set(flags).size > 1) return wrong("--dry-run and --check do not go together.");
  const [project, ...more] = projects;
  if (project === undefined) return wrong("Name the folder of your project.");
  if (more.length > 0) return wrong("Only one project can be changed at a time.");
  const [flag] = flags;
  const mode = flag === undefined ? "write" : flag === "--check" ? "check" : "dry-run";
  return { kind: "run", project, mode };
}

function wrong(sentence: string): Command {
  return { kind: "wrong", sentence: `${sentence} Try --help.` };
}

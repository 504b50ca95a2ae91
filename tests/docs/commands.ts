/**
 * How a test runs the commands of a page: as they stand, but for those that never end, and those
 * that would run this test again.
 *
 * @module
 */

/** A program that pages run by npx. */
const BY_NPX = /\bnpx --yes (deno|supabase)@(\d+\.\d+\.\d+)/g;

/** Tasks that contain this test or run for minutes; each is run as a whole where it is said. */
const RUN_ELSEWHERE: Readonly<Record<string, string>> = {
  "ok": "deno.json",
  "static": ".ci/run",
  "test:browser": ".ci/run",
  "test:supabase": ".github/workflows/ci.yml",
};

/** Arguments that make a long task a short one. */
const SHORTER: Readonly<Record<string, string>> = {
  "test": "tests/unit/server/body_test.ts",
};

/** What is to be done for one line, or several that belong together. */
export type Step =
  /** Run by bash. */
  | { readonly kind: "run"; readonly text: string }
  /** Started, and stopped when it is ready; `args` stand behind `deno`. */
  | { readonly kind: "dev"; readonly args: readonly string[] }
  /** Not run here: `file` must run the task. */
  | { readonly kind: "elsewhere"; readonly task: string; readonly file: string };

/**
 * Finds the programs that pages run by npx.
 *
 * @param texts The commands of all pages.
 * @returns The version of each package.
 * @throws {Error} Two pages name different versions.
 */
export function packagesIn(texts: readonly string[]): Map<string, string> {
  const packages = new Map<string, string>();
  for (const [, name, version] of texts.flatMap((text) => [...text.matchAll(BY_NPX)])) {
    const known = packages.get(name!);
    if (known !== undefined && known !== version) {
      throw new Error(`${name}: the pages name both ${known} and ${version}`);
    }
    packages.set(name!, version!);
  }
  return packages;
}

/**
 * Says how to run a block.
 *
 * @param text The commands.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(stepsOf("npx --yes deno@2.9.6 task dev # until Ctrl-C\n"), [
 *   { kind: "dev", args: ["task", "dev"] },
 * ]);
 * ```
 */
export function stepsOf(text: string): Step[] {
  const steps: Step[] = [];
  let rest = "";
  const flush = () => {
    if (rest !== "") steps.push({ kind: "run", text: rest });
    rest = "";
  };
  for (const line of text.replaceAll(BY_NPX, "$1").split("\n")) {
    const [, args, task = ""] = /^deno (task ([\w:-]+).*?)\s*(?:#.*)?$/.exec(line) ?? [];
    if (task === "dev") {
      flush();
      steps.push({ kind: "dev", args: args!.split(/\s+/) });
    } else if (RUN_ELSEWHERE[task] !== undefined) {
      flush();
      steps.push({ kind: "elsewhere", task, file: RUN_ELSEWHERE[task] });
    } else if (SHORTER[task] !== undefined) {
      rest += `deno ${args} ${SHORTER[task]}\n`;
    } else {
      rest += `${line}\n`;
    }
  }
  flush();
  return steps.filter((step) => step.kind !== "run" || step.text.trim() !== "");
}

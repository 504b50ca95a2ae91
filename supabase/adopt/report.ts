import { createTwoFilesPatch } from "diff";
import { STAMP } from "./copy.ts";
import { type FirstFunctionPlan, isCurrent, type Plan } from "./plan.ts";

/** The versions of the tools that the printed commands name, such as `2.9.6`. */
export interface ToolVersions {
  readonly deno: string;
  /** The supabase CLI. */
  readonly supabase: string;
}

/** The page on functions that check their callers without edge-auth; it is not in the copy. */
const MIGRATING = "shared/server/MIGRATING.md";

/**
 * Reads .tool-versions.
 *
 * @throws {Error} A tool is missing in it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const versions = readToolVersions("deno 2.9.6\nsupabase 3.1.0\n");
 * assertEquals(versions, { deno: "2.9.6", supabase: "3.1.0" });
 * ```
 */
export function readToolVersions(text: string): ToolVersions {
  const version = (tool: string): string => {
    const [, found] = new RegExp(`^${tool} (\\S+)$`, "m").exec(text) ?? [];
    if (found === undefined) throw new Error(`.tool-versions has no version of ${tool}`);
    return found;
  };
  return { deno: version("deno"), supabase: version("supabase") };
}

/**
 * Says what a plan changes, in lines for a terminal.
 *
 * @param plan The plan.
 * @param tense Whether it was carried out.
 * @param tools What the commands to try next run with.
 */
export function describePlan(plan: Plan, tense: "done" | "planned", tools: ToolVersions): string {
  const { version, folder, copy, edits, notDone, first } = plan;
  const verb = (done: string, planned: string) => tense === "done" ? done : planned;
  const lines: string[] = [];
  const written = [...copy.writes.values()].filter((text) => text !== null).length;
  if (copy.conflicts.length > 0 && copy.installed === null) {
    lines.push(
      `${folder} was there before, without ${STAMP}, and differs from edge-auth ${version}.`,
      "It was not changed. Move it away and run this again to get a copy that can be kept up to date.",
    );
  } else if (copy.conflicts.length > 0) {
    lines.push(
      `${folder} was not changed: edge-auth ${version} changes files that were changed by hand.`,
      ...copy.conflicts.map((path) => `  ${path}`),
      "Delete them and run this again to get those of edge-auth, then make your changes again.",
    );
  } else if (copy.writes.size > 0) {
    const from = copy.installed === null || copy.installed === version
      ? ""
      : ` (was ${copy.installed})`;
    const removed = copy.writes.size - written;
    lines.push(
      `${verb("Wrote", "Would write")} edge-auth ${version}${from} to ${folder}: ` +
        `${written} files${removed > 0 ? `, ${removed} removed` : ""}.`,
    );
  } else lines.push(`${folder} is edge-auth ${version}.`);

  const kept = copy.installed === null
    ? []
    : copy.changedByHand.filter((path) => !copy.conflicts.includes(path));
  if (kept.length > 0) {
    lines.push("Changed by hand, and left as they are:", ...kept.map((path) => `  ${path}`));
  }
  for (const { path, before } of edits) {
    lines.push(
      `${before === null ? verb("Made", "Would make") : verb("Changed", "Would change")} ${path}.`,
    );
  }
  if (notDone.length > 0) lines.push("Not done:", ...notDone.map((line) => `  ${line}`));
  if (isCurrent(plan)) lines.push("Nothing to do.");
  const isNew = copy.installed === null && copy.writes.size > 0;
  if (tense === "done") {
    if (first !== null) lines.push("", ...nextSteps(first, tools));
    if (first !== null || isNew) lines.push(...functionsToMove(plan));
  }
  return lines.join("\n");
}

/** What to try in a project that has just got its first function. */
function nextSteps(
  { name, folder, importMap }: FirstFunctionPlan,
  { deno, supabase }: ToolVersions,
): string[] {
  const option = /(?:^|\/)deno\.jsonc?$/.test(importMap) ? "--config" : "--import-map";
  return [
    "Next, in the project:",
    `  npx --yes deno@${deno} test -A ${option} ${importMap} ${folder}`,
    `  npx --yes supabase@${supabase} functions deploy ${name} --use-api`,
  ];
}

/** The functions that are as they were, and where to read how each gets the library. */
function functionsToMove({ first, withoutLibrary }: Plan): string[] {
  if (withoutLibrary.length === 0) return [];
  return [
    "",
    `These functions do not import edge-auth: ${withoutLibrary.join(", ")}.`,
    `To move one, follow ${MIGRATING} in the folder of edge-auth.`,
    ...(first === null ? [] : [
      `${first.name} is an example. Once you do not need it, delete ${first.folder}`,
      `and [functions.${first.name}] of supabase/config.toml.`,
    ]),
  ];
}

/**
 * Says in one line whether a copy is current, with the reason if it is not.
 *
 * @param plan The plan of the project.
 */
export function describeState({ version, folder, copy, edits }: Plan): string {
  const { installed, writes, changedByHand } = copy;
  const states: string[] = [];
  if (installed === null) states.push(`${folder} has no copy that edge-auth has written`);
  else if (installed !== version) {
    states.push(`${folder} is edge-auth ${installed}, not ${version}`);
  } else if (writes.size > 0 || copy.conflicts.length > 0) {
    states.push(`${folder} is not all of edge-auth ${version}`);
  }
  if (changedByHand.length > 0) states.push(`changed by hand: ${changedByHand.join(", ")}`);
  if (edits.length > 0) {
    states.push(`to be changed: ${edits.map(({ path }) => path).join(", ")}`);
  }
  return states.length === 0 ? `${folder} is edge-auth ${version}.` : `${states.join("; ")}.`;
}

/**
 * Shows the changes of a plan as a diff. The files of the copy are counted per folder: they are
 * edge-auth's.
 *
 * @param plan The plan.
 * @returns Unified diffs, of which git and patch know the form.
 */
export function diffPlan({ folder, copy, edits }: Plan): string {
  const paths = (isRemoved: boolean) =>
    [...copy.writes].filter(([, text]) => (text === null) === isRemoved).map(([path]) => path);
  const counts = [
    ...countLine("write", folder, paths(false)),
    ...countLine("remove", folder, paths(true)),
  ];
  const diffs = edits.map(({ path, before, after }) => {
    const from = before === null ? "/dev/null" : `a/${path}`;
    return createTwoFilesPatch(from, `b/${path}`, before ?? "", after, undefined, undefined, {
      context: 2,
    }).replace(/^=+\n/, "");
  });
  return [...(counts.length > 0 ? [counts.join("\n")] : []), ...diffs].join("\n");
}

/** How many files of the copy are written or removed, in all and in each folder at its top. */
function countLine(verb: string, folder: string, paths: readonly string[]): string[] {
  if (paths.length === 0) return [];
  const byFolder = Map.groupBy(paths, (path) => path.includes("/") ? path.split("/")[0]! : "");
  const parts = [...byFolder].sort().map(([name, inner]) =>
    name === "" ? `${inner.length} at the top` : `${inner.length} in ${name}/`
  );
  const files = paths.length === 1 ? "1 file" : `${paths.length} files`;
  return [`${verb} ${folder}: ${files} (${parts.join(", ")})`];
}

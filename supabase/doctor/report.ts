/** What people and machines read. */

import type { Finding, Severity } from "./finding.ts";
import type { FunctionSummary } from "./registry.ts";

/** What a run read, and what came of it. */
export interface Report {
  /** Sorted. */
  readonly findings: readonly Finding[];
  readonly functions?: readonly FunctionSummary[];
  readonly read?: ReadSummary;
}

/** What was read of a folder, and what was not. */
export interface ReadSummary {
  readonly files: number;
  readonly bytes: number;
  readonly projects: readonly string[];
  readonly unreadable: readonly string[];
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** Findings that comments or the baseline answered for. */
  readonly ignored: number;
  readonly known: number;
}

const COLOUR: Readonly<Record<Severity, string>> = { error: "31", warning: "33", info: "36" };
const HEAD: Readonly<Record<Severity, string>> = {
  error: "Errors",
  warning: "Warnings",
  info: "Good to know",
};

/** The JSON of `--json`. */
export function jsonReport(report: Report): string {
  return JSON.stringify(report, null, 2);
}

/**
 * Findings for a terminal, grouped by severity and kind: the reason and the fix stand once.
 *
 * @param report The findings, sorted.
 * @param colour Whether the terminal shows colours.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(textReport({ findings: [] }, false), "0 errors, 0 warnings, 0 good to know");
 * ```
 */
export function textReport({ findings, read }: Report, colour: boolean): string {
  const paint = (code: string, text: string) => colour ? `\x1b[${code}m${text}\x1b[0m` : text;
  const lines: string[] = [];
  for (const severity of ["error", "warning", "info"] as const) {
    const group = findings.filter((one) => one.severity === severity);
    if (group.length > 0) lines.push(paint(`1;${COLOUR[severity]}`, HEAD[severity]), "");
    for (const same of groupsOf(group)) {
      const { id, why, fix, docs } = same[0]!;
      for (const one of same) {
        const place = placeOf(one);
        lines.push(
          `  ${paint(COLOUR[severity], id)}${place && `  ${paint("1", place)}`}`,
          ...wrap(one.message + namesOf(one), "    "),
          ...(one.places ?? []).flatMap((each) =>
            wrap(`also ${placeOf(each)}  ${each.message}`, "    ")
          ),
        );
      }
      lines.push(
        ...wrap(`why  ${why}`, "      "),
        ...wrap(`fix  ${fix}`, "      "),
        `      ${paint("2", docs)}`,
        "",
      );
    }
  }
  const count = (severity: Severity) => findings.filter((one) => one.severity === severity).length;
  lines.push(
    `${plural(count("error"), "error")}, ${plural(count("warning"), "warning")}, ` +
      `${count("info")} good to know`,
  );
  if (read !== undefined) lines.push(...readLines(read));
  return lines.join("\n");
}

function placeOf({ file, line }: Pick<Finding, "file" | "line">): string {
  return [file, line].filter((part) => part !== null).join(":");
}

/** The functions that a finding is about, the first few by name; the JSON has all. */
export function namesOf({ functions = [] }: Finding): string {
  return functions.length === 0 ? "" : ` (${listed(functions)})`;
}

/** Findings with the same id, reason and fix, in the order of the first of each. */
function groupsOf(findings: readonly Finding[]): Finding[][] {
  const groups = new Map<string, Finding[]>();
  for (const one of findings) {
    const key = JSON.stringify([one.id, one.why, one.fix]);
    groups.set(key, [...groups.get(key) ?? [], one]);
  }
  return [...groups.values()];
}

function readLines({ files, bytes, projects, unreadable, skipped, ignored, known }: ReadSummary) {
  const size = bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
  const lines = [
    `Read ${plural(files, "file")} (${size}); ${
      projects.length === 0
        ? "no folder supabase/"
        : `${plural(projects.length, "project")}: ${projects.join(", ")}`
    }.`,
  ];
  if (unreadable.length > 0) lines.push(`Could not read: ${listed(unreadable)}.`);
  if (skipped.length > 0) lines.push(`Left out: ${listed(skipped.map(({ path }) => path))}.`);
  if (ignored > 0) lines.push(`${plural(ignored, "finding")} answered for by comments.`);
  if (known > 0) lines.push(`${plural(known, "finding")} known by the baseline.`);
  return lines;
}

function listed(paths: readonly string[]): string {
  const more = paths.length > 5 ? ` and ${paths.length - 5} more` : "";
  return paths.slice(0, 5).join(", ") + more;
}

const plural = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`;

function wrap(text: string, indent: string): string[] {
  const lines = [indent.slice(1)];
  for (const word of text.split(" ")) {
    if (lines.at(-1)!.length + 1 + word.length > 96 && lines.at(-1)!.trim() !== "") {
      lines.push(indent.slice(1));
    }
    lines.push(`${lines.pop()} ${word}`);
  }
  return lines;
}

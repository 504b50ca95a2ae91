/** What people and machines read. */

import type { Finding, Severity } from "./finding.ts";

const COLOUR: Readonly<Record<Severity, string>> = { error: "31", warning: "33", info: "36" };
const HEAD: Readonly<Record<Severity, string>> = {
  error: "Errors",
  warning: "Warnings",
  info: "Good to know",
};

/** The JSON of `--json`. */
export function jsonReport(findings: readonly Finding[]): string {
  return JSON.stringify({ findings }, null, 2);
}

/**
 * Findings for a terminal, grouped by severity.
 *
 * @param findings Sorted.
 * @param colour Whether the terminal shows colours.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(textReport([], false), "0 errors, 0 warnings, 0 good to know");
 * ```
 */
export function textReport(findings: readonly Finding[], colour: boolean): string {
  const paint = (code: string, text: string) => colour ? `\x1b[${code}m${text}\x1b[0m` : text;
  const lines: string[] = [];
  for (const severity of ["error", "warning", "info"] as const) {
    const group = findings.filter((one) => one.severity === severity);
    if (group.length > 0) lines.push(paint(`1;${COLOUR[severity]}`, HEAD[severity]), "");
    for (const { id, file, line, message, why, fix, docs } of group) {
      const place = [file, line].filter((part) => part !== null).join(":");
      lines.push(
        `  ${paint(COLOUR[severity], id)}${place && `  ${paint("1", place)}`}`,
        ...wrap(message, "    "),
        ...wrap(`why  ${why}`, "      "),
        ...wrap(`fix  ${fix}`, "      "),
        `      ${paint("2", docs)}`,
        "",
      );
    }
  }
  const count = (severity: Severity) => findings.filter((one) => one.severity === severity).length;
  const plural = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`;
  lines.push(
    `${plural(count("error"), "error")}, ${plural(count("warning"), "warning")}, ` +
      `${count("info")} good to know`,
  );
  return lines.join("\n");
}

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

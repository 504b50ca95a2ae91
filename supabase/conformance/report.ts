import { exitCodeOf, type Report } from "./run.ts";

const MARKS = { kept: "kept     ", broken: "BROKEN   ", not_tried: "not tried" } as const;

const VERDICTS = {
  0: "No guarantee is broken.",
  1: "Guarantees are broken.",
  2: "Nothing is proven: a revoked token was not tried.",
} as const;

/** The report for a terminal. */
export function textReport(report: Report): string {
  const { user, problem, checks } = report;
  const lines = [report.function, ""];
  for (const check of checks) {
    const { guarantee, result, title } = check;
    lines.push(`  ${MARKS[result]}  ${guarantee}  ${title}`);
    if (check.result !== "kept") lines.push(`                ${check.detail}`);
  }
  if (problem !== null) lines.push(`  ${problem}`);
  lines.push("", `${VERDICTS[exitCodeOf(report)]} The numbers are those of SECURITY.md.`);
  if (user !== null) lines.push(`Left behind: the user ${user}, without a session.`);
  return lines.join("\n");
}

/** The report of `--json`. */
export function jsonReport(report: Report): string {
  return JSON.stringify({ ...report, exit_code: exitCodeOf(report) }, null, 2);
}

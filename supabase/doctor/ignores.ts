/** Findings that a comment in the file answers for. */

import type { Finding } from "./finding.ts";

/** `edge-auth: ignore <id>, because <reason>`, in a comment of any language that is read. */
const IGNORE =
  /(?:\/\/|\/\*+|#|<!--|^\s*\*)\s*edge-auth:\s*ignore\s+([\w-]+)(?:,?\s+because\s+(\S.*))?/;

/** A comment that names a finding and gives no reason. */
export interface BareIgnore {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/**
 * Leaves out the findings that a comment with a reason names: on the line itself, in the comment
 * lines above it, or above the first line of code for findings about the whole file.
 *
 * @param findings What was found.
 * @param read The text of a file.
 */
export function applyIgnores(
  findings: readonly Finding[],
  read: (path: string) => string | undefined,
): { kept: Finding[]; bare: BareIgnore[] } {
  const bare = new Map<string, BareIgnore>();
  const ignored = new Set<Finding>();
  for (const [file, own] of Map.groupBy(findings, (one) => one.file)) { // one text at a time
    const text = file === null ? "" : read(file) ?? "";
    if (file === null || !text.includes("edge-auth:")) continue;
    const lines = text.split(/\r?\n/);
    for (const finding of own) {
      const { id, line } = finding;
      for (const number of line === null ? [] : places(lines, line)) {
        const [, name, reason] = IGNORE.exec(lines[number - 1] ?? "") ?? [];
        if (name !== id) continue;
        if (reason !== undefined) {
          ignored.add(finding);
          break;
        }
        const message = `The finding ${id} is not left out: say why, "ignore ${id}, because …".`;
        bare.set(`${file}:${number}`, { file, line: number, message });
      }
    }
  }
  return { kept: findings.filter((one) => !ignored.has(one)), bare: [...bare.values()] };
}

/** The lines on which a comment answers for a line, from 1. */
function* places(lines: readonly string[], line: number): Generator<number> {
  yield line;
  const isComment = (number: number) => /^\s*(?:\/\/|\/\*|\*|#|<!--)/.test(lines[number - 1] ?? "");
  for (let above = line - 1; above > 0 && isComment(above); above--) yield above;
  if (line !== 1) return;
  for (let below = 2; below <= lines.length && isComment(below - 1); below++) yield below;
}

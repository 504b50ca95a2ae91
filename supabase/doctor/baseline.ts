/** Findings that an old project has, and that do not count until they are new. */

import type { Finding } from "./finding.ts";

/** How often each finding is known, by {@linkcode fingerprint}. */
export type Baseline = ReadonlyMap<string, number>;

/** What makes a finding the same after lines were added above it. */
export function fingerprint({ id, file, message }: Finding): string {
  return [id, file ?? "", message.replaceAll(/\d+/g, "#")].join("|");
}

/**
 * Writes a baseline.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { toFinding } from "./finding.ts";
 *
 * const kind = { id: "an-id", why: "", fix: "" };
 * const finding = toFinding(kind, { severity: "error", file: "a.ts", line: 3, message: "Wrong." });
 * const known = readBaseline(writeBaseline([finding]));
 * assertEquals(newFindings([{ ...finding, line: 9 }], known), []);
 * ```
 */
export function writeBaseline(findings: readonly Finding[]): string {
  const counts = new Map<string, number>();
  for (const one of findings) {
    const key = fingerprint(one);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const known = Object.fromEntries([...counts].sort(([a], [b]) => a < b ? -1 : 1));
  return `${JSON.stringify({ version: 1, findings: known }, null, 2)}\n`;
}

/** @throws {SyntaxError} It is no baseline. */
export function readBaseline(text: string): Baseline {
  const value = JSON.parse(text) as { version?: unknown; findings?: unknown };
  const { version, findings } = value ?? {};
  if (version !== 1 || typeof findings !== "object" || findings === null) {
    throw new SyntaxError("It is no baseline of the doctor.");
  }
  return new Map(Object.entries(findings).map(([key, count]) => [key, Number(count)]));
}

/** The findings that a baseline does not know, or not so often. */
export function newFindings(findings: readonly Finding[], known: Baseline): Finding[] {
  const left = new Map(known);
  return findings.filter((one) => {
    const key = fingerprint(one);
    const count = left.get(key) ?? 0;
    left.set(key, count - 1);
    return count <= 0;
  });
}

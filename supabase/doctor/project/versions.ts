/** A version: major, minor, patch. */
export type Version = readonly [number, number, number];

/** What a version range certainly says. */
export interface Range {
  /** The lowest version it allows. */
  readonly lowest: Version;
  /** The first version that it does not allow any more; `null` where it is open. */
  readonly below: Version | null;
}

/** Reads `2`, `2.39`, `2.39.1` (and what npm puts behind it). */
export function readVersion(text: string): Version | undefined {
  const match = /^v?(\d+)(?:\.(\d+|x|\*))?(?:\.(\d+|x|\*))?(?:[-+].*)?$/.exec(text.trim());
  if (match === null) return undefined;
  const [major = 0, minor = 0, patch = 0] = match.slice(1).map((part) => Number(part) || 0);
  return [major, minor, patch];
}

/** Below zero if `a` is the older. */
export function compareVersions(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/**
 * Reads a range as npm does, as far as it is simple: exact, `^`, `~`, `>=`, or a part of a version.
 *
 * @returns The range, or `undefined` for a tag, a URL, a workspace, or several ranges.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(readRange("^2.30.1"), { lowest: [2, 30, 1], below: [3, 0, 0] });
 * assertEquals(readRange("~0.0.9"), { lowest: [0, 0, 9], below: [0, 1, 0] });
 * assertEquals(readRange("latest"), undefined);
 * ```
 */
export function readRange(text: string): Range | undefined {
  const [, sign = "", rest = ""] = /^(\^|~|>=|=)?\s*(\S+)$/.exec(text.trim()) ?? [];
  const lowest = readVersion(rest);
  if (lowest === undefined) return undefined;
  if (sign === ">=") return { lowest, below: null };
  return { lowest, below: endOf(sign, lowest, rest.replace(/^v/, "").split(/[-+]/)[0]!) };
}

function endOf(sign: string, [major, minor, patch]: Version, written: string): Version {
  const parts = written.split(".").filter((part) => /^\d+$/.test(part)).length;
  if (sign === "^") {
    if (major > 0 || parts === 1) return [major + 1, 0, 0];
    return minor > 0 || parts === 2 ? [0, minor + 1, 0] : [0, 0, patch + 1];
  }
  if (parts === 1) return [major + 1, 0, 0];
  return sign === "~" || parts === 2 ? [major, minor + 1, 0] : [major, minor, patch + 1];
}

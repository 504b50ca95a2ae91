/** What the doctor has to say, as data. */

import { ownText } from "./own_text.ts";

/** `error`: sessions get lost, or are not ended. `warning`: under a condition that it names. */
export type Severity = "error" | "warning" | "info";

/** One thing that was found. It never holds a token, a key or an address. */
export interface Finding {
  /** Names the check, and the paragraph that explains it. */
  readonly id: string;
  readonly severity: Severity;
  /** Relative to the folder that was read; `null` where the finding is about no file. */
  readonly file: string | null;
  /** From 1; `null` where there is no line to point at. */
  readonly line: number | null;
  readonly message: string;
  /** Why that leads to lost sessions. */
  readonly why: string;
  readonly fix: string;
  /** The command that prints all about it; it works in every project. */
  readonly docs: string;
  /** The Edge Functions that run this code, where the finding is about more than its file. */
  readonly functions?: readonly string[];
  /** Further places of one Edge Function in which the same is found. */
  readonly places?: readonly FindingPlace[];
}

/** One more place of a finding. */
export interface FindingPlace extends Pick<Finding, "severity" | "file" | "line" | "message"> {}

/** What a check returns: the part of a finding that is not the same every time. */
export interface Hit {
  readonly severity: Severity;
  readonly file?: string | null;
  readonly line?: number | null;
  readonly message: string;
  /** Instead of the check's own. */
  readonly why?: string;
  /** Instead of the check's own. */
  readonly fix?: string;
  readonly functions?: readonly string[];
}

/** One kind of finding: its id, why it matters, what to do. */
export interface Kind {
  readonly id: string;
  readonly why: string;
  readonly fix: string;
}

/** A pure function from what was read to what is wrong with it. */
export interface Check<Input> extends Kind {
  look(input: Input): Iterable<Hit>;
}

const RANK = { error: 0, warning: 1, info: 2 } as const satisfies Record<Severity, number>;

/**
 * Completes a hit.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const kind = { id: "clock-skew", why: "Tokens seem expired.", fix: "Set the clock." };
 * const finding = toFinding(kind, { severity: "warning", message: "90 s ahead." });
 * assertEquals(finding.docs, "doctor --explain clock-skew");
 * ```
 */
export function toFinding(kind: Kind, hit: Hit): Finding {
  const { severity, file = null, line = null, message, why = kind.why, fix = kind.fix } = hit;
  const docs = `doctor --explain ${kind.id}`;
  const { functions } = hit;
  const more = functions === undefined ? {} : { functions };
  return { id: kind.id, severity, file, line, message: ownText(message), why, fix, docs, ...more };
}

/** Runs checks over one input; the gravest findings first, then by place, none of them twice. */
export function runChecks<Input>(checks: readonly Check<Input>[], input: Input): Finding[] {
  const found = checks.flatMap((check) =>
    [...check.look(input)].map((hit) => toFinding(check, hit))
  );
  return sortFindings(mergeSame(found));
}

/** What stands in one place once, with the names of all functions that run it. */
export function mergeSame(findings: readonly Finding[]): Finding[] {
  const byPlace = new Map<string, Finding>();
  for (const one of findings) {
    const { functions: _, ...rest } = one;
    const key = JSON.stringify(rest);
    const known = byPlace.get(key);
    const functions = [...new Set([...known?.functions ?? [], ...one.functions ?? []])];
    byPlace.set(key, functions.length === 0 ? one : { ...one, functions });
  }
  return [...byPlace.values()];
}

/** The Edge Function that a file belongs to alone; what lies in `_shared` belongs to many. */
function functionOf(file: string | null): string | undefined {
  return /^(?:.*\/)?functions\/[^_/][^/]*(?=\/)/.exec(file ?? "")?.[0];
}

/**
 * One finding of each kind per Edge Function: the gravest, with the other places in it.
 *
 * @param findings Sorted.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const kind = { id: "an-id", why: "", fix: "" };
 * const at = (line: number) =>
 *   toFinding(kind, { severity: "warning", file: "functions/a/index.ts", line, message: "Wrong." });
 * const [one, more] = mergeFunctions([at(3), at(9)]);
 * assertEquals([one!.line, one!.places?.map(({ line }) => line), more], [3, [9], undefined]);
 * ```
 */
export function mergeFunctions(findings: readonly Finding[]): Finding[] {
  const merged = new Map<string, Finding>();
  findings.forEach((one, i) => {
    const owner = functionOf(one.file);
    const key = owner === undefined ? String(i) : `${one.id}|${owner}`;
    const first = merged.get(key);
    if (first === undefined) return void merged.set(key, one);
    const { severity, file, line, message } = one;
    merged.set(key, {
      ...first,
      places: [...first.places ?? [], { severity, file, line, message }],
    });
  });
  return [...merged.values()];
}

/** The gravest first, then by file and line. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) =>
    RANK[a.severity] - RANK[b.severity] ||
    (a.file ?? "").localeCompare(b.file ?? "") ||
    (a.line ?? 0) - (b.line ?? 0)
  );
}

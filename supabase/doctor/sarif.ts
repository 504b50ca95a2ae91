/** Findings for GitHub's code scanning and other viewers of SARIF 2.1.0. */

import { fingerprint } from "./baseline.ts";
import type { Finding, FindingPlace, Kind } from "./finding.ts";
import { namesOf, type Report } from "./report.ts";

const LEVEL = { error: "error", warning: "warning", info: "note" } as const;

/** GitHub refuses texts of a rule that are longer. */
const MAX_TEXT = 1024;

/**
 * The SARIF 2.1.0 of `--sarif`. What makes a finding the same in two runs is its kind, file and
 * message, as in a baseline; GitHub's upload adds a hash of the line.
 *
 * @param report The findings of a folder. One without a file points at the folder itself, since
 * GitHub refuses the whole report for a result without a place.
 * @param kinds What rules there are; those that were found are listed.
 * @param root The folder, relative to the root of the repository: viewers look for files from there.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { toFinding } from "./finding.ts";
 *
 * const kind = { id: "an-id", why: "It breaks.", fix: "Mend it." };
 * const finding = toFinding(kind, { severity: "error", file: "a b.ts", line: 3, message: "Wrong." });
 * const { runs } = JSON.parse(sarifReport({ findings: [finding] }, [kind], "apps/web"));
 * const [{ physicalLocation }] = runs[0].results[0].locations;
 * assertEquals(physicalLocation.artifactLocation.uri, "apps/web/a%20b.ts");
 * ```
 */
export function sarifReport({ findings }: Report, kinds: readonly Kind[], root = ""): string {
  const rules = kinds.filter(({ id }) => findings.some((one) => one.id === id));
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{
      tool: { driver: { name: "edge-auth doctor", rules: rules.map(ruleOf) } },
      results: findings.map((one) => ({
        ruleId: one.id,
        ruleIndex: rules.findIndex(({ id }) => id === one.id),
        level: LEVEL[one.severity],
        message: { text: `${one.message}${namesOf(one)} ${one.fix}` },
        locations: [locationOf(one, root)],
        partialFingerprints: { "finding/v1": fingerprint(one) },
        ...(one.places === undefined ? {} : {
          relatedLocations: one.places.map((each, id) => ({
            id,
            message: { text: each.message },
            ...locationOf(each, root),
          })),
        }),
      })),
    }],
  };
  return JSON.stringify(log, null, 2);
}

function ruleOf({ id, why, fix }: Kind) {
  const title = id.replaceAll("-", " ");
  return {
    id,
    shortDescription: { text: title[0]!.toUpperCase() + title.slice(1) },
    fullDescription: { text: why.slice(0, MAX_TEXT) },
    help: { text: `${why}\n\n${fix}\n\nAll about it: doctor --explain ${id}` },
  };
}

function locationOf({ file, line }: Pick<Finding | FindingPlace, "file" | "line">, root: string) {
  const path = [root, file ?? ""].filter((part) => part !== "").join("/") || ".";
  const uri = encodeURI(path).replaceAll(/[#?:]/g, encodeURIComponent);
  return {
    physicalLocation: {
      artifactLocation: { uri, uriBaseId: "%SRCROOT%" },
      region: { startLine: line ?? 1 },
    },
  };
}

// What SARIF 2.1.0 requires, and what GitHub's code scanning refuses a whole report for.
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { mergeFunctions, toFinding } from "../../../supabase/doctor/finding.ts";
import { allKinds } from "../../../supabase/doctor/registry.ts";
import { sarifReport } from "../../../supabase/doctor/sarif.ts";

const kind = { id: "an-id", why: "Because.", fix: "Do this." };
const at = (file: string | null, line: number | null, message = "Wrong.") =>
  toFinding(kind, { severity: "error", file, line, message });
const resultsOf = (findings: ReturnType<typeof at>[], root?: string) =>
  JSON.parse(sarifReport({ findings }, [kind], root)).runs[0].results;
const uriOf = (result: { locations: [Place] }) =>
  result.locations[0].physicalLocation.artifactLocation.uri;

interface Place {
  physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } };
}

Deno.test("sarifReport() has all members that SARIF and GitHub require for every kind of finding", () => {
  const findings = allKinds.flatMap((one, i) => [
    toFinding(one, { severity: "error", file: `a/${i}.ts`, line: i + 1, message: "Wrong." }),
    toFinding(one, { severity: "info", message: "So it is." }),
  ]);
  const log = JSON.parse(sarifReport({ findings }, allKinds));
  assertEquals([log.version, log.runs.length], ["2.1.0", 1]);
  const { tool: { driver }, results } = log.runs[0];
  assertEquals([driver.name, results.length], ["edge-auth doctor", findings.length]);
  assertEquals(driver.rules.map(({ id }: { id: string }) => id), allKinds.map(({ id }) => id));
  for (const { id, shortDescription, fullDescription, help } of driver.rules) {
    assert(id.length <= 255, id);
    for (const { text } of [shortDescription, fullDescription, help]) assert(text.length > 0, id);
    for (const { text } of [shortDescription, fullDescription]) assert(text.length <= 1024, id);
  }
  for (const result of results) {
    assertEquals(driver.rules[result.ruleIndex].id, result.ruleId);
    assertMatch(result.level, /^(?:error|warning|note)$/);
    assert(result.message.text.length > 0);
    assertEquals(result.locations.length, 1); // without one, GitHub refuses the whole report
    const [{ physicalLocation: { artifactLocation, region } }] = result.locations;
    assertMatch(artifactLocation.uri, /^[^/\\:]+(?:\/[^/\\:]+)*$/); // relative, below the root
    assertEquals(artifactLocation.uriBaseId, "%SRCROOT%");
    assert(Number.isInteger(region.startLine) && region.startLine >= 1);
  }
});

Deno.test("sarifReport() lists no rule and no result when nothing was found", () => {
  const { runs: [run] } = JSON.parse(sarifReport({ findings: [] }, allKinds));
  assertEquals([run.tool.driver.rules, run.results], [[], []]);
});

Deno.test("sarifReport() writes paths as URIs from the root of the repository", () => {
  const files = ["app/[id]/page.tsx", "c#/a b?.ts", "a:b.ts"];
  assertEquals(resultsOf(files.map((one) => at(one, 1)), "apps/web").map(uriOf), [
    "apps/web/app/%5Bid%5D/page.tsx",
    "apps/web/c%23/a%20b%3F.ts",
    "apps/web/a%3Ab.ts",
  ]);
  assertEquals(resultsOf([at(null, null)], "apps/web").map(uriOf), ["apps/web"]);
});

Deno.test("sarifReport() gives a finding the same fingerprint when its line moves, and no other", () => {
  const [before, moved, other] = resultsOf([at("a.ts", 3), at("a.ts", 9), at("b.ts", 3)])
    .map((one: { partialFingerprints: Record<string, string> }) =>
      JSON.stringify(one.partialFingerprints)
    );
  assertEquals(moved, before);
  assertNotEquals(other, before);
});

Deno.test("sarifReport() has the further places of a finding as related locations", () => {
  const file = "supabase/functions/a/index.ts";
  const [result] = resultsOf(mergeFunctions([at(file, 2), at(file, 7)]));
  const [related] = result.relatedLocations;
  assertEquals([related.id, related.message.text], [0, "Wrong."]);
  assertEquals(related.physicalLocation.region.startLine, 7);
});

// What a terminal shows.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Finding, toFinding } from "../../../supabase/doctor/finding.ts";
import { textReport } from "../../../supabase/doctor/report.ts";

const kind = { id: "an-id", why: "Because ".repeat(30).trim(), fix: "Do this." };
const findings: Finding[] = [
  toFinding(kind, { severity: "error", file: "a.ts", line: 3, message: "Wrong." }),
  toFinding(kind, { severity: "info", message: "So it is.", fix: "Nothing." }),
];

Deno.test("textReport() groups by severity, names the place, and counts", () => {
  const lines = textReport(findings, false).split("\n");
  assertEquals(lines.slice(0, 4), ["Errors", "", "  an-id  a.ts:3", "    Wrong."]);
  assert(!lines.includes("Warnings"));
  const info = lines.indexOf("Good to know");
  assertEquals(lines.slice(info, info + 4), ["Good to know", "", "  an-id", "    So it is."]);
  assert(lines.includes("      fix  Nothing."));
  assertEquals(lines.at(-1), "1 error, 0 warnings, 1 good to know");
});

Deno.test("textReport() keeps lines short", () => {
  for (const line of textReport(findings, false).split("\n")) assert(line.length <= 100, line);
});

Deno.test("textReport() colours only where the terminal shows it", () => {
  // deno-lint-ignore no-control-regex
  const codes = /\x1b\[[0-9;]*m/g;
  assertMatch(textReport(findings, true), codes);
  assertEquals(textReport(findings, true).replaceAll(codes, ""), textReport(findings, false));
});

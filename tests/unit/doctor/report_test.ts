// What a terminal shows.
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  type Finding,
  mergeFunctions,
  mergeSame,
  toFinding,
} from "../../../supabase/doctor/finding.ts";
import { jsonReport, textReport } from "../../../supabase/doctor/report.ts";

const kind = { id: "an-id", why: "Because ".repeat(30).trim(), fix: "Do this." };
const findings: Finding[] = [
  toFinding(kind, { severity: "error", file: "a.ts", line: 3, message: "Wrong." }),
  toFinding(kind, { severity: "info", message: "So it is.", fix: "Nothing." }),
];

Deno.test("textReport() groups by severity, names the place, and counts", () => {
  const lines = textReport({ findings }, false).split("\n");
  assertEquals(lines.slice(0, 4), ["Errors", "", "  an-id  a.ts:3", "    Wrong."]);
  assert(!lines.includes("Warnings"));
  const info = lines.indexOf("Good to know");
  assertEquals(lines.slice(info, info + 4), ["Good to know", "", "  an-id", "    So it is."]);
  assert(lines.includes("      fix  Nothing."));
  assertEquals(lines.at(-1), "1 error, 0 warnings, 1 good to know");
});

Deno.test("textReport() keeps lines short", () => {
  for (const line of textReport({ findings }, false).split("\n")) assert(line.length <= 100, line);
});

Deno.test("textReport() colours only where the terminal shows it", () => {
  // deno-lint-ignore no-control-regex
  const codes = /\x1b\[[0-9;]*m/g;
  assertMatch(textReport({ findings }, true), codes);
  assertEquals(
    textReport({ findings }, true).replaceAll(codes, ""),
    textReport({ findings }, false),
  );
});

Deno.test("textReport() says reason and fix once when a finding has many places", () => {
  const many = ["a.ts", "b.ts", "c.ts"].map((file) =>
    toFinding(kind, { severity: "warning", file, line: 1, message: `In ${file}.` })
  );
  const text = textReport({ findings: many }, false);
  assertEquals(text.match(/fix {2}Do this\./g)?.length, 1);
  for (const { file } of many) assert(text.includes(`an-id  ${file}:1`));
});

/** Two places of one function, and one of a file that two functions run. */
const ofFunctions = mergeFunctions(mergeSame([
  ...[2, 7].map((line) =>
    toFinding(kind, {
      severity: "warning",
      file: "supabase/functions/a/index.ts",
      line,
      message: `In line ${line}.`,
    })
  ),
  ...["a", "b"].map((name) =>
    toFinding(kind, {
      severity: "warning",
      file: "supabase/functions/_shared/x.ts",
      line: 1,
      message: "Shared.",
      functions: [name],
    })
  ),
]));

Deno.test("mergeFunctions() keeps one finding per function, and all places and names", () => {
  const [own, shared, more] = JSON.parse(jsonReport({ findings: ofFunctions })).findings;
  assertEquals([own.line, own.places.length, own.places[0].line], [2, 1, 7]);
  assertEquals([shared.functions, more], [["a", "b"], undefined]);
});

Deno.test("textReport() names the further places and the functions of a finding", () => {
  const text = textReport({ findings: ofFunctions }, false);
  assertMatch(text, /In line 2\.\n {4}also supabase\/functions\/a\/index\.ts:7 {2}In line 7\./);
  assertMatch(text, /Shared\. \(a, b\)/);
  assertMatch(text, /^0 errors, 2 warnings/m);
});

Deno.test("textReport() says what was read and what could not be", () => {
  const read = {
    files: 2,
    bytes: 1_500_000,
    projects: ["supabase", "apps/a/supabase"],
    unreadable: ["a.ts"],
    skipped: [{ path: "big.js", reason: "It is too large." }],
    ignored: 1,
    known: 3,
  };
  const text = textReport({ findings: [], read }, false);
  assertMatch(text, /^Read 2 files \(1\.5 MB\); 2 projects: supabase, apps\/a\/supabase\.$/m);
  assertMatch(text, /^Could not read: a\.ts\.$/m);
  assertMatch(text, /^Left out: big\.js\.$/m);
  assertMatch(text, /^1 finding answered for by comments\.$/m);
  assertMatch(text, /^3 findings known by the baseline\.$/m);
});

Deno.test("jsonReport() holds every finding with its place", () => {
  const { findings: [first] } = JSON.parse(jsonReport({ findings }));
  assertEquals([first.id, first.file, first.line], ["an-id", "a.ts", 3]);
});

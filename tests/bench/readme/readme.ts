// deno task bench:readme [--from=<file>]: measures, or takes what `bench --json` printed, and writes
// tests/bench/chart.svg and the part of README.md between the markers.
import { FULL } from "../plan.ts";
import type { Result } from "../result.ts";
import { run } from "../run.ts";
import { chart } from "./chart.ts";
import { formatted } from "./formatted.ts";
import { replaceBetween } from "./markers.ts";
import { readmeSection } from "./section.ts";

const README = new URL("../../../README.md", import.meta.url);
const CHART = new URL("../chart.svg", import.meta.url);

async function measure(): Promise<Result> {
  const from = Deno.args.find((arg) => arg.startsWith("--from="))?.slice("--from=".length);
  if (from === undefined) return await run(FULL, (line) => console.error(`... ${line}`));
  return JSON.parse(await Deno.readTextFile(from)) as Result;
}

try {
  replaceBetween(await Deno.readTextFile(README), ""); // better before the minutes than after them
  const result = await measure();
  if (result.quick) throw new Error("Numbers of a --quick run do not belong in README.md.");
  const section = await formatted(readmeSection(result), "md");
  const picture = await formatted(chart(result), "svg");
  // Read again: somebody may have written in it meanwhile.
  const page = replaceBetween(await Deno.readTextFile(README), section);
  await Deno.writeTextFile(CHART, picture);
  await Deno.writeTextFile(README, page);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}
Deno.exit(0);

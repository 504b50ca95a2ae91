// deno task bench [--quick] [--json]
import { FULL, QUICK } from "./plan.ts";
import { run } from "./run.ts";
import { textReport } from "./text_report.ts";

const quick = Deno.args.includes("--quick");
const result = await run(quick ? QUICK : FULL, (line) => console.error(`... ${line}`));
console.log(Deno.args.includes("--json") ? JSON.stringify(result) : textReport(result));
// Workers have gone; a kept-alive connection of ours need not hold the end up.
Deno.exit(0);

// deno task bench [--quick] [--json] [--let-sleep]
import { FULL, QUICK } from "./plan.ts";
import { run } from "./run.ts";
import { textReport } from "./text_report.ts";

const quick = Deno.args.includes("--quick");
const tell = (line: string) => console.error(`... ${line}`);
const result = await run(quick ? QUICK : FULL, tell, !Deno.args.includes("--let-sleep"));
console.log(Deno.args.includes("--json") ? JSON.stringify(result) : textReport(result));
// Workers have gone; a kept-alive connection of ours need not hold the end up.
Deno.exit(0);

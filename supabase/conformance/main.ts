/** `deno task conformance`: the edge to the terminal. */

import { help, readCommand } from "./args.ts";
import { jsonReport, textReport } from "./report.ts";
import { exitCodeOf, tryFunction } from "./run.ts";

const command = readCommand(Deno.args, Deno.env.toObject());
if (command.kind === "help") console.log(help);
else if (command.kind === "wrong") {
  console.error(command.sentence);
  Deno.exit(2);
} else {
  const { functionUrl, authUrl } = command.target;
  console.error(`Trying ${functionUrl}, with Auth at ${authUrl}`);
  const report = await tryFunction(command.target);
  console.log(command.json ? jsonReport(report) : textReport(report));
  Deno.exit(exitCodeOf(report));
}

/** `deno task doctor`: the edge to the terminal. */

import { help, readArguments } from "./args.ts";
import { jsonReport, textReport } from "./report.ts";
import { runCommand, UsageError } from "./run.ts";
import { readToken } from "./token/read_token.ts";

/** Runs the command line; returns the exit code. */
async function main(): Promise<number> {
  const { json, command } = readArguments(Deno.args);
  if (command.kind === "wrong") {
    console.error(command.sentence);
    return 2;
  }
  if (command.kind === "help") {
    console.log(help);
    return 0;
  }
  try {
    const findings = await runCommand(command, { env: Deno.env.toObject(), readToken });
    const colour = Deno.stdout.isTerminal() && !Deno.noColor;
    console.log(json ? jsonReport(findings) : textReport(findings, colour));
    return findings.some((one) => one.severity === "error") ? 1 : 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return 2;
  }
}

Deno.exit(await main());

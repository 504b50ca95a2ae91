/** `deno task doctor`: the edge to the terminal. */

import { relative } from "node:path";
import { type FailOn, type Format, help, readArguments } from "./args.ts";
import { explain, page } from "./explain.ts";
import { allKinds } from "./registry.ts";
import { jsonReport, type Report, textReport } from "./report.ts";
import { runCommand, UsageError } from "./run.ts";
import { sarifReport } from "./sarif.ts";
import { readToken } from "./token/read_token.ts";

/** What a run ends with. */
const EXIT = { ok: 0, found: 1, usage: 2, failed: 3 } as const;

/** Runs the command line; returns the exit code. */
async function main(): Promise<number> {
  const { format, failOn, command } = readArguments(Deno.args);
  if (command.kind === "wrong") {
    console.error(command.sentence);
    return EXIT.usage;
  }
  if (command.kind === "help") {
    console.log(help);
    return EXIT.ok;
  }
  if (command.kind === "explain") {
    const text = explain(await Deno.readTextFile(page), command.id);
    if (text !== undefined) console.log(text);
    else console.error(`There is no such finding. There are:\n${idList()}`);
    return text === undefined ? EXIT.usage : EXIT.ok;
  }
  try {
    const report = await runCommand(command, {
      env: Deno.env.toObject(),
      readToken,
      begin: (what) => console.error(what),
      progress: progressOn(Deno.stderr),
    });
    const root = command.kind === "folder" ? relative(Deno.cwd(), command.folder) : "";
    await print(textOf(report, format, root.replaceAll("\\", "/")));
    return isFailure(report, failOn) ? EXIT.found : EXIT.ok;
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(error.message);
      return EXIT.usage;
    }
    console.error("The doctor itself failed; this says nothing about the project.");
    console.error(error);
    return EXIT.failed;
  }
}

/** @param root The folder that was read, as seen from the one that the doctor was started in. */
function textOf(report: Report, format: Format, root: string): string {
  switch (format) {
    case "json":
      return jsonReport(report);
    case "sarif":
      return sarifReport(report, allKinds, root.startsWith("..") ? "" : root);
    case "text":
      return textReport(report, Deno.stdout.isTerminal() && !Deno.noColor);
  }
}

/** Writes all of it: what is longer than a pipe holds would be cut off by the end of the process. */
async function print(text: string): Promise<void> {
  let bytes = new TextEncoder().encode(`${text}\n`);
  while (bytes.length > 0) bytes = bytes.subarray(await Deno.stdout.write(bytes));
}

function isFailure({ findings }: Report, failOn: FailOn): boolean {
  return findings.some(({ severity }) =>
    severity === "error" || (severity === failOn && failOn === "warning")
  );
}

function idList(): string {
  return allKinds.map(({ id }) => `  ${id}`).join("\n");
}

/** Says on long runs how far it is: often on a terminal, seldom in a log. */
function progressOn(stderr: typeof Deno.stderr): (done: number, all: number) => void {
  const isTerminal = stderr.isTerminal();
  const every = isTerminal ? 500 : 10_000;
  let last = performance.now();
  return (done, all) => {
    const now = performance.now();
    if (now - last < every) return;
    last = now;
    const text = `${done} of ${all} source files`;
    stderr.writeSync(new TextEncoder().encode(isTerminal ? `\r${text}\x1b[K\r` : `${text}\n`));
  };
}

Deno.exit(await main());

/** `deno task doctor`: the edge to the terminal. */

import { help, readArguments } from "./args.ts";
import { readFolder } from "./files.ts";
import { type Finding, runChecks } from "./finding.ts";
import { readProject } from "./project/project.ts";
import { projectChecks } from "./registry.ts";
import { jsonReport, textReport } from "./report.ts";

const { json, command } = readArguments(Deno.args);
const findings: Finding[] = [];
switch (command.kind) {
  case "help":
    console.log(help);
    Deno.exit(0);
    break;
  case "wrong":
    console.error(command.sentence);
    Deno.exit(2);
    break;
  case "folder": {
    const { folder, sessions } = command;
    const isFolder = await Deno.stat(folder).then((one) => one.isDirectory, () => false);
    if (!isFolder) {
      console.error(`There is no folder ${folder}.`);
      Deno.exit(2);
    }
    findings.push(...runChecks(projectChecks, readProject(await readFolder(folder), sessions)));
    break;
  }
}
console.log(
  json ? jsonReport(findings) : textReport(findings, Deno.stdout.isTerminal() && !Deno.noColor),
);
Deno.exit(findings.some((one) => one.severity === "error") ? 1 : 0);

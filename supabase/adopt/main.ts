/** `deno task adopt`: the edge to the terminal. */

import { fileURLToPath } from "node:url";
import { resolve } from "node:path";
import { findProject, ProjectError } from "../local/project.ts";
import { help, type Mode, readCommand, type RunCommand } from "./args.ts";
import { readPackageJson, readProject, readTexts, readTextsIfAny, writePlan } from "./files.ts";
import { createLibrary, type Library } from "./library.ts";
import { isCurrent, type Plan, planAdoption, planBrowser } from "./plan.ts";
import { describePlan, describeState, diffPlan, readToolVersions } from "./report.ts";
import { readJson } from "./edit_text.ts";

const ROOT = new URL("../../", import.meta.url);

/** deno task runs in this repository: a relative folder is meant from where it was called. */
const START = Deno.env.get("INIT_CWD") || Deno.cwd();

/** What this repository gives to a project. */
async function readLibrary(): Promise<Library> {
  const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));
  const { version } = readJson(await read("deno.json")) as { version: string };
  const { imports } = readJson(await read("import_map.json")) as {
    imports: Record<string, string>;
  };
  const shared = await readTexts(fileURLToPath(new URL("shared", ROOT)));
  const me = new Map<string, string>();
  for (const name of ["index.ts", "index_test.ts"]) {
    me.set(name, await read(`functions/me/${name}`));
  }
  return createLibrary({
    version,
    imports,
    shared: new Map([...shared, ["LICENSE", await read("LICENSE")]]),
    me,
  });
}

/** A plan, and how to carry it out. */
interface Task {
  readonly plan: Plan;
  write(): Promise<void>;
}

async function adoptProject(project: string, library: Library): Promise<Task> {
  const folder = await findProject(project, START);
  const plan = planAdoption(await readProject(folder), library);
  return { plan, write: () => writePlan(folder, plan) };
}

async function adoptBrowser(browser: string, library: Library): Promise<Task> {
  const folder = resolve(START, browser);
  const existing = await readTextsIfAny(folder);
  const plan = planBrowser(browser, existing, await readPackageJson(folder), library);
  return { plan, write: () => writePlan(folder, plan, folder) };
}

async function carryOut({ plan, write }: Task, mode: Mode): Promise<number> {
  if (mode === "check") {
    console.log(describeState(plan));
    return isCurrent(plan) ? 0 : 1;
  }
  const tools = readToolVersions(await Deno.readTextFile(new URL(".tool-versions", ROOT)));
  if (mode === "dry-run") {
    const diff = diffPlan(plan);
    console.log(`${diff === "" ? "" : `${diff}\n`}${describePlan(plan, "planned", tools)}`);
  } else {
    await write();
    console.log(describePlan(plan, "done", tools));
  }
  return plan.copy.conflicts.length > 0 ? 1 : 0;
}

async function run({ project, browser, mode }: RunCommand): Promise<number> {
  const library = await readLibrary();
  const codes: number[] = [];
  if (project !== undefined) codes.push(await carryOut(await adoptProject(project, library), mode));
  if (browser !== undefined) codes.push(await carryOut(await adoptBrowser(browser, library), mode));
  return Math.max(...codes);
}

/** Runs the command line; returns the exit code. */
async function main(): Promise<number> {
  const command = readCommand(Deno.args);
  if (command.kind === "help") {
    console.log(help);
    return 0;
  }
  try {
    if (command.kind === "run") return await run(command);
    console.error(command.sentence);
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    console.error(error.message);
  }
  return 2;
}

Deno.exit(await main());

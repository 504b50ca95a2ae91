/** `deno task adopt`: the edge to the terminal. */

import { fileURLToPath } from "node:url";
import { help, type Mode, readCommand } from "./args.ts";
import { readProject, readTexts, writePlan } from "./files.ts";
import { ProjectError } from "./layout.ts";
import { createLibrary, type Library } from "./library.ts";
import { isCurrent, planAdoption } from "./plan.ts";
import { describePlan, describeState, diffPlan } from "./report.ts";
import { readJson } from "./edit_text.ts";

const ROOT = new URL("../../", import.meta.url);

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

async function run(project: string, mode: Mode): Promise<number> {
  // deno task runs in this repository: a relative folder is meant from where it was called.
  const folder = /^(?:\/|[A-Za-z]:)/.test(project)
    ? project
    : `${Deno.env.get("INIT_CWD") || Deno.cwd()}/${project}`;
  const plan = planAdoption(await readProject(folder), await readLibrary());
  if (mode === "check") {
    console.log(describeState(plan));
    return isCurrent(plan) ? 0 : 1;
  }
  if (mode === "dry-run") {
    const diff = diffPlan(plan);
    console.log(`${diff === "" ? "" : `${diff}\n`}${describePlan(plan, "planned")}`);
  } else {
    await writePlan(folder, plan);
    console.log(describePlan(plan, "done"));
  }
  return plan.copy.conflicts.length > 0 ? 1 : 0;
}

/** Runs the command line; returns the exit code. */
async function main(): Promise<number> {
  const command = readCommand(Deno.args);
  if (command.kind === "help") {
    console.log(help);
    return 0;
  }
  try {
    if (command.kind === "run") return await run(command.project, command.mode);
    console.error(command.sentence);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      console.error(`There is no folder ${command.kind === "run" ? command.project : ""}.`);
    } else if (error instanceof ProjectError) console.error(error.message);
    else throw error;
  }
  return 2;
}

Deno.exit(await main());

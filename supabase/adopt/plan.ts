import { type CopyPlan, planCopy } from "./copy.ts";
import { addJsonMembers, addVerifyJwt, isObject, readJson, readToml } from "./edit_text.ts";
import {
  CONFIG,
  type Layout,
  type ProjectFiles,
  type ProjectFunction,
  readLayout,
  SHARED_IMPORT_MAP,
} from "./layout.ts";
import type { Library } from "./library.ts";
import { relative } from "./paths.ts";

/** A file of the project to write. */
export interface Edit {
  readonly path: string;
  /** `null`: the file is new. */
  readonly before: string | null;
  readonly after: string;
}

/** What adopting edge-auth changes in a project. */
export interface Plan {
  /** The version of edge-auth that the project gets. */
  readonly version: string;
  /** The folder of the copy. */
  readonly folder: string;
  readonly copy: CopyPlan;
  /** Changes of the project's own files, and its first function. */
  readonly edits: readonly Edit[];
  /** What was not done, each with what to do instead. */
  readonly notDone: readonly string[];
  /** The first function, where the project had none that uses edge-auth. */
  readonly first: FirstFunctionPlan | null;
  /** The project's own functions that do not import edge-auth, by name. */
  readonly withoutLibrary: readonly string[];
}

/** The first function of a project. */
export interface FirstFunctionPlan {
  readonly name: string;
  /** Its folder, with its test in it. */
  readonly folder: string;
  readonly importMap: string;
}

const REASON = [
  "edge-auth answers instead of the gateway, which does not ask whether the session is alive, and",
  "whose refusals have another shape, without the CORS headers that you configured.",
];

/**
 * Plans what a project needs to use edge-auth: the copy, the import entries and `verify_jwt = false`
 * of the functions that use it, and a first function if none does. Of what is there, nothing is
 * overwritten. For a project that has it all, the plan is empty.
 *
 * @param files The project's files.
 * @param library What it gets.
 * @returns The changes, to be written or shown.
 * @throws {ProjectError} It is no project that edge-auth can be added to.
 */
export function planAdoption(files: ProjectFiles, library: Library): Plan {
  const layout = readLayout(files);
  const prefix = `${layout.copy}/`;
  const existing = new Map(
    [...files].filter(([path]) => path.startsWith(prefix))
      .map(([path, text]) => [path.slice(prefix.length), text]),
  );
  const copy = planCopy(library.version, library.files, existing);
  const edits = new Edits(files);
  const notDone: string[] = [];

  const users = layout.functions.filter(({ use }) => use !== "none");
  for (const user of users) {
    const optional = user.imported.map((path) => library.optionalImports.get(path));
    addImports(user, Object.assign({}, library.imports, ...optional), edits, notDone);
    openGateway(user, layout, edits, notDone);
  }
  if (layout.notNamed.length > 0) {
    notDone.push(
      `functions/ beside supabase/ has ${
        layout.notNamed.join(", ")
      }, which the CLI does not find and ` +
        `which was not looked at. Name each as entrypoint below [functions.<name>] of ${CONFIG}, as ` +
        `"../functions/${layout.notNamed[0]}/index.ts", then run this again.`,
    );
  }
  const first = users.length === 0 ? addFirstFunction(layout, library, edits, notDone) : null;
  const { version } = library;
  const withoutLibrary = layout.functions.filter(({ use }) => use === "none")
    .map(({ name }) => name);
  return {
    version,
    folder: layout.copy,
    copy,
    edits: edits.list(),
    notDone,
    first,
    withoutLibrary,
  };
}

/**
 * Plans what an app needs of the browser part: the copy alone.
 *
 * @param folder The folder that gets it, for messages.
 * @param existing The files that are in it, by their paths.
 * @param packageJson The text of the package.json that the app uses; `undefined` where there is none.
 * @param library What it gets.
 * @returns The changes, whose paths are relative to the folder.
 */
export function planBrowser(
  folder: string,
  existing: ProjectFiles,
  packageJson: string | undefined,
  library: Library,
): Plan {
  const { version, browser } = library;
  const copy = planCopy(version, browser, existing);
  const value = readJson(packageJson ?? "");
  const dependencies = isObject(value) && isObject(value.dependencies) ? value.dependencies : {};
  const notDone = packageJson === undefined || SUPABASE_JS in dependencies ? [] : [
    `The app's package.json does not have ${SUPABASE_JS}. Run: npm install ${SUPABASE_JS}`,
  ];
  return { version, folder, copy, edits: [], notDone, first: null, withoutLibrary: [] };
}

/** What the browser part needs. */
const SUPABASE_JS = "@supabase/supabase-js";

/** Whether there is nothing to do, and nothing that somebody has to look at. */
export function isCurrent({ copy, edits }: Plan): boolean {
  return copy.writes.size === 0 && copy.changedByHand.length === 0 && edits.length === 0;
}

/** The files of a project with changes on top. */
class Edits {
  readonly #before: ProjectFiles;
  readonly #after = new Map<string, string>();

  constructor(files: ProjectFiles) {
    this.#before = files;
  }

  get(path: string): string | undefined {
    return this.#after.get(path) ?? this.#before.get(path);
  }

  set(path: string, text: string): void {
    this.#after.set(path, text);
  }

  list(): Edit[] {
    return [...this.#after].map(([path, after]) => ({
      path,
      before: this.#before.get(path) ?? null,
      after,
    })).filter(({ before, after }) => before !== after);
  }
}

function addImports(
  { name, folder, importMap }: ProjectFunction,
  imports: Library["imports"],
  edits: Edits,
  notDone: string[],
): void {
  const path = importMap ?? `${folder}/deno.json`;
  const text = edits.get(path);
  if (text === undefined) {
    if (importMap === undefined) edits.set(path, denoJson(imports));
    else {notDone.push(
        `${path}, the import map of ${name}, is not in this folder. It needs: ${list(imports)}`,
      );}
    return;
  }
  const value = readJson(text);
  const there = isObject(value) && isObject(value.imports) ? value.imports : {};
  const wanted = { ...imports };
  for (const [key, target] of Object.entries(imports)) {
    const own = there[key];
    if (own === undefined || own === wanted[key]) continue;
    notDone.push(
      `${path} has "${key}": ${JSON.stringify(own)}, which was left as it is. ` +
        `edge-auth is tested with ${JSON.stringify(target)}.`,
    );
    // So that the project does not get two versions of one package.
    if (typeof own === "string" && `${key}/` in wanted && own.startsWith("npm:")) {
      wanted[`${key}/`] = `npm:/${own.slice("npm:".length)}/`;
    }
  }
  const edited = addJsonMembers(text, "imports", wanted);
  if ("text" in edited) edits.set(path, edited.text);
  else notDone.push(`${path}: ${edited.problem}. Add to its imports: ${list(imports)}`);
}

function openGateway(
  { name, use, verifyJwt, missingEntrypoint }: ProjectFunction,
  { config }: Layout,
  edits: Edits,
  notDone: string[],
): void {
  const setting = `verify_jwt = false below [functions.${name}]`;
  if (use === "imports") {
    if (verifyJwt !== false) {
      notDone.push(
        `${name} imports edge-auth without edgeFunction(), auth() or webhook(), so the gateway goes ` +
          `on checking its callers. Once it uses one of them, set ${setting}.`,
      );
    }
    return;
  }
  if (verifyJwt === true) {
    notDone.push(
      `${CONFIG} says verify_jwt = true for ${name}, which was left as it is. Set ${setting}: ` +
        `the gateway refuses callers in another shape, before edge-auth can answer.`,
    );
  } else if (verifyJwt === undefined) {
    const settings = missingEntrypoint === undefined ? {} : { entrypoint: missingEntrypoint };
    const edited = addVerifyJwt(edits.get(CONFIG) ?? "", name, REASON, settings);
    if ("text" in edited) edits.set(CONFIG, edited.text);
    else notDone.push(`${CONFIG}: ${edited.problem}. Write ${setting}.`);
  }
  if (missingEntrypoint !== undefined && !isNamed(edits.get(CONFIG), name)) {
    notDone.push(
      `The CLI does not find ${name}, as it has no index.ts. Set ` +
        `entrypoint = ${JSON.stringify(missingEntrypoint)} below [functions.${name}] of ${CONFIG}.`,
    );
  }
  const remotes = isObject(config?.remotes) ? config.remotes : {};
  for (const [remote, settings] of Object.entries(remotes)) {
    const functions = isObject(settings) ? settings.functions : undefined;
    const own = isObject(functions) ? functions[name] : undefined;
    if (!isObject(own) || own.verify_jwt !== true) continue;
    notDone.push(
      `${CONFIG} says verify_jwt = true below [remotes.${remote}.functions.${name}], which was left ` +
        `as it is. Set it to false.`,
    );
  }
}

/** Whether config.toml has an entrypoint of a function. */
function isNamed(config: string | undefined, name: string): boolean {
  const functions = readToml(config ?? "")?.functions;
  const settings = isObject(functions) ? functions[name] : undefined;
  return isObject(settings) && typeof settings.entrypoint === "string";
}

function addFirstFunction(
  layout: Layout,
  { imports, firstFunction: { name, files } }: Library,
  edits: Edits,
  notDone: string[],
): FirstFunctionPlan | null {
  const folder = `${layout.folder}/${name}`;
  if (layout.functions.some((one) => one.name === name) || edits.get(`${folder}/index.ts`)) {
    notDone.push(
      `No function uses edge-auth yet, and ${folder} is a function of your own. ` +
        `Import ../_shared/edge-auth/mod.ts in a function, then run this again.`,
    );
    return null;
  }
  const map = sharedImportMap(layout, edits);
  const configMap = map === undefined || map === SHARED_IMPORT_MAP ? undefined : map;
  const edited = addVerifyJwt(edits.get(CONFIG) ?? "", name, REASON, {
    ...(layout.folder === "functions" && {
      entrypoint: relative("supabase", `${folder}/index.ts`),
    }),
    ...(configMap !== undefined && { import_map: relative("supabase", configMap) }),
  });
  if (!("text" in edited)) {
    notDone.push(`${CONFIG}: ${edited.problem}. No first function was made.`);
    return null;
  }
  edits.set(CONFIG, edited.text);
  for (const [path, text] of files) edits.set(`${folder}/${path}`, text);
  const me: ProjectFunction = {
    name,
    folder,
    missingEntrypoint: undefined,
    use: "guards",
    imported: ["mod.ts"],
    importMap: map,
    verifyJwt: false,
  };
  addImports(me, imports, edits, notDone);
  return { name, folder, importMap: map ?? `${folder}/deno.json` };
}

/** The import map that the functions of a project share; with one each, a new one gets its own. */
function sharedImportMap({ functions }: Layout, edits: Edits): string | undefined {
  if (edits.get(SHARED_IMPORT_MAP) !== undefined) return SHARED_IMPORT_MAP;
  const maps = new Set(functions.map(({ importMap }) => importMap));
  const [map] = maps;
  const isOwn = functions.some(({ folder, importMap }) => importMap?.startsWith(`${folder}/`));
  return maps.size === 1 && !isOwn ? map : undefined;
}

function denoJson(imports: Readonly<Record<string, string>>): string {
  return `${JSON.stringify({ imports }, null, 2)}\n`;
}

function list(imports: Readonly<Record<string, string>>): string {
  return Object.entries(imports).map(([key, target]) => `"${key}": "${target}"`).join(", ");
}

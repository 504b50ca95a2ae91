/** Commands of the project that deploy its functions: what they say of `verify_jwt` wins. */

import { parse } from "@std/yaml";
import { type JsonFile, member } from "./json_file.ts";
import { folderOf } from "./paths.ts";
import { commandsOf, type Word } from "./shell.ts";

/** A `supabase functions deploy` in a script, a Makefile, a justfile, a workflow or package.json. */
export interface Deployment {
  readonly file: string;
  /** That of its `--no-verify-jwt`, or of the command. */
  readonly line: number;
  /** The functions it names; `all` where it names none, `unknown` where variables do. */
  readonly names: readonly string[] | "all" | "unknown";
  /**
   * `off` with `--no-verify-jwt`, `config` where config.toml decides, `unknown` where a variable
   * may hold the flag.
   */
  readonly verifyJwt: "off" | "config" | "unknown";
  /** Whether the commands of its file run one after the other; targets and scripts run alone. */
  readonly isInOrder: boolean;
  /** All words of its file, where a variable names the functions. */
  readonly mentions: ReadonlySet<string>;
}

/** What decides whether the gateway checks a JWT, if it is not config.toml. */
export interface NoVerifyJwt {
  readonly file: string;
  readonly line: number;
  /** Whether the flag holds: every command that deploys the function has it. */
  readonly isCertain: boolean;
}

const WORKFLOW = /(?:^|\/)\.github\/(?:workflows|actions)\/.+\.ya?ml$/;
const TARGETS = /(?:^|\/)(?:(?:GNU)?[Mm]akefile|\.?[Jj]ustfile)$|\.(?:mk|just)$/;
const SCRIPT = /\.(?:sh|bash|zsh|bat|cmd|ps1)$/;

/** Whether a file may hold commands that deploy functions. */
export function mayDeploy(path: string): boolean {
  return WORKFLOW.test(path) || TARGETS.test(path) || SCRIPT.test(path);
}

/**
 * The deployments of a file.
 *
 * @param path One that {@linkcode mayDeploy}.
 * @throws {SyntaxError} It is a workflow, and no YAML.
 */
export function readDeployments(path: string, text: string): Deployment[] {
  if (!/functions\s+deploy/.test(text)) return [];
  const isInOrder = !TARGETS.test(path);
  const scripts = WORKFLOW.test(path)
    ? stepsOf(text)
    // A single quote is none in a batch file.
    : [{ text: /\.(?:bat|cmd)$/.test(path) ? text.replaceAll("'", " ") : text, line: 1 }];
  return deploymentsIn(
    scripts.flatMap((one) => commandsOf(one.text, one.line)),
    { file: path, isInOrder },
    text,
  );
}

/** The deployments that the scripts of a package.json or the tasks of a deno.json make. */
export function deploymentsOfJson({ path, value, lineOf }: JsonFile): Deployment[] {
  const found: Deployment[] = [];
  for (const group of ["scripts", "tasks"]) {
    for (const [name, task] of Object.entries(member(value, group) ?? {})) {
      const command = typeof task === "string" ? task : member(task, "command");
      if (typeof command !== "string" || !/functions\s+deploy/.test(command)) continue;
      // A line break within a script is an escaped one: all of it stands in one line.
      const line = lineOf([group, name]);
      const words = commandsOf(command).map((one) => one.map((word) => ({ ...word, line })));
      found.push(...deploymentsIn(words, { file: path, isInOrder: false }, command));
    }
  }
  return found;
}

function deploymentsIn(
  commands: readonly Word[][],
  { file, isInOrder }: Pick<Deployment, "file" | "isInOrder">,
  text: string,
): Deployment[] {
  const hasFlag = commands.flat().some((one) => /(?:^|=)--no-verify-jwt$/.test(one.text));
  return commands.flatMap((words) => {
    const found = deployment(words, hasFlag);
    if (found === undefined) return [];
    const mentions = new Set(found.names === "unknown" ? text.match(/[A-Za-z][\w-]*/g) : []);
    return [{ file, isInOrder, mentions, ...found }];
  });
}

/** Flags that take the next word. */
const VALUED = /^(?:--(?:project-ref|import-map|jobs|workdir|profile|output|network-id)|-[jo])$/;
/** What shows a command, and does not run it. */
const PRINTS = /^(?:[@-]?(?:echo|printf|print|Write-\w+)|rem|::)$/i;
const SLUG = /^[A-Za-z][\w-]*$/;

/** Reads a command, if it deploys functions. */
function deployment(
  words: readonly Word[],
  hasFlag: boolean,
): Pick<Deployment, "line" | "names" | "verifyJwt"> | undefined {
  const at = words.findIndex(({ text }, i) =>
    text === "functions" && words[i + 1]?.text === "deploy"
  );
  const before = words.slice(0, Math.max(at, 0)).map(({ text }) => text);
  // A variable may hold the CLI's path; the flag is of no other tool.
  const isOfSupabase = before.some((text) => /supabase/i.test(text)) ||
    words.some(({ text }) => text === "--no-verify-jwt");
  if (at < 1 || !isOfSupabase || before.some((text) => PRINTS.test(text))) return undefined;
  const names: string[] = [];
  let hasVariable = false;
  let flag: Word | undefined;
  for (let i = at + 2; i < words.length; i++) {
    const word = words[i]!;
    if (VALUED.test(word.text)) i++;
    else if (/^--no-verify-jwt(?:=true)?$/.test(word.text)) flag = word;
    else if (word.isVariable) hasVariable ||= !word.text.startsWith("-");
    else if (SLUG.test(word.text)) names.push(word.text);
  }
  return {
    line: (flag ?? words[at]!).line,
    names: names.length > 0 ? names : hasVariable ? "unknown" : "all",
    verifyJwt: flag !== undefined ? "off" : hasVariable && hasFlag ? "unknown" : "config",
  };
}

/** The scripts that the steps of a workflow run, and where each begins. */
function stepsOf(workflow: string): { text: string; line: number }[] {
  const lines = workflow.split("\n");
  const found: { text: string; line: number }[] = [];
  let next = 0; // the line behind the one in which the last script began
  const look = (value: unknown) => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, one] of Object.entries(value)) {
      if (key !== "run" || typeof one !== "string") look(one);
      else {
        const first = one.split("\n", 1)[0]!.trim();
        const at = lines.findIndex((line, i) => i >= next && line.includes(first));
        // The first line of a folded script is a part of what it folds to.
        const folded = lines.findIndex((line, i) => {
          const bare = line.trim();
          return i >= next && bare.length > 3 && first.startsWith(bare);
        });
        next = Math.max(at < 0 ? folded : at, next) + 1;
        found.push({ text: one, line: next });
      }
    }
  };
  look(parse(workflow));
  return found;
}

/**
 * The deployments that are of one project: those in files beside its folder `supabase/` or below, as
 * long as no other project is nearer. A project that is alone has them all.
 *
 * @param folder The folder `supabase/` of the project.
 * @param folders Those of all projects.
 */
export function deploymentsOf(
  folder: string,
  folders: readonly string[],
  deployments: readonly Deployment[],
): Deployment[] {
  if (folders.length === 1) return [...deployments];
  const roots = folders.map(folderOf);
  return deployments.filter(({ file }) => {
    const at = folderOf(file.replace(/(^|\/)\.github\/.*/, "$1x"));
    const above = roots.filter((root) => root === "" || `${at}/`.startsWith(`${root}/`));
    return above.sort((a, b) => b.length - a.length)[0] === folderOf(folder);
  });
}

/**
 * Whether a function is deployed with `--no-verify-jwt`: certainly where every command that deploys
 * it has the flag, perhaps where some do or variables decide.
 *
 * @param names All functions of the project.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const all = readDeployments("a.sh", "supabase functions deploy a --no-verify-jwt");
 * assertEquals(noVerifyJwt("a", ["a", "b"], all), { file: "a.sh", line: 1, isCertain: true });
 * assertEquals(noVerifyJwt("b", ["a", "b"], all), undefined);
 * ```
 */
export function noVerifyJwt(
  name: string,
  names: readonly string[],
  deployments: readonly Deployment[],
): NoVerifyJwt | undefined {
  const isNamed = (one: Deployment) => Array.isArray(one.names) && one.names.includes(name);
  const deploys = deployments.filter((one) => {
    if (one.names === "all" || isNamed(one)) return true;
    // A variable may hold what its file mentions, or any name where it mentions none.
    return one.names === "unknown" &&
      (one.mentions.has(name) || !names.some((each) => one.mentions.has(each)));
  });
  // Behind a command for all, one that names the function decides.
  const decisive = deploys.filter((one, i) =>
    !(one.names === "all" && one.isInOrder &&
      deploys.slice(i).some((later) => later.file === one.file && isNamed(later)))
  );
  const flagged = decisive.find((one) => one.verifyJwt === "off") ??
    decisive.find((one) => one.verifyJwt === "unknown");
  if (flagged === undefined) return undefined;
  const { file, line } = flagged;
  const isCertain = decisive.every((one) => one.verifyJwt === "off" && one.names !== "unknown");
  return { file, line, isCertain };
}

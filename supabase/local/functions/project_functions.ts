/** The functions of a project, with their configuration as it is now. */

import { dirname, join, sep } from "node:path";
import { type ProjectConfig, readConfig } from "../config.ts";
import { ProjectError } from "../project.ts";
import { withPackageHint } from "./boot_hint.ts";
import type { FunctionPlaces, ServedFunction } from "./find.ts";
import { FunctionProcess } from "./function_process.ts";
import { FunctionWorker } from "./function_worker.ts";
import { toFileUrl } from "./paths.ts";
import type { FunctionRunner } from "./runner.ts";

/** What {@linkcode ProjectFunctions} is made of. */
export interface ProjectFunctionsOptions {
  /** The folder that holds `supabase/`. */
  readonly root: string;
  /**
   * Whether functions run in processes, with their own import maps. Otherwise they use this
   * repository's packages, run in workers, and may also lie in functions/ beside supabase/.
   */
  readonly inProcesses: boolean;
  readonly config: ProjectConfig;
  readonly log: (line: string) => void;
}

/** The functions of a project. */
export class ProjectFunctions {
  readonly #options: ProjectFunctionsOptions;
  readonly #supabase: string;
  #config: ProjectConfig;

  constructor(options: ProjectFunctionsOptions) {
    this.#options = options;
    this.#supabase = join(options.root, "supabase");
    this.#config = options.config;
  }

  /** Where they are. */
  places(): FunctionPlaces {
    const { root, inProcesses } = this.#options;
    const folders = [join(this.#supabase, "functions")];
    if (!inProcesses) folders.push(join(root, "functions"));
    return { folders, settings: this.#config.functions };
  }

  /** `[edge_runtime.secrets]` of config.toml. */
  get secrets(): ProjectConfig["secrets"] {
    return this.#config.secrets;
  }

  /** Starts one of them. */
  start(
    served: ServedFunction,
    env: Record<string, string>,
    log: (line: string) => void,
  ): FunctionRunner {
    return this.#options.inProcesses
      ? new FunctionProcess(served, env, log)
      : new FunctionWorker(served.name, toFileUrl(served.entry), env);
  }

  /** Adds to the reason why one of them did not start what to do about it. */
  explain({ entry, importMap }: ServedFunction, reason: string): string {
    if (!this.#options.inProcesses) return reason;
    try {
      const source = Deno.readTextFileSync(entry);
      return withPackageHint(reason, { entry, source, importMap }, this.#options.root);
    } catch { // the file has gone
      return reason;
    }
  }

  /** The folders that they are made of. */
  watched(): string[] {
    const { root, inProcesses } = this.#options;
    if (!inProcesses) return [join(root, "functions"), join(root, "shared")];
    const outside = [...this.#config.functions.values()]
      .flatMap(({ entry }) => entry === undefined ? [] : [dirname(entry)])
      .filter((folder) => !this.#isInSupabase(folder))
      // With what is beside the function; but the folder of the whole project has too much in it.
      .map((folder) => dirname(folder) === root ? folder : dirname(folder));
    return [...new Set([this.#supabase, ...outside])];
  }

  #isInSupabase(path: string): boolean {
    return path.startsWith(this.#supabase + sep);
  }

  /**
   * Reads config.toml again where it changed, and says what needs a restart of the stack.
   *
   * @returns Those of the paths that functions are made of.
   */
  async changed(paths: readonly string[]): Promise<readonly string[]> {
    if (!this.#options.inProcesses) return paths;
    const config = join(this.#supabase, "config.toml");
    const isNewConfig = paths.includes(config) && await this.#readAgain();
    if (paths.some((path) => path.endsWith(".sql") && this.#isInSupabase(path))) {
      this.#options.log("SQL files changed: restart to run them on an empty database");
    }
    const functions = join(this.#supabase, "functions") + sep;
    return paths.filter((path) =>
      path === config ? isNewConfig : !this.#isInSupabase(path) || path.startsWith(functions)
    );
  }

  /** Whether config.toml could be read. */
  async #readAgain(): Promise<boolean> {
    const { root, log } = this.#options;
    try {
      this.#config = await readConfig(root);
      log("config.toml changed: functions and secrets are read again, the rest after a restart");
      return true;
    } catch (error) {
      if (!(error instanceof ProjectError)) throw error;
      log(error.message);
      return false;
    }
  }
}

import { type ConfigFile, readConfig } from "./config_file.ts";
import { deploymentsOf, deploymentsOfJson, mayDeploy, readDeployments } from "./deployments.ts";
import { type EnvFile, isEnvFile, readEnvFile } from "./env_file.ts";
import { type EdgeFunction, findFunctions } from "./functions.ts";
import { type JsonFile, readJsonFile } from "./json_file.ts";
import { LOCK, Locks } from "./locks.ts";
import { edgeAuthFolders, type Modules } from "./modules.ts";
import { packagesOf, type PackageUse } from "./packages.ts";
import { folderOf, join } from "./paths.ts";
import { isSourceFile } from "./source_file.ts";
import { isTestPath } from "../source/runtime.ts";
import { attempt, type Files, Sources, type Unreadable } from "./sources.ts";

/** A Supabase project: one folder `supabase/`. */
export interface Project {
  /** The folder `supabase/` itself, relative to what was read. */
  readonly folder: string;
  /** `undefined` where there is no config.toml, or it cannot be read. */
  readonly config: ConfigFile | undefined;
  /** The settings of the local stack and of each remote. */
  readonly configs: readonly ConfigFile[];
  readonly functions: readonly EdgeFunction[];
  /** Signing keys that config.toml names, by path. */
  readonly signingKeys: ReadonlyMap<string, unknown>;
}

/** A folder, read once; every check looks at this and at nothing else. */
export interface Workspace extends Modules {
  readonly projects: readonly Project[];
  readonly envs: readonly EnvFile[];
  /** What each package.json names; what source imports is seen when it is read. */
  readonly packages: readonly PackageUse[];
  readonly manifests: readonly JsonFile[];
  readonly locks: Locks;
  readonly unreadable: readonly Unreadable[];
  /** Sessions that are alive at once behind one address, if somebody said. */
  readonly sessions?: number | undefined;
}

/** Whether the doctor reads a file at all. */
export function isOfInterest(path: string): boolean {
  if (/(?:^|\/)\.github\//.test(path)) return mayDeploy(path); // no source of the project's
  return mayDeploy(path) || isConfig(path) || isEnvFile(path) || isSourceFile(path) ||
    isJson(path) ||
    LOCK.test(path) || /signing_?keys?[\w-]*\.json$/.test(path);
}

const isConfig = (path: string) => /(?:^|\/)supabase\/config\.toml$/.test(path);
const isJson = (path: string) => /(?:^|\/)(?:package|deno|import_?map)\.jsonc?$/.test(path);

/**
 * Reads what a folder says about itself; its source is read when it is looked at.
 *
 * @param files The files, by paths that are relative and have slashes.
 * @param sessions Sessions alive at once behind one address, if known.
 */
export function readWorkspace(files: Files, sessions?: number): Workspace {
  const sources = new Sources(files);
  const { unreadable } = sources;
  const read = <T>(path: string, reader: (path: string, text: string) => T): T[] => {
    const found = attempt(path, unreadable, () => reader(path, files.read(path)));
    return found === undefined ? [] : [found];
  };
  const { paths } = files;
  const json = paths.filter(isJson).flatMap((path) => read(path, readJsonFile));
  const isManifest = ({ path }: JsonFile) => /(?:^|\/)package\.json$/.test(path);
  const maps = new Map(json.filter((one) => !isManifest(one)).map((one) => [one.path, one]));
  const folders = new Set([
    ...paths.filter(isConfig).map(folderOf),
    ...paths.flatMap((path) => /^(.*\bsupabase)\/functions\//.exec(path)?.[1] ?? [])
      .filter((path) => /(?:^|\/)supabase$/.test(path)),
  ]);
  for (const folder of folders) if (isTestPath(`${folder}/`)) folders.delete(folder); // fixtures
  const configs = new Map(
    [...folders].map((folder) => {
      const path = join(folder, "config.toml");
      return [folder, paths.includes(path) ? read(path, readConfig)[0] ?? [] : []];
    }),
  );
  const namedMaps = new Map(
    [...configs].flatMap(([folder, [config]]) =>
      Object.entries(config?.get("functions") ?? {}).flatMap(([name, settings]) => {
        const map: unknown = (settings as Record<string, unknown> | null)?.import_map;
        const entry: unknown = (settings as Record<string, unknown> | null)?.entrypoint;
        if (typeof map !== "string") return [];
        const at = typeof entry === "string"
          ? folderOf(join(folder, entry))
          : join(folder, `functions/${name}`);
        return [[at, join(folder, map)] as const];
      })
    ),
  );
  const deployments = [
    ...json.flatMap(deploymentsOfJson),
    ...paths.filter((path) => mayDeploy(path) && !isTestPath(path)).flatMap((path) =>
      read(path, readDeployments)
    ).flat(),
  ];
  const modules: Modules = { sources, maps, namedMaps, edgeAuth: edgeAuthFolders(paths) };
  return {
    ...modules,
    projects: [...folders].sort().map((folder) => {
      const found = configs.get(folder) ?? [];
      const keyPath = found[0]?.get("auth", "signing_keys_path");
      const key = typeof keyPath === "string" ? join(folder, keyPath) : "";
      return {
        folder,
        config: found[0],
        configs: found,
        functions: findFunctions(
          folder,
          found[0],
          modules,
          deploymentsOf(folder, [...folders], deployments),
        ),
        signingKeys: new Map(
          (paths.includes(key) ? read(key, readJsonFile) : []).map(({ path, value }) => [
            path,
            value,
          ]),
        ),
      };
    }),
    envs: paths.filter(isEnvFile).flatMap((path) => read(path, readEnvFile)),
    packages: json.filter(isManifest).flatMap(packagesOf),
    manifests: json.filter(isManifest),
    locks: new Locks(paths, (path) => read(path, (_, text) => text)[0]),
    unreadable,
    sessions,
  };
}

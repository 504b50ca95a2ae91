// The two Denos that are measured.
import { npmTool } from "../support/npm_tool.ts";
import { EDGE_DENO } from "../support/versions.ts";

const ROOT = new URL("../../", import.meta.url);

/** A Deno, ready to run modules of this repository without a download. */
export interface Runtime {
  readonly version: string;
  /** The command that runs a module, as on the platform: import map, no deno.json, no type check. */
  command(module: URL, args: readonly string[], env: Record<string, string>): Deno.Command;
}

/**
 * Prepares the running Deno and the one of the edge runtime, which npm installs if it is missing.
 *
 * @param folder Where to write lock files: each Deno has its own, so that no start has to resolve
 * versions, and Deno 2.1 cannot read a newer one's.
 * @param modules All that will be run.
 */
export async function prepareRuntimes(folder: string, modules: readonly URL[]): Promise<Runtime[]> {
  const wrapper = await npmTool("deno", EDGE_DENO);
  const edge = await output(wrapper, ["eval", "console.log(Deno.execPath())"], { cwd: folder });
  const info = JSON.parse(await output(Deno.execPath(), ["info", "--json"]));
  // A cache of its own: the old Deno must not write into the files of the new one.
  const edgeCache = { DENO_DIR: `${info.denoDir}/edge-runtime-${EDGE_DENO}` };
  return [
    await prepare(Deno.version.deno, Deno.execPath(), {}),
    await prepare(EDGE_DENO, edge.trim(), edgeCache),
  ];

  async function prepare(version: string, path: string, cache: Record<string, string>) {
    const options = [
      "--no-config",
      `--import-map=${new URL("import_map.json", ROOT).pathname}`,
      `--lock=${folder}/${version}.lock`,
    ];
    await output(path, ["cache", "--no-check", ...options, ...modules.map(String)], {
      // A newer Deno trusts the certificates of the machine on its own.
      env: { ...cache, DENO_TLS_CA_STORE: "mozilla,system" },
    });
    const run = ["run", "-A", "--no-check", "--no-code-cache", "--cached-only", ...options];
    return {
      version,
      command: (module: URL, args: readonly string[], env: Record<string, string>) =>
        new Deno.Command(path, {
          args: [...run, module.href, ...args],
          env: { ...env, ...cache },
          stdin: "piped",
          stdout: "piped",
          stderr: "inherit",
        }),
    };
  }
}

/** What a program prints. @throws {Error} It failed; its own words stand above. */
export async function output(
  program: string,
  args: readonly string[],
  options: Deno.CommandOptions = {},
): Promise<string> {
  const command = new Deno.Command(program, { ...options, args: [...args], stderr: "inherit" });
  const { success, stdout } = await command.output();
  if (!success) throw new Error(`${program} ${args[0]} failed`);
  return new TextDecoder().decode(stdout);
}

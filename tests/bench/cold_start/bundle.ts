// What a function is made of, package by package.

/** The code of a function. */
export interface Bundle {
  readonly bundle_kb: number;
  readonly packages: Readonly<Record<string, number>>;
}

/** Bundles a function in memory and weighs its parts, in kB (1,000 bytes). */
export async function bundleOf(module: URL): Promise<Bundle> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "deno", module.pathname],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`deno bundle failed for ${module.pathname}`);
  const bytes = new Map<string, number>();
  // The bundler writes the path of each module above it.
  const parts = new TextDecoder().decode(stdout).split(/^\/\/ (\S+\.[cm]?[jt]sx?)$/m);
  for (let i = 1; i < parts.length; i += 2) {
    const name = packageOf(parts[i] ?? "");
    bytes.set(name, (bytes.get(name) ?? 0) + (parts[i + 1]?.length ?? 0));
  }
  const sorted = [...bytes].sort(([, a], [, b]) => b - a);
  return {
    bundle_kb: stdout.length / 1000,
    packages: Object.fromEntries(sorted.map(([name, size]) => [name, size / 1000])),
  };
}

/** `zod` of a path in the cache, the first folder of one of ours. */
function packageOf(path: string): string {
  return /\/npm\/[^/]+\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? path.split("/")[0] ?? path;
}

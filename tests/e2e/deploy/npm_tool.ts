// Programs that come from npm. They are found first and started then, so that what npm prints is
// not mixed with what they print, and a process that is killed is the program and no wrapper of it.

/** The CLI that deploys; .github/workflows/ci.yml pins the same. */
export const SUPABASE_CLI = "3.1.0";

/** The Deno inside Supabase's edge runtime. */
export const EDGE_DENO = "2.1.4";

/** What a program printed, and how it ended. */
export interface Output {
  readonly code: number;
  readonly text: string;
}

/**
 * Runs a program to its end.
 *
 * @param program Its path or name.
 * @param options As for `Deno.Command`.
 * @returns Its exit code, and both its outputs.
 */
export async function run(program: string, options: Deno.CommandOptions): Promise<Output> {
  const { code, stdout, stderr } = await new Deno.Command(program, options).output();
  const text = new TextDecoder();
  return { code, text: text.decode(stdout) + text.decode(stderr) };
}

/**
 * The path of a program in an npm package, installed if it is not here yet.
 *
 * @param name The package, and the program in it.
 * @param version Exactly which.
 * @returns The path.
 * @throws {Error} npm could not install it: a test that needs it fails, it is never skipped.
 */
export async function npmTool(name: string, version: string): Promise<string> {
  const args = ["--yes", `--package=${name}@${version}`, "-c", `command -v ${name}`];
  const { code, stdout, stderr } = await npx(args).catch((cause) => {
    throw new Error(`npx is needed to run ${name}@${version}: install Node and npm`, { cause });
  });
  const path = new TextDecoder().decode(stdout).trim();
  if (code !== 0 || path === "") {
    const reason = new TextDecoder().decode(stderr).trim();
    throw new Error(`npx could not install ${name}@${version}, which this test needs:\n${reason}`);
  }
  return path;
}

async function npx(args: string[]): Promise<Deno.CommandOutput> {
  return await new Deno.Command("npx", { args }).output();
}

// Programs from npm. They are installed first and run by their path, so that npm's output does not
// mix with theirs, and killing the process kills the program instead of npm.

/** The exit code and the output of a program. */
export interface Output {
  readonly code: number;
  readonly stdout: string;
  /** Both its outputs: first stdout, then stderr. */
  readonly text: string;
}

/**
 * Runs a program to its end.
 *
 * @param program Its path or name.
 * @param options As for `Deno.Command`.
 * @returns Its exit code and its output.
 */
export async function run(program: string, options: Deno.CommandOptions): Promise<Output> {
  const output = await new Deno.Command(program, options).output();
  const decoder = new TextDecoder();
  const stdout = decoder.decode(output.stdout);
  return { code: output.code, stdout, text: stdout + decoder.decode(output.stderr) };
}

/**
 * Returns the path of a program in an npm package, and installs the package where it is missing.
 *
 * @param name The name of the package and of the program.
 * @param version Its exact version.
 * @returns The path.
 * @throws {Error} npm could not install it. The test then fails: it is never skipped.
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

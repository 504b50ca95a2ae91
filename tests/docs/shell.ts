/**
 * One bash for all the commands of a page, as a reader's terminal is one.
 *
 * @module
 */

/** What a block printed, and whether one of its commands failed. */
export interface ShellOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** The commands that failed, each with its exit code. */
  readonly failed: readonly string[];
}

/** A running bash. */
export class Shell implements AsyncDisposable {
  readonly #folder: string;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #count = 0;

  /**
   * @param options Where it starts, a folder for its own files, and its environment.
   */
  constructor(options: { cwd: string; scratch: string; env: Record<string, string> }) {
    this.#folder = options.scratch;
    this.#child = new Deno.Command("bash", {
      args: ["--norc", "--noprofile"],
      cwd: options.cwd,
      env: options.env,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    // `deno task test` sets it, and a reader's terminal has none: relative paths would be another's.
    void this.#write("unset INIT_CWD\n");
  }

  /**
   * Runs a block. Its variables and its folder are there for the next one.
   *
   * @param text The commands.
   */
  async run(text: string): Promise<ShellOutput> {
    const name = `${this.#folder}/block-${this.#count++}`;
    await Deno.writeTextFile(`${name}.sh`, text);
    await Deno.writeTextFile(`${name}.failed`, "");
    // Sourced, so that no command reads what is to be run next.
    await this.#write(
      `set -E -o pipefail; trap 'echo "$BASH_COMMAND: exit code $?" >> "${name}.failed"' ERR\n` +
        `source "${name}.sh" < /dev/null > "${name}.stdout" 2> "${name}.stderr"\n` +
        `trap - ERR; echo done\n`,
    );
    const { done } = await this.#lines.read();
    if (done) throw new Error(`bash ended while it ran:\n${text}`);
    const [stdout, stderr, failed] = await Promise.all(
      ["stdout", "stderr", "failed"].map((end) => Deno.readTextFile(`${name}.${end}`)),
    ) as [string, string, string];
    return { stdout, stderr, failed: failed.split("\n").filter((line) => line !== "") };
  }

  /** The folder in which it is. */
  async cwd(): Promise<string> {
    return (await this.run("pwd")).stdout.trim();
  }

  async #write(text: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {}); // it has ended
    await this.#lines.cancel();
    await this.#child.status;
  }
}

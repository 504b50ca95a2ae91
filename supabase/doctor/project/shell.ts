/** A word of a command. */
export interface Word {
  /** Without its quotes. */
  readonly text: string;
  /** From 1. */
  readonly line: number;
  /** Whether a part of it is known only when it runs: `$name`, `$(…)`, `{{ name }}`, `%NAME%`. */
  readonly isVariable: boolean;
}

/** What is known only when it runs, as sh, make, just, GitHub, cmd and PowerShell write it. */
const VARIABLE =
  /\$?\{\{[^]*?\}\}|\$\{[^}]*\}|\$\((?:[^()]|\([^()]*\))*\)|\$\$?[\w@*#?]+|%%?~?\w+%?|`[^`\n]*`/;
/** A line that goes on in the next, a here-document, a comment, an end, a gap, or a part of a word. */
const TOKEN = new RegExp(
  [
    /(?<joined>[\\`^]\r?\n)/,
    /(?<heredoc><<[-~]?[ \t]*(["']?)(?<mark>\w+)\2[^\n]*\n[^]*?^[ \t]*\k<mark>[ \t\r]*$)/,
    /(?<comment>(?<=^|[\s;|&()])#[^\n]*)/,
    /(?<end>[\n;|&()<>])/,
    /(?<gap>\s)/,
    /'(?<single>[^']*)'/,
    /"(?<double>(?:\\[^]|[^"\\])*)"/,
    new RegExp(`(?<variable>${VARIABLE.source})`),
    /(?<plain>[^])/,
  ].map(({ source }) => source).join("|"),
  "gm",
);

/**
 * Splits a script into commands and their words, as the shells of scripts, Makefiles, justfiles and
 * workflows do. Comments and here-documents are left out; what is piped, redirected or tied to
 * another by `&&` is a command of its own.
 *
 * @param line The line in which the script begins, from 1.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const [first, second] = commandsOf('cd app && deploy "$name" \\\n  --force # at night');
 * assertEquals(first!.map(({ text }) => text), ["cd", "app"]);
 * assertEquals(second!.map(({ line, isVariable }) => [line, isVariable]), [
 *   [1, false],
 *   [1, true],
 *   [2, false],
 * ]);
 * ```
 */
export function commandsOf(script: string, line = 1): Word[][] {
  const commands: Word[][] = [[]];
  let isOpen = false; // the last word, to which a part may be added
  for (const { 0: token, groups } of script.matchAll(TOKEN)) {
    const { end, heredoc, single, double, variable, plain } = groups!;
    const part = single ?? double ?? variable ?? plain;
    const command = commands.at(-1)!;
    if (part !== undefined) {
      const isVariable = variable !== undefined || VARIABLE.test(double ?? "");
      const word = isOpen ? command.pop()! : { text: "", line, isVariable: false };
      command.push({ ...word, text: word.text + part, isVariable: word.isVariable || isVariable });
    } else if (end !== undefined || heredoc !== undefined) commands.push([]);
    isOpen = part !== undefined;
    line += token.split("\n").length - 1;
  }
  return commands.filter((one) => one.length > 0);
}

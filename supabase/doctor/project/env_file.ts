/** One variable of an env file. */
export interface EnvVariable {
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

/** An env file of the project. */
export interface EnvFile {
  readonly path: string;
  readonly variables: readonly EnvVariable[];
}

const ASSIGNMENT =
  /^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.]*)[ \t]*=[ \t]*(?:"((?:\\[^]|[^"\\])*)"|'([^']*)'|([^\n]*))/gm;

/** Whether a file is read as environment by some tool; an example or a template is not. */
export function isEnvFile(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return /^\.env(?:\.[\w.-]+)?$/.test(name) && !/\.(?:example|sample|template|dist)$/.test(name);
}

/**
 * Reads an env file as dotenv does: quotes, `export`, comments.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { variables } = readEnvFile(".env", "# A=1\nB='x # y' # a comment\n");
 * assertEquals(variables, [{ name: "B", value: "x # y", line: 2 }]);
 * ```
 */
export function readEnvFile(path: string, text: string): EnvFile {
  const variables = [...text.matchAll(ASSIGNMENT)].map((match) => {
    const [, name = "", double, single, bare] = match;
    const value = double?.replaceAll("\\n", "\n") ?? single ??
      (bare ?? "").replace(/(?:^|\s)#.*$/, "").trim();
    return { name, value, line: text.slice(0, match.index).split("\n").length };
  });
  return { path, variables };
}

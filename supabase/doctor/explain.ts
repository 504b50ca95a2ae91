/** The page of causes, from which `--explain` takes its text. */

/** README.md, beside this file. */
export const page = new URL("./README.md", import.meta.url);

/**
 * The paragraph about one kind of finding, and the rows of the table of causes that lead to it.
 *
 * @param text The page.
 * @param id The finding.
 * @returns `undefined` for an id that the page does not have.
 */
export function explain(text: string, id: string): string | undefined {
  const section = text.split(/^### /m).slice(1).find((one) => one.split("\n")[0] === id);
  if (section === undefined) return undefined;
  const body = section.split(/^## /m)[0]!.trim();
  const rows = text.split("\n").filter((line) => line.startsWith("|") && line.includes(`(#${id})`))
    .map((line) => line.split("|").slice(1, -1).map((cell) => plain(cell.trim())));
  const causes = rows.map(([cause, who, how, fix]) =>
    `\n- ${cause}\n  who sees what: ${who}\n  how to tell:   ${how}\n  what helps:    ${fix}`
  );
  return plain(body) +
    (causes.length === 0 ? "" : `\n\nCauses that lead to it:\n${causes.join("\n")}`);
}

/** Without the marks of links. */
function plain(text: string): string {
  return text.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, "$1");
}

/**
 * The Markdown pages of the repository, and the fenced blocks in them.
 *
 * @module
 */

/** The root of this repository. */
export const ROOT = new URL("../../", import.meta.url);

/** A fenced block of a page. */
export interface Block {
  /** The page, relative to the root. */
  readonly page: string;
  /** The line of its first fence, from 1. */
  readonly line: number;
  /** The first word of the info string: `ts`, `sh`, `text`. */
  readonly language: string;
  /** Its text, with a newline at the end. */
  readonly text: string;
}

/** Folders that hold no page of ours. */
const IGNORED = new Set([".git", "node_modules", "coverage"]);

/**
 * Lists the pages of the repository.
 *
 * @returns Paths relative to the root, sorted.
 */
export async function listPages(): Promise<string[]> {
  const pages: string[] = [];
  async function visit(folder: string): Promise<void> {
    for await (const { name, isDirectory } of Deno.readDir(new URL(folder || ".", ROOT))) {
      if (isDirectory && !IGNORED.has(name)) await visit(`${folder}${name}/`);
      if (name.endsWith(".md")) pages.push(`${folder}${name}`);
    }
  }
  await visit("");
  return pages.sort();
}

/**
 * Reads a page.
 *
 * @param page Its path, relative to the root.
 */
export function readPage(page: string): Promise<string> {
  return Deno.readTextFile(new URL(page, ROOT));
}

/**
 * Finds the fenced blocks of a Markdown text, also in lists and with longer fences.
 *
 * @param page The page's name, for messages.
 * @param text The Markdown.
 * @returns The blocks, in order.
 * @throws {SyntaxError} A block is not closed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const [block] = findBlocks("a.md", "Run:\n\n~~~sh\necho tea\n~~~\n");
 * assertEquals(block, { page: "a.md", line: 3, language: "sh", text: "echo tea\n" });
 * ```
 */
export function findBlocks(page: string, text: string): Block[] {
  const blocks: Block[] = [];
  let open: { fence: string; indent: string; line: number; language: string } | undefined;
  let content = "";
  for (const [index, line] of text.split("\n").entries()) {
    const [, indent = "", fence, info = ""] = /^(\s*)(`{3,}|~{3,})\s*([^`]*)$/.exec(line) ?? [];
    if (open === undefined) {
      if (fence === undefined) continue;
      open = { fence, indent, line: index + 1, language: info.split(/\s/)[0] ?? "" };
      content = "";
    } else if (fence?.startsWith(open.fence) && info === "") {
      const { line, language } = open;
      blocks.push({ page, line, language, text: content });
      open = undefined;
    } else {
      content += `${line.startsWith(open.indent) ? line.slice(open.indent.length) : line}\n`;
    }
  }
  if (open) throw new SyntaxError(`${page}:${open.line}: the block is not closed`);
  return blocks;
}

/**
 * The targets of the links and images of a Markdown text, outside of its code.
 *
 * @param text The Markdown.
 */
export function findLinks(text: string): string[] {
  const prose = text.replaceAll(/^(`{3,}|~{3,})[^]*?^\1\s*$/gm, "").replaceAll(
    /`[^`\n]*`/g,
    "code",
  );
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
}

/**
 * The anchors of a page: what GitHub makes of its headings.
 *
 * @param text The Markdown.
 */
export function findAnchors(text: string): string[] {
  const prose = text.replaceAll(/^(`{3,}|~{3,})[^]*?^\1\s*$/gm, "");
  return [...prose.matchAll(/^#+ +(.*)$/gm)].map(([, heading]) =>
    heading!.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").trim().replaceAll(/\s/g, "-")
  );
}

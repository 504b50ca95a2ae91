import { parse } from "@babel/parser";
import { keepChildren, type Node } from "../source/node.ts";
import { oncePer } from "../source/once.ts";
import { isTestPath, type Runtime, runtimeOf } from "../source/runtime.ts";

/** A comment in the source. */
export interface Comment {
  readonly text: string;
  /** Where it begins, for {@linkcode lineAt}. */
  readonly start: number;
}

/** A parsed file. */
export interface SourceFile {
  readonly path: string;
  readonly program: Node;
  /** Every node of it, parents first. */
  readonly nodes: readonly Node[];
  readonly comments: readonly Comment[];
  readonly runtime: Runtime;
  /** A test may do wrong on purpose: no rule looks at it. */
  readonly isTest: boolean;
}

/** Whether a file is source that can be parsed. */
export function isSourceFile(path: string): boolean {
  return /\.(?:[cm]?[jt]sx?|vue|svelte)$/.test(path) && !/\.(?:d\.[cm]?ts|min\.js)$/.test(path);
}

/**
 * Parses a source file; of a Vue or Svelte component, its scripts.
 *
 * @throws {SyntaxError} It cannot be read.
 */
export function readSourceFile(path: string, text: string): SourceFile {
  const isComponent = /\.(?:vue|svelte)$/.test(path);
  const code = withAttributes(isComponent ? scriptsOf(text) : text);
  const { program, comments } = parseSource(path, code);
  const root: Node = Object.assign(program as unknown as Node, { code }); // for lineAt()
  const nodes = linkParents(root);
  return {
    path,
    program: root,
    nodes,
    comments: (comments ?? []).map(({ value, start }) => ({ text: value, start: start! })),
    runtime: runtimeOf(path, root, nodes),
    isTest: isTestPath(path),
  };
}

function parseSource(path: string, text: string) {
  try {
    return parseAs(path, text, false);
  } catch (error) {
    // The parser is recursive: it gives up on source that is nested some hundred levels deep.
    if (error instanceof RangeError) throw new SyntaxError("It is nested too deeply.");
    if (!/\.[cm]?jsx?$/.test(path)) throw error;
    return parseAs(path, text, true);
  }
}

function parseAs(path: string, text: string, isFlow: boolean) {
  return parse(text, {
    sourceType: "unambiguous",
    errorRecovery: true,
    attachComment: false,
    locations: false, // they are half of a tree; lineOf() finds the few lines that are asked for
    allowReturnOutsideFunction: true,
    allowAwaitOutsideFunction: true,
    plugins: [
      "estree",
      "decorators",
      ...(/\.(?:[cm]?ts|vue|svelte)$/.test(path) || path.endsWith(".tsx")
        ? ["typescript" as const]
        : []),
      ...(/\.[cm]?ts$/.test(path) ? [] : ["jsx" as const]),
      ...(isFlow ? ["flow" as const] : []),
    ],
  });
}

/** The old spelling of import attributes, `assert { … }`, as the new one; columns stay. */
function withAttributes(text: string): string {
  if (!text.includes("assert")) return text;
  return text.replaceAll(/((?:from|import)\s*(["'])[^"'\n]+\2\s*)assert(\s*\{)/g, "$1with  $3");
}

/** The offsets behind the line ends of a file, by the root of its tree, as the parser counts them. */
const lineEnds = oncePer((program: Node) =>
  Array.from(
    String(program.code ?? "").matchAll(/\r\n?|[\n\u2028\u2029]/g),
    (one) => one.index + one[0].length,
  )
);

/** The line of an offset in a parsed file, from 1. */
export function lineAt(program: Node, offset: number): number {
  const ends = lineEnds(program);
  const after = ends.findIndex((end) => end > offset);
  return (after < 0 ? ends.length : after) + 1;
}

/** The line that a node of a parsed file begins on, from 1; of the linter's nodes it is not known. */
export function lineOf(node: Node): number {
  let root = node;
  while (root.parent) root = root.parent;
  return lineAt(root, Number(node.start));
}

/** Blanks all but the scripts, so that lines stay where they are. */
function scriptsOf(component: string): string {
  const blank = (part: string) => part.replaceAll(/[^\n]/g, " ");
  const visible = component.replaceAll(/<!--[^]*?-->/g, blank);
  let code = "";
  let end = 0;
  for (
    const match of visible.matchAll(/(<script\b(?:"[^"]*"|'[^']*'|[^>"'])*>)([^]*?)<\/script>/gi)
  ) {
    const begin = match.index + match[1]!.length;
    code += blank(visible.slice(end, begin)) + match[2] + ";";
    end = begin + match[2]!.length + 1;
  }
  return code + blank(visible.slice(end));
}

/** Sets `parent` everywhere, and lists the nodes, parents first. */
function linkParents(root: Node): Node[] {
  const nodes: Node[] = [];
  const open: Node[] = [root];
  (root as { parent: Node | null }).parent = null;
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    nodes.push(node);
    const below = keepChildren(node);
    for (let i = below.length - 1; i >= 0; i--) {
      const one = below[i]! as { parent?: Node };
      if (one.parent !== undefined) continue; // `{ a }` is one node twice
      one.parent = node;
      open.push(below[i]!);
    }
  }
  return nodes;
}

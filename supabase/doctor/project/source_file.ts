import { parse } from "@babel/parser";
import { childrenOf, type Node } from "../source/node.ts";
import { isTestPath, type Runtime, runtimeOf } from "../source/runtime.ts";

/** A comment in the source. */
export interface Comment {
  readonly text: string;
  readonly line: number;
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
  const { program, comments } = parseSource(
    path,
    withAttributes(isComponent ? scriptsOf(text) : text),
  );
  const root = program as unknown as Node;
  const nodes = linkParents(root);
  return {
    path,
    program: root,
    nodes,
    comments: (comments ?? []).map(({ value, loc }) => ({
      text: value,
      line: loc?.start.line ?? 1,
    })),
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
  return text.replaceAll(/((?:from|import)\s*(["'])[^"'\n]+\2\s*)assert(\s*\{)/g, "$1with  $3");
}

/** The line that a node begins on, from 1. */
export function lineOf(node: Node): number {
  const { start } = (node.loc ?? {}) as { start?: { line: number } };
  return start?.line ?? 1;
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
  const seen = new Set<Node>(open); // `{ a }` is one node twice
  (root as { parent: Node | null }).parent = null;
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    nodes.push(node);
    const below = childrenOf(node);
    for (let i = below.length - 1; i >= 0; i--) {
      const one = below[i]!;
      if (seen.has(one)) continue;
      seen.add(one);
      (one as { parent: Node }).parent = node;
      open.push(one);
    }
  }
  return nodes;
}

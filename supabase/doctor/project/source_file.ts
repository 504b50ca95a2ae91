import { parse } from "@babel/parser";
import { isNode, type Node, walk } from "../source/node.ts";
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
  const { program, comments } = parse(isComponent ? scriptsOf(text) : text, {
    sourceType: "unambiguous",
    errorRecovery: true,
    allowReturnOutsideFunction: true,
    allowAwaitOutsideFunction: true,
    plugins: [
      "estree",
      "decorators",
      ...(/\.(?:[cm]?ts|vue|svelte)$/.test(path) || path.endsWith(".tsx")
        ? ["typescript" as const]
        : []),
      ...(/\.[cm]?ts$/.test(path) ? [] : ["jsx" as const]),
    ],
  });
  const root = program as unknown as Node;
  Object.defineProperty(root, "parent", { value: null });
  setParents(root);
  return {
    path,
    program: root,
    nodes: [...walk(root)],
    comments: (comments ?? []).map(({ value, loc }) => ({
      text: value,
      line: loc?.start.line ?? 1,
    })),
    runtime: runtimeOf(path, root),
    isTest: isTestPath(path),
  };
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

function setParents(node: Node): void {
  for (const value of Object.values(node)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (!isNode(one) || Object.hasOwn(one, "parent")) continue; // `{ a }` is one node twice
      Object.defineProperty(one, "parent", { value: node, enumerable: false });
      setParents(one);
    }
  }
}

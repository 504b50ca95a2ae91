import { parseExpression } from "@babel/parser";
import { child, children, nameOf, type Node } from "../source/node.ts";
import { lineOf } from "./source_file.ts";

/** A JSON file and where its members stand. */
export interface JsonFile {
  readonly path: string;
  readonly value: unknown;
  /** The line of a member, from 1; for one that is not there, that of its nearest parent. */
  lineOf(path: readonly string[]): number;
}

/**
 * Reads JSON, also with comments and commas at the end, as deno.json may have them.
 *
 * @throws {SyntaxError} It cannot be read.
 */
export function readJsonFile(path: string, text: string): JsonFile {
  const root = parseExpression(text, {
    attachComment: false,
    plugins: ["estree"],
  }) as unknown as Node;
  return {
    path,
    value: valueOf(root),
    lineOf(names) {
      let line = 1;
      let at: Node | undefined = root;
      for (const name of names) {
        const member: Node | undefined = children(at, "properties").find((one) =>
          nameOf(child(one, "key")) === name
        );
        if (member === undefined) break;
        line = lineOf(member);
        at = child(member, "value");
      }
      return line;
    },
  };
}

function valueOf(node: Node | undefined): unknown {
  switch (node?.type) {
    case "ObjectExpression":
      return Object.fromEntries(
        children(node, "properties")
          .map((one) => [nameOf(child(one, "key")) ?? "", valueOf(child(one, "value"))]),
      );
    case "ArrayExpression":
      return children(node, "elements").map(valueOf);
    case "UnaryExpression":
      return -Number(valueOf(child(node, "argument")));
    default:
      return node?.value;
  }
}

/** A member of an object that came out of JSON or TOML. */
export function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

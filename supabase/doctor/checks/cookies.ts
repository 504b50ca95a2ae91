import type { Check } from "../finding.ts";
import type { Project } from "../project/project.ts";
import { lineOf } from "../project/source_file.ts";
import { child, children, memberPath, type Node, property } from "../source/node.ts";
import { valueOf } from "../source/scope.ts";

/** How a server's client reads and writes its cookies. */
type Cookies = "both" | "getAll" | "unknown";

/** Cookies that are read, and nowhere in the project written. */
export const cookiesGetAllAlone: Check<Project> = {
  id: "cookies-get-all-alone",
  why:
    "A refreshed session cannot be written back: the browser keeps the used refresh token, and the next refresh is refused as refresh_token_already_used.",
  fix:
    "Give `setAll` as well, at least in the one client that refreshes, where cookies can be set (hooks, a middleware or proxy).",
  *look({ files }) {
    const alone: { file: string; line: number }[] = [];
    for (const { path, nodes, isTest } of files.values()) {
      for (const node of isTest ? [] : nodes) {
        const cookies = cookiesOf(node);
        // One client that writes is enough: the others see the cookies that it has refreshed.
        if (cookies === "both" || cookies === "unknown") return;
        if (cookies === "getAll") alone.push({ file: path, line: lineOf(node) });
      }
    }
    const message = "createServerClient() has `getAll`, and none in this project has `setAll`.";
    yield* alone.map((place) => ({ severity: "warning" as const, ...place, message }));
  },
};

function cookiesOf(node: Node): Cookies | undefined {
  if (node.type !== "CallExpression") return undefined;
  if (memberPath(child(node, "callee")).at(-1) !== "createServerClient") return undefined;
  const cookies = valueOf(property(valueOf(children(node, "arguments")[2]), "cookies"));
  if (cookies?.type !== "ObjectExpression") return "unknown";
  if (children(cookies, "properties").some((one) => one.type !== "Property")) return "unknown";
  if (property(cookies, "setAll") !== undefined) return "both";
  return property(cookies, "getAll") === undefined ? "unknown" : "getAll";
}

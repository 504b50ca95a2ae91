import { lineOf } from "../project/source_file.ts";
import { child, children, memberPath, type Node, property } from "../source/node.ts";
import { valueOf } from "../source/scope.ts";
import type { SourceCheck } from "./scan.ts";

/** How a server's client reads and writes its cookies. */
type Cookies = "both" | "getAll" | "unknown";

/** Cookies that are read, and nowhere in the project written. */
export const cookiesGetAllAlone: SourceCheck = {
  id: "cookies-get-all-alone",
  why:
    "A refreshed session cannot be written back: the browser keeps the used refresh token, and the next refresh is refused as refresh_token_already_used.",
  fix:
    "Give `setAll` as well, at least in the one client that refreshes, where cookies can be set (hooks, a middleware or proxy).",
  start() {
    const alone: { file: string; line: number }[] = [];
    // One client that writes is enough: the others see the cookies that it has refreshed.
    let isWritten = false;
    return {
      visit({ path, nodes }) {
        for (const node of nodes) {
          const cookies = cookiesOf(node);
          isWritten ||= cookies === "both" || cookies === "unknown";
          if (cookies === "getAll") alone.push({ file: path, line: lineOf(node) });
        }
      },
      *conclude() {
        const message = "createServerClient() has `getAll`, and none in this project has `setAll`.";
        if (!isWritten) {
          yield* alone.map((place) => ({ severity: "warning" as const, ...place, message }));
        }
      },
    };
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

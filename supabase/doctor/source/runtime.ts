import { child, children, memberPath, nameOf, type Node, text } from "./node.ts";
import { originOf } from "./scope.ts";

/** Where a file runs: an Edge Function, another server, a browser, or it cannot be known. */
export type Runtime = "function" | "server" | "browser" | "unknown";

/** Whether a path is that of a test, which may do wrong on purpose. */
export function isTestPath(path: string): boolean {
  return COPY.test(path) ||
    /(?:^|\/)(?:tests?|__tests__|__mocks__|e2e|cypress|playwright)\//.test(path) ||
    /[._](?:test|spec|bench|stories)\.[cm]?[jt]sx?$/.test(path) ||
    /(?:^|\/)(?:vitest|jest|playwright|cypress)\.[\w.]*[jt]s$/.test(path);
}

/** `src-backup-2025/`, `api_old/`: a copy of the source that nothing builds; no Edge Function. */
const COPY =
  /(?:^|(?<!(?:^|\/)functions)\/)(?:src|apps?|lib|api|pages|components|functions)[-_.](?:backup|bak|old|copy)[^/]*\//i;

const SERVER_FILE =
  /\.server\.[cm]?[jt]sx?$|(?:^|\/)\+(?:page\.|layout\.)?server\.[jt]s$|(?:^|\/)hooks\.server\.[jt]s$|(?:^|\/)app\/.*\/?route\.[jt]s$|(?:^|\/)pages\/api\/|(?:^|\/)server\/(?:api|middleware|routes|utils)\//;
const SERVER_MODULE =
  /^(?:next\/headers|next\/server|server-only|node:https?|express|fastify|h3|#supabase\/server)$/;
/** Hooks that run in no server component. */
const HOOK = /^use(?:State|Effect|LayoutEffect|Ref|Reducer|Callback|Context)$/;
const BROWSER_GLOBAL = new Set(["window", "document", "localStorage", "sessionStorage"]);

/**
 * Tells where a file runs, by what it says itself. A file that says nothing, or that asks where it
 * runs (`typeof window`), is unknown.
 *
 * @param path Relative to the project.
 * @param program Its syntax tree.
 * @param nodes All of the tree.
 */
export function runtimeOf(path: string, program: Node, nodes: readonly Node[]): Runtime {
  if (/(?:^|\/)supabase\/functions\/[^/]+\/|^functions\/[^/]+\//.test(path)) return "function";
  const directives = children(program, "body").map((one) =>
    text(child(one, "expression")) ?? text(child(one, "value"))
  );
  for (const one of children(program, "directives")) directives.push(text(child(one, "value")));
  if (directives.includes("use client")) return "browser";
  if (directives.includes("use server") || SERVER_FILE.test(path)) return "server";
  let [browser, makesServerClient] = [false, false];
  for (const node of nodes) {
    if (node.type === "UnaryExpression" && node.operator === "typeof") {
      if (BROWSER_GLOBAL.has(nameOf(child(node, "argument")) ?? "")) return "unknown";
    }
    if (node.type === "ImportDeclaration" && node.importKind !== "type") {
      if (SERVER_MODULE.test(nameOf(child(node, "source")) ?? "")) return "server";
      const names = children(node, "specifiers").map((one) => nameOf(child(one, "imported")));
      makesServerClient ||= names.includes("createServerClient");
      if (names.includes("createBrowserClient")) browser = true;
      const isReact = /^(?:react|react-native)$/.test(nameOf(child(node, "source")) ?? "");
      if (isReact && names.some((name) => HOOK.test(name ?? ""))) browser = true;
    }
    if (node.type !== "MemberExpression") continue;
    const object = child(node, "object");
    const isServe = nameOf(child(node, "property")) === "serve";
    if (isServe && memberPath(node).join(".") === "Deno.serve") return "server";
    if (object?.type === "Identifier" && BROWSER_GLOBAL.has(nameOf(object)!)) {
      browser ||= originOf(object) === undefined;
    }
  }
  if (makesServerClient) return browser ? "unknown" : "server"; // both run a layout of SvelteKit
  return browser ? "browser" : "unknown";
}

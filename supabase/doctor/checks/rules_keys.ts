/** Secret keys in source. */

import { type KeyKind, keyKind } from "./key_kind.ts";
import { published } from "./published.ts";
import { SECRET_NAME } from "../source/client.ts";
import { child, memberPath, type Node } from "../source/node.ts";
import type { Rule } from "../source/rule.ts";

/** A secret key where everybody can read it. */
export const secretKeyInBrowser: Rule = {
  id: "secret-key-in-browser",
  why:
    "Whoever reads the page can read, change and delete everything, users and sessions too. Rotating the key then refuses every function that still has the old one.",
  fix: "Use the publishable key in the browser, move the call into a function, and rotate the key.",
  types: ["MemberExpression", "Literal"],
  look(node, { runtime, file }) {
    // The pages of a test are driven from Node.
    const isScript = /(?:^|\/)scripts?\//.test(file?.path ?? "");
    if (node.type === "Literal") {
      const kind = runtime === "browser" && !isScript ? secretLiteral(node) : undefined;
      return kind && { severity: "error", message: `A ${kind} key is written in browser code.` };
    }
    const name = environmentName(node);
    if (name === undefined || !SECRET_NAME.test(name)) return;
    if (!PUBLIC_NAME.test(name)) return;
    // Elsewhere it may be a server's, or a script's: the variable is in no page unless its file is.
    const inPage = runtime === "browser" && !isScript;
    return {
      severity: inPage ? "error" : "warning",
      message: inPage
        ? `${name} is a secret by its name, and is put into the page.`
        : `${name} is a secret by its name, and has the prefix of variables for the page.`,
    };
  },
};

/** A secret key written down in source. */
export const secretKeyInSource: Rule = {
  id: "secret-key-in-source",
  why:
    "It is in the history of the repository for everybody who can read that, and rotating it needs a deployment.",
  fix: "Read it from the environment (`supabase secrets set`), and rotate it.",
  types: ["Literal"],
  look(node, { runtime }) {
    const kind = runtime === "browser" ? undefined : secretLiteral(node);
    return kind && { severity: "warning", message: `A ${kind} key is written in the source.` };
  },
};

/** Prefixes whose variables frameworks put into the page. */
export const PUBLIC_NAME =
  /^(?:NEXT_PUBLIC|VITE|PUBLIC|NUXT_PUBLIC|REACT_APP|EXPO_PUBLIC|GATSBY|VUE_APP)_/;

function secretLiteral(node: Node): KeyKind | undefined {
  const value = String(node.value);
  const kind = /^(?:eyJ|sb_)/.test(value) ? keyKind(value) : undefined;
  if (kind === undefined || published(value) !== undefined) return undefined;
  return kind === "secret" || kind === "service_role" ? kind : undefined;
}

/** `NAME` of `process.env.NAME` or `import.meta.env.NAME`. */
function environmentName(node: Node): string | undefined {
  const path = memberPath(node);
  if (path.at(-2) !== "env") return undefined;
  const meta = child(child(node, "object"), "object")?.type === "MetaProperty";
  return meta || path.at(-3) === "process" ? path.at(-1) : undefined;
}

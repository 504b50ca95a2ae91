import { applyEdits, modify, parse, type ParseError } from "jsonc-parser";
import { getStaticTOMLValue, parseTOML } from "toml-eslint-parser";

/** The text of a file with a change in it; or why it could not be changed. */
export type Edited = { readonly text: string } | { readonly problem: string };

const BYTE_ORDER_MARK = "\ufeff";

/**
 * Reads JSON with comments and commas at the end, as deno.json and deno.jsonc may have them.
 *
 * @returns The value; `undefined` for what is not JSON.
 */
export function readJson(text: string): unknown {
  const errors: ParseError[] = [];
  const value: unknown = parse(withoutMark(text), errors, { allowTrailingComma: true });
  return errors.length > 0 ? undefined : value;
}

/**
 * Adds members to an object in a JSON file. Comments, order and indentation of the rest stay as they
 * are, and a member that is there already is never changed.
 *
 * @param text The file.
 * @param name The object, by its name at the top; it is made if it is not there.
 * @param members What to add.
 * @returns The new text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const text = '{\n  // ours\n  "imports": { "zod": "npm:zod@3" }\n}\n';
 * const edited = addJsonMembers(text, "imports", { hono: "npm:hono@4" });
 * assertEquals(edited, {
 *   text: '{\n  // ours\n  "imports": {\n    "hono": "npm:hono@4",\n    "zod": "npm:zod@3"\n  }\n}\n',
 * });
 * ```
 */
export function addJsonMembers(
  text: string,
  name: string,
  members: Readonly<Record<string, string>>,
): Edited {
  const before = readJson(text);
  if (!isObject(before)) return { problem: "it is not a JSON object" };
  const object = before[name];
  if (object !== undefined && !isObject(object)) return { problem: `"${name}" is not an object` };
  const missing = Object.entries(members).filter(([key]) => object?.[key] === undefined);
  const formattingOptions = formattingOf(text);
  let edited = withoutMark(text);
  // Each before the first member: behind the last one, a comment would change its owner.
  for (const [key, value] of missing.toReversed()) {
    const edits = modify(edited, [name, key], value, {
      formattingOptions,
      getInsertionIndex: () => 0,
    });
    edited = applyEdits(edited, edits);
  }
  const expected = { ...before, [name]: { ...object, ...Object.fromEntries(missing) } };
  if (missing.length > 0 && !isEqual(readJson(edited), expected)) {
    return { problem: "it is written in a way that cannot be changed safely" };
  }
  return { text: markOf(text) + edited };
}

/**
 * Says in config.toml that the gateway must not check the JWT of a function, with the reason. What
 * the file says about it already is never changed.
 *
 * @param text The file.
 * @param name The function.
 * @param reason Stands above the line as a comment; each item is one line.
 * @param settings More settings, for a function that the file does not name yet.
 * @returns The new text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const text = "[functions.me] # ours\nenabled = true\n";
 * assertEquals(addVerifyJwt(text, "me", ["why"]), {
 *   text: "[functions.me] # ours\n# why\nverify_jwt = false\nenabled = true\n",
 * });
 * ```
 */
export function addVerifyJwt(
  text: string,
  name: string,
  reason: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Edited {
  const body = withoutMark(text);
  const before = readToml(body);
  if (before === undefined) return { problem: "it is not TOML" };
  const functions = before.functions;
  const entry = isObject(functions) ? functions[name] : undefined;
  if (isObject(entry) && "verify_jwt" in entry) return { text };

  const eol = endOfLine(body);
  const lines = [...reason.map((line) => `# ${line}`), "verify_jwt = false"];
  let edited: string;
  if (entry === undefined) {
    const key = /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
    lines.unshift(`[functions.${key}]`);
    for (const [setting, value] of Object.entries(settings)) {
      lines.push(`${setting} = ${JSON.stringify(value)}`);
    }
    const gap = body === "" ? "" : body.endsWith("\n") ? eol : eol + eol;
    edited = body + gap + lines.join(eol) + eol;
  } else {
    const line = lineOfTable(body, name);
    if (line === undefined) return { problem: `[functions.${name}] is not a table of its own` };
    const all = body.split("\n");
    if (line === all.length) all.push(""); // the head of the table is the last line of the file
    all.splice(line, 0, ...lines.map((one) => one + eol.slice(0, -1)));
    edited = all.join("\n");
  }
  const expected = {
    ...before,
    functions: {
      ...(isObject(functions) ? functions : {}),
      [name]: {
        ...(isObject(entry) ? entry : settings),
        verify_jwt: false,
      },
    },
  };
  if (!isEqual(readToml(edited), expected)) {
    return { problem: "it is written in a way that cannot be changed safely" };
  }
  return { text: markOf(text) + edited };
}

/** Reads TOML; `undefined` for what is none. */
export function readToml(text: string): Record<string, unknown> | undefined {
  try {
    return getStaticTOMLValue(parseTOML(withoutMark(text)));
  } catch {
    return undefined;
  }
}

/** The line, from 1, of the head of `[functions.<name>]`. */
function lineOfTable(text: string, name: string): number | undefined {
  for (const node of parseTOML(text).body[0].body) {
    if (node.type !== "TOMLTable" || node.kind !== "standard") continue;
    const [first, second, ...more] = node.resolvedKey;
    if (first === "functions" && second === name && more.length === 0) {
      return node.key.loc.end.line;
    }
  }
  return undefined;
}

function formattingOf(text: string) {
  const [, indent = "  "] = /\n([ \t]+)"/.exec(text) ?? [];
  return {
    insertSpaces: !indent.startsWith("\t"),
    tabSize: indent.startsWith("\t") ? 1 : indent.length,
    eol: endOfLine(text),
  };
}

/** What the lines of a text end in. */
export function endOfLine(text: string): "\n" | "\r\n" {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

function markOf(text: string): string {
  return text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : "";
}

function withoutMark(text: string): string {
  return text.slice(markOf(text).length);
}

/** Whether a value is an object, and no array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether two values of JSON or TOML are the same, whatever the order of their members. */
function isEqual(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((one, i) => isEqual(one, b[i]));
  }
  if (!isObject(a) || !isObject(b) || a instanceof Date || b instanceof Date) {
    return Object.is(a, b) || String(a) === String(b) && typeof a === typeof b;
  }
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => isEqual(a[key], b[key]));
}

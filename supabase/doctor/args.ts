/** The command line of the doctor, read without side effects. */

import { parseArgs } from "node:util";

/** What the command line asks for. */
export type Command =
  | {
    readonly kind: "folder";
    readonly folder: string;
    readonly sessions?: number;
    /** The file of known findings; by default {@linkcode BASELINE} in the folder. */
    readonly baseline?: string;
    readonly writeBaseline?: boolean;
  }
  | {
    readonly kind: "live";
    readonly url: string;
    readonly origin?: string;
    readonly functionName?: string;
  }
  | { readonly kind: "token"; readonly url?: string }
  | { readonly kind: "explain"; readonly id: string }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly sentence: string };

/** How the findings are printed. */
export type Format = "text" | "json" | "sarif";

/** What ends a run with exit code 1. */
export type FailOn = "error" | "warning";

/** A command, and how its answer is printed and judged. */
export interface Arguments {
  readonly command: Command;
  readonly format: Format;
  readonly failOn: FailOn;
}

/** The file of known findings, in the folder that is read. */
export const BASELINE = "doctor-baseline.json";

/** What `--help` prints. */
export const help = `Says why sessions get lost, and which line to change.

  deno task doctor [folder]                      reads a project (default: this folder)
  deno task doctor --url URL [--origin URL] [--function NAME]
                                                 asks a running project
  deno task doctor token [--url URL]             reads a token from stdin or a hidden prompt
  deno task doctor --explain ID                  all there is to say about one kind of finding

  --fail-on LEVEL    error (default) or warning: what ends the run with exit code 1
  --json, --sarif    findings for machines
  --baseline FILE    leaves out the findings in this file (default: ${BASELINE} in the folder)
  --write-baseline   writes today's findings there, so that only new ones count from now on
  --sessions N       so many sessions are alive at once behind one address
  --origin URL       a page that calls the functions: is it let in by CORS?
  --function F       a function whose refusals are looked at

A line that is meant as it is says so, on the same line or above it, with a reason:
  // edge-auth: ignore sign-out-global, because …      (# in .toml and .env)

URL and key of the project come from SUPABASE_URL, SUPABASE_PUBLISHABLE_KEYS (or
SUPABASE_PUBLISHABLE_KEY, SUPABASE_ANON_KEY) and SUPABASE_JWKS, where --url needs them.
Exit code: 0 nothing at or above --fail-on, 1 something is, 2 the command line is wrong,
3 the doctor itself failed.`;

const OPTIONS = {
  baseline: { type: "string" },
  explain: { type: "string" },
  "fail-on": { type: "string" },
  function: { type: "string" },
  help: { type: "boolean", short: "h" },
  json: { type: "boolean" },
  origin: { type: "string" },
  sarif: { type: "boolean" },
  sessions: { type: "string" },
  url: { type: "string" },
  "write-baseline": { type: "boolean" },
} as const;

type Values = ReturnType<typeof read>["values"];
const read = (args: readonly string[]) =>
  parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true });

/**
 * Reads the command line. What was typed is never repeated: it might be a token.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(readArguments(["--json", "app"]), {
 *   format: "json",
 *   failOn: "error",
 *   command: { kind: "folder", folder: "app" },
 * });
 * ```
 */
export function readArguments(args: readonly string[]): Arguments {
  let found: ReturnType<typeof read>;
  try {
    found = read(args);
  } catch (error) {
    return { format: "text", failOn: "error", command: wrong(sentenceOf(error)) };
  }
  const { values, positionals } = found;
  return {
    format: values.sarif ? "sarif" : values.json ? "json" : "text",
    failOn: values["fail-on"] === "warning" ? "warning" : "error",
    command: readCommand(values, positionals),
  };
}

/** In our words: those of the parser repeat what was typed. */
function sentenceOf(error: unknown): string {
  const { code, message = "" } = error as { code?: string; message?: string };
  const option = Object.keys(OPTIONS).find((name) => message.includes(`'--${name}`));
  if (code === "ERR_PARSE_ARGS_INVALID_OPTION_VALUE" && option !== undefined) {
    return OPTIONS[option as keyof typeof OPTIONS].type === "string"
      ? `--${option} needs a value. Try --help.`
      : `--${option} takes no value. Try --help.`;
  }
  return "There is no such option. Try --help.";
}

function readCommand(values: Values, words: readonly string[]): Command {
  if (values.help) return { kind: "help" };
  const misfit = check(values, words);
  if (misfit !== undefined) return wrong(misfit);
  const { explain, origin, sessions, baseline } = values;
  if (explain !== undefined) return { kind: "explain", id: explain };
  const url = values.url?.replace(/\/+$/, "");
  if (words[0] === "token") return { kind: "token", ...(url === undefined ? {} : { url }) };
  if (url !== undefined) {
    return {
      kind: "live",
      url,
      ...(origin === undefined ? {} : { origin }),
      ...(values.function === undefined ? {} : { functionName: values.function }),
    };
  }
  return {
    kind: "folder",
    folder: words[0] ?? ".",
    ...(sessions === undefined ? {} : { sessions: Number(sessions) }),
    ...(baseline === undefined ? {} : { baseline }),
    ...(values["write-baseline"] ? { writeBaseline: true } : {}),
  };
}

/** What does not fit together, in a sentence. */
function check(values: Values, words: readonly string[]): string | undefined {
  const [word, more] = words;
  if (more !== undefined) {
    return word === "token"
      ? "The token is read from stdin or a prompt, so that it stays out of the shell's history."
      : "Only one folder can be read at a time.";
  }
  for (const name of ["url", "origin"] as const) {
    const value = values[name];
    if (value !== undefined && !/^https?:$/.test(URL.parse(value)?.protocol ?? "")) {
      return `--${name} takes an http(s) URL.`;
    }
  }
  if (word !== undefined && word !== "token" && values.url !== undefined) {
    return "A folder and --url are two questions: ask them one after the other.";
  }
  if (values.url === undefined && (values.origin ?? values.function) !== undefined) {
    return "--origin and --function need --url.";
  }
  const ofFolders = ["sarif", "baseline", "write-baseline", "sessions"] as const;
  const misplaced = ofFolders.find((name) => values[name] !== undefined);
  if (misplaced !== undefined && (word === "token" || values.url !== undefined)) {
    return `--${misplaced} is for folders: what a token or a running project shows has no line.`;
  }
  if (values.json && values.sarif) return "--json and --sarif are two formats: choose one.";
  if (values["fail-on"] !== undefined && !/^(?:error|warning)$/.test(values["fail-on"])) {
    return "--fail-on takes error or warning.";
  }
  if (values.sessions !== undefined && !/^[1-9]\d{0,8}$/.test(values.sessions)) {
    return "--sessions takes a whole number above 0.";
  }
  if (values.function !== undefined && !/^[A-Za-z0-9][\w-]*$/.test(values.function)) {
    return "--function takes the name of one function.";
  }
  return undefined;
}

function wrong(sentence: string): Command {
  return { kind: "wrong", sentence };
}

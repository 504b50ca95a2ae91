/** The command line of `deno task doctor`, read without side effects. */

/** What the command line asks for. */
export type Command =
  | { readonly kind: "folder"; readonly folder: string; readonly sessions?: number }
  | {
    readonly kind: "live";
    readonly url: string;
    readonly origin?: string;
    readonly functionName?: string;
  }
  | { readonly kind: "token"; readonly url?: string }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly sentence: string };

/** What `--help` prints. */
export const help = `Says why sessions get lost, and which line to change.

  deno task doctor [folder] [--sessions N]       reads a project (default: this folder)
  deno task doctor --url URL [--origin URL] [--function NAME]
                                                 asks a running project
  deno task doctor token [--url URL]             reads a token from stdin or a hidden prompt

  --json         findings as JSON, for CI
  --sessions N   so many sessions are alive at once behind one address
  --origin URL   a page that calls the functions: is it let in by CORS?
  --function F   a function whose refusals are looked at

URL and key of the project come from SUPABASE_URL, SUPABASE_PUBLISHABLE_KEYS (or
SUPABASE_PUBLISHABLE_KEY, SUPABASE_ANON_KEY) and SUPABASE_JWKS, where --url needs them.
Exit code: 1 on errors, 0 otherwise, 2 if the command line is wrong.`;

const TAKES_VALUE = ["--url", "--origin", "--function", "--sessions"];

/**
 * Reads the command line.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(readArguments(["--json", "app"]), {
 *   json: true,
 *   command: { kind: "folder", folder: "app" },
 * });
 * ```
 */
export function readArguments(args: readonly string[]): { json: boolean; command: Command } {
  const json = args.includes("--json");
  return { json, command: readCommand(args.filter((arg) => arg !== "--json")) };
}

function readCommand(args: readonly string[]): Command {
  const options = new Map<string, string>();
  const words: string[] = [];
  const rest = args.flatMap((arg) => arg.startsWith("--") ? splitOnce(arg) : [arg]);
  while (rest.length > 0) {
    const arg = rest.shift()!;
    if (arg === "--help" || arg === "-h") return { kind: "help" };
    if (!arg.startsWith("-")) words.push(arg);
    else if (!TAKES_VALUE.includes(arg)) return wrong(`There is no option ${arg}. Try --help.`);
    else {
      const value = rest.shift();
      if (!value || value.startsWith("--")) return wrong(`${arg} needs a value. Try --help.`);
      options.set(arg, value);
    }
  }
  const misfit = check(options, words);
  if (misfit !== undefined) return wrong(misfit);
  const url = options.get("--url")?.replace(/\/+$/, "");
  if (words[0] === "token") return { kind: "token", ...(url === undefined ? {} : { url }) };
  if (url !== undefined) {
    const origin = options.get("--origin");
    const functionName = options.get("--function");
    return {
      kind: "live",
      url,
      ...(origin === undefined ? {} : { origin }),
      ...(functionName === undefined ? {} : { functionName }),
    };
  }
  const sessions = options.get("--sessions");
  return {
    kind: "folder",
    folder: words[0] ?? ".",
    ...(sessions === undefined ? {} : { sessions: Number(sessions) }),
  };
}

/** What does not fit together, in a sentence. */
function check(options: ReadonlyMap<string, string>, words: readonly string[]): string | undefined {
  const [word, more] = words;
  if (more !== undefined) {
    return word === "token"
      ? "The token is read from stdin or a prompt, so that it stays out of the shell's history."
      : "Only one folder can be read at a time.";
  }
  for (const name of ["--url", "--origin"]) {
    const value = options.get(name);
    if (value !== undefined && !/^https?:$/.test(URL.parse(value)?.protocol ?? "")) {
      return `${name} takes an http(s) URL.`;
    }
  }
  if (word !== undefined && word !== "token" && options.has("--url")) {
    return "A folder and --url are two questions: ask them one after the other.";
  }
  if (!options.has("--url") && (options.has("--origin") || options.has("--function"))) {
    return "--origin and --function need --url.";
  }
  const sessions = options.get("--sessions");
  if (sessions !== undefined && !/^[1-9]\d{0,8}$/.test(sessions)) {
    return "--sessions takes a whole number above 0.";
  }
  const name = options.get("--function");
  if (name !== undefined && !/^[A-Za-z0-9][\w-]*$/.test(name)) {
    return "--function takes the name of one function.";
  }
  return undefined;
}

function splitOnce(arg: string): string[] {
  const at = arg.indexOf("=");
  return at < 0 ? [arg] : [arg.slice(0, at), arg.slice(at + 1)];
}

function wrong(sentence: string): Command {
  return { kind: "wrong", sentence };
}

/** What is tried, and with what. */
export interface Target {
  /** The function, as its callers know it. */
  readonly functionUrl: string;
  /** Supabase Auth: `…/auth/v1`. */
  readonly authUrl: string;
  /** A publishable or anon key, as an app has it. */
  readonly key: string;
  /** The method that the function answers. */
  readonly method: string;
  /** A user of yours; without it a new one is signed up. */
  readonly user?: { readonly email: string; readonly password: string };
}

/** What the command line asks for. */
export type Command =
  | { readonly kind: "run"; readonly target: Target; readonly json: boolean }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly sentence: string };

/** What `--help` prints. */
export const help = `Tries a function from outside: which guarantees does it keep?

  deno task conformance <function-url> [options]

  --auth-url URL        Supabase Auth (default: /auth/v1 where the function is)
  --key KEY             a publishable or anon key (default: SUPABASE_PUBLISHABLE_KEY,
                        SUPABASE_ANON_KEY, or the first of SUPABASE_PUBLISHABLE_KEYS)
  --email E --password P  a user to sign in as (default: signs a new one up, and names it)
  --method M            what the function answers (default: GET)
  --json                the result as JSON

The function has to answer 2xx to a signed-in caller. No secret key is needed, or taken.
Exit code: 0 if no guarantee is broken and a revoked token was tried, 1 if one is broken, 2 if it
is not proven.`;

const TAKES_VALUE = ["--auth-url", "--key", "--email", "--password", "--method"];

/**
 * Reads the command line.
 *
 * @param args The arguments.
 * @param env The environment, where a key may be.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const command = readCommand(["http://127.0.0.1:54321/functions/v1/me", "--key=sb_publishable_x"]);
 * assertEquals(command.kind === "run" && command.target.authUrl, "http://127.0.0.1:54321/auth/v1");
 * ```
 */
export function readCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Command {
  const options = new Map<string, string>();
  const words: string[] = [];
  const rest = args.flatMap((arg) => /^--[\w-]+=/.test(arg) ? splitOnce(arg) : [arg]);
  let json = false;
  while (rest.length > 0) {
    const arg = rest.shift()!;
    if (arg === "--help" || arg === "-h") return { kind: "help" };
    if (arg === "--json") json = true;
    else if (!arg.startsWith("-")) words.push(arg);
    else if (!TAKES_VALUE.includes(arg)) return wrong(`There is no option ${arg}.`);
    else {
      const value = rest.shift();
      if (value === undefined || value.startsWith("--")) return wrong(`${arg} needs a value.`);
      options.set(arg, value);
    }
  }
  const [functionUrl, ...more] = words;
  if (functionUrl === undefined || more.length > 0 || !isHttpUrl(functionUrl)) {
    return wrong("Give the http(s) URL of one function.");
  }
  const authUrl = options.get("--auth-url") ?? authUrlOf(functionUrl);
  if (authUrl === undefined || !isHttpUrl(authUrl)) {
    return wrong(
      "Say with --auth-url where Supabase Auth is, for example https://….supabase.co/auth/v1.",
    );
  }
  const key = options.get("--key") ?? keyOf(env);
  if (key === undefined) return wrong("Give the project's publishable or anon key with --key.");
  if (isSecretKey(key)) {
    return wrong("This is a secret key. Take the publishable or anon key, as an app has it.");
  }
  const [email, password] = [options.get("--email"), options.get("--password")];
  if ((email === undefined) !== (password === undefined)) {
    return wrong("--email and --password go together.");
  }
  return {
    kind: "run",
    json,
    target: {
      functionUrl: functionUrl.replace(/\/+$/, ""),
      authUrl: authUrl.replace(/\/+$/, ""),
      key,
      method: options.get("--method")?.toUpperCase() ?? "GET",
      ...(email !== undefined && password !== undefined && { user: { email, password } }),
    },
  };
}

function keyOf(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const own = env.SUPABASE_PUBLISHABLE_KEY || env.SUPABASE_ANON_KEY;
  if (own) return own;
  try {
    const keys = JSON.parse(env.SUPABASE_PUBLISHABLE_KEYS ?? "{}") as Record<string, string>;
    return keys.default ?? Object.values(keys)[0];
  } catch {
    return undefined;
  }
}

function isSecretKey(key: string): boolean {
  if (key.startsWith("sb_secret_")) return true;
  try {
    const payload = key.split(".")[1] ?? "";
    const { role } = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    return role === "service_role";
  } catch {
    return false;
  }
}

/** The gateway of a project serves both. */
function authUrlOf(functionUrl: string): string | undefined {
  const { origin, pathname, hostname } = new URL(functionUrl);
  if (pathname.startsWith("/functions/v1/")) return `${origin}/auth/v1`;
  const [, ref] = /^([a-z0-9]+)\.functions\.supabase\.co$/.exec(hostname) ?? [];
  return ref === undefined ? undefined : `https://${ref}.supabase.co/auth/v1`;
}

function isHttpUrl(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? "");
}

function splitOnce(arg: string): string[] {
  const at = arg.indexOf("=");
  return [arg.slice(0, at), arg.slice(at + 1)];
}

function wrong(sentence: string): Command {
  return { kind: "wrong", sentence: `${sentence} Try --help.` };
}

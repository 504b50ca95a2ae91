/** The command line of `deno task dev`, without side effects. */

import type { Engine } from "./lite.ts";

/** The port of `supabase start`. */
export const DEFAULT_PORT = 54321;

/** A command line. */
export type Command =
  | { kind: "run"; port: number; engine: Engine }
  | { kind: "help" }
  | { kind: "wrong"; message: string };

/** What `--help` prints. */
export const help =
  `Starts the embedded local stack: Auth, Data API, functions and mail, without docker.

  deno task dev [--port N] [--engine sqlite|pglite]

  --port N      the port of the gateway (default ${DEFAULT_PORT}, where supabase start would be)
  --engine E    sqlite (default, starts in half a second) or pglite (PostgreSQL, some seconds)
  --help        this text
`;

/** Reads the command line. */
export function readCommand(args: readonly string[]): Command {
  let port = DEFAULT_PORT;
  let engine: Engine = "sqlite";
  const rest = args.flatMap((arg) => /^--\w+=/.test(arg) ? splitOnce(arg) : [arg]);
  while (rest.length > 0) {
    const flag = rest.shift();
    if (flag === "--help" || flag === "-h") return { kind: "help" };
    if (flag !== "--port" && flag !== "--engine") {
      return wrong(`There is no option ${flag}. Try --help.`);
    }
    const value = rest.shift() ?? "";
    if (flag === "--engine") {
      if (value !== "sqlite" && value !== "pglite") {
        return wrong(`--engine takes sqlite or pglite, not "${value}".`);
      }
      engine = value;
      continue;
    }
    port = Number(value);
    if (!/^\d{1,5}$/.test(value) || port > 65535) {
      return wrong(`--port takes a number from 0 to 65535, not "${value}".`);
    }
  }
  return { kind: "run", port, engine };
}

function splitOnce(arg: string): string[] {
  const at = arg.indexOf("=");
  return [arg.slice(0, at), arg.slice(at + 1)];
}

function wrong(message: string): Command {
  return { kind: "wrong", message };
}

/** The message for a port that is taken. */
export function takenPort(port: number): string {
  return `Port ${port} is taken, perhaps by another stack. Choose one with --port, ` +
    `as in: deno task dev --port ${port === 65535 ? 54421 : port + 100}`;
}

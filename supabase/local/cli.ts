/** The command line of `deno task dev`, read and answered without side effects. */

import type { Engine } from "./lite.ts";

/** What the command line asks for. */
export type Command =
  | { kind: "run"; port: number; engine: Engine }
  | { kind: "help" }
  | { kind: "wrong"; sentence: string };

/** What `--help` prints. */
export const help =
  `Boots the embedded local stack: Auth, Data API, functions and mail, without docker.

  deno task dev [--port N] [--engine sqlite|pglite]

  --port N      the port of the gateway (default 54321, where supabase start would be)
  --engine E    sqlite (default, boots in half a second) or pglite (PostgreSQL, some seconds)
  --help        this text
`;

/** Reads the command line. */
export function readCommand(args: readonly string[]): Command {
  let port = 54321;
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

function wrong(sentence: string): Command {
  return { kind: "wrong", sentence };
}

/** What to say when the port is taken. */
export function takenPort(port: number): string {
  return `Port ${port} is taken, perhaps by another stack. Choose one with --port, ` +
    `as in: deno task dev --port ${port === 65535 ? 54421 : port + 100}`;
}

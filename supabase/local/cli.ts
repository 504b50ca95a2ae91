/** The command line of `deno task dev`, without side effects. */

import type { Engine } from "./lite.ts";

/** The port of `supabase start`. */
export const DEFAULT_PORT = 54321;

/** What a run of the stack needs; what is not given is `undefined`. */
export interface RunCommand {
  readonly kind: "run";
  readonly port: number | undefined;
  readonly engine: Engine | undefined;
  /** A folder, as it was written. */
  readonly project: string | undefined;
}

/** A command line. */
export type Command =
  | RunCommand
  | { readonly kind: "keys" }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string };

/** What `--help` prints. */
export const help =
  `Starts the embedded local stack: Auth, Data API, functions and mail, without Docker.

  deno task dev [--project FOLDER] [--port N] [--engine sqlite|pglite]

  --project F   serves this project of the Supabase CLI instead of this repository: the folder that
                holds supabase/, or supabase/ itself
  --port N      the port of the gateway (default ${DEFAULT_PORT}, where supabase start would be;
                with --project, [api] port of its config.toml)
  --engine E    sqlite (default, starts in half a second) or pglite (PostgreSQL, some seconds; with
                --project, the default where the project has migrations or seeds)
  --keys        prints the API keys, the legacy ones too, as variables
  --help        this text
`;

/** Reads the command line. */
export function readCommand(args: readonly string[]): Command {
  let port: number | undefined;
  let engine: Engine | undefined;
  let project: string | undefined;
  const rest = args.flatMap((arg) => /^--\w+=/.test(arg) ? splitOnce(arg) : [arg]);
  while (rest.length > 0) {
    const flag = rest.shift();
    if (flag === "--help" || flag === "-h") return { kind: "help" };
    if (flag === "--keys") return { kind: "keys" };
    if (flag !== "--port" && flag !== "--engine" && flag !== "--project") {
      return wrong(`There is no option ${flag}. Try --help.`);
    }
    const value = rest.shift() ?? "";
    if (flag === "--project") {
      if (value === "") return wrong("--project takes the folder that holds supabase/.");
      project = value;
    } else if (flag === "--engine") {
      if (value !== "sqlite" && value !== "pglite") {
        return wrong(`--engine takes sqlite or pglite, not "${value}".`);
      }
      engine = value;
    } else {
      port = Number(value);
      if (!/^\d{1,5}$/.test(value) || port > 65535) {
        return wrong(`--port takes a number from 0 to 65535, not "${value}".`);
      }
    }
  }
  return { kind: "run", port, engine, project };
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
  return `Port ${port} is taken, perhaps by another stack: end that one with Ctrl-C, or add ` +
    `--port ${port === 65535 ? 54421 : port + 100} to this command`;
}

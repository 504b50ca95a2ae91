/** How functions are mounted. */

import type { Check, Hit } from "../finding.ts";
import type { EdgeFunction } from "../project/functions.ts";
import type { Project } from "../project/project.ts";
import { authCalls } from "../source/auth_call.ts";

/** A function that asks nobody who calls. */
export const middleware: Check<Project> = {
  id: "function-without-auth",
  why:
    "A function that does not ask Auth either admits everybody, or admits users whose session has ended.",
  fix:
    "Build it with `edgeFunction(name)`. If it is meant to be public, say why above its first line: `// edge-auth: public, because …`.",
  *look({ functions }) {
    const inUse = functions.some((one) => one.mountsEdgeAuth);
    for (const one of functions) {
      if (one.entry === undefined || one.mountsEdgeAuth || one.publicBecause !== undefined) {
        continue;
      }
      if (!inUse && asksAuth(one)) continue;
      yield {
        severity: inUse ? "error" : "info",
        file: one.entry,
        line: 1,
        message: inUse
          ? `The function ${one.name} does not mount edge-auth, as others here do.`
          : `The function ${one.name} does not ask Auth about its caller in any way seen here.`,
      };
    }
  },
};

function asksAuth({ files }: EdgeFunction): boolean {
  return files.some((file) =>
    [...authCalls(file.nodes)].some(({ method }) => method === "getUser")
  );
}

/** The gateway's own check. */
export const verifyJwt: Check<Project> = {
  id: "verify-jwt",
  why:
    "`verify_jwt = true`, which is the default, answers before the function does: in another JSON shape, without the function's CORS headers, and without asking whether the session is alive.",
  fix:
    "Write `verify_jwt = false` under `[functions.<name>]` of supabase/config.toml, for each function that checks by itself.",
  *look({ functions, config }) {
    for (const one of functions) {
      const written = config?.get("functions", one.name, "verify_jwt");
      if (written === false || one.entry === undefined) continue;
      const severity = one.mountsEdgeAuth ? "error" : "info";
      const message = written === true
        ? `verify_jwt is true for the function ${one.name}.`
        : `verify_jwt is not written down for the function ${one.name}: the gateway checks first.`;
      const place: Partial<Hit> = config
        ? { file: config.path, line: config.lineOf(["functions", one.name, "verify_jwt"]) }
        : { file: one.entry, line: 1 };
      yield { severity, message, ...place };
    }
  },
};

/** A name in config.toml that leads nowhere. */
export const missingEntry: Check<Project> = {
  id: "function-entry-missing",
  why: "The function is not served, or not as it is here: its callers get 404 or an old version.",
  fix: "Correct `entrypoint`; it is relative to the folder supabase/.",
  *look({ functions, config }) {
    for (const { name, entry } of functions) {
      if (entry !== undefined || !config) continue;
      const line = config.lineOf(["functions", name, "entrypoint"]);
      const message = `The entrypoint of the function ${name} is not there, or cannot be read.`;
      yield { severity: "error", file: config.path, line, message };
    }
  },
};

/** All of this file. */
export const functionChecks: readonly Check<Project>[] = [middleware, verifyJwt, missingEntry];

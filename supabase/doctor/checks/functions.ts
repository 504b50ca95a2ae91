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
    const silent = functions.filter((one) =>
      one.entry !== undefined && !one.mountsEdgeAuth && one.publicBecause === undefined &&
      (inUse || !asksAuth(one))
    );
    if (!inUse) {
      yield* together(silent, "No call that asks Auth is seen in", silent[0]?.entry);
      return;
    }
    for (const { name, entry } of silent) {
      const message = `The function ${name} does not mount edge-auth, as others here do.`;
      yield { severity: "error", file: entry ?? null, line: 1, message };
    }
  },
};

/** One hit for many functions: a project without edge-auth has made another choice, not mistakes. */
function* together(
  functions: readonly EdgeFunction[],
  what: string,
  file: string | undefined,
): Generator<Hit> {
  if (functions.length === 0) return;
  const names = functions.slice(0, 5).map((one) => one.name).join(", ");
  const more = functions.length > 5 ? ` and ${functions.length - 5} more` : "";
  yield { severity: "info", file: file ?? null, line: 1, message: `${what} ${names}${more}.` };
}

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
    const written = (one: EdgeFunction) => config?.get("functions", one.name, "verify_jwt");
    const checked = functions.filter((one) => one.entry !== undefined && written(one) !== false);
    for (const one of checked.filter(({ mountsEdgeAuth }) => mountsEdgeAuth)) {
      const message = written(one) === true
        ? `verify_jwt is true for the function ${one.name}.`
        : `verify_jwt is not written down for the function ${one.name}: the gateway checks first.`;
      const place: Partial<Hit> = config
        ? { file: config.path, line: config.lineOf(["functions", one.name, "verify_jwt"]) }
        : { file: one.entry ?? null, line: 1 };
      yield { severity: "error", message, ...place };
    }
    const others = checked.filter(({ mountsEdgeAuth }) => !mountsEdgeAuth);
    yield* together(
      others,
      "The gateway checks first (verify_jwt is not off) for",
      config?.path ?? others[0]?.entry,
    );
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

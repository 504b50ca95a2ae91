/** Answers a command: which findings are there? */

import { resolve } from "node:path";
import { BASELINE, type Command } from "./args.ts";
import { newFindings, readBaseline, writeBaseline } from "./baseline.ts";
import { surroundings } from "./environment.ts";
import { openFolder } from "./files.ts";
import { mergeFunctions, runChecks, sortFindings, toFinding } from "./finding.ts";
import { applyIgnores } from "./ignores.ts";
import { observe } from "./live/observation.ts";
import { readWorkspace } from "./project/workspace.ts";
import { examine, ignoreWithoutReason, inspectionChecks, liveChecks } from "./registry.ts";
import type { Report } from "./report.ts";
import { inspect } from "./token/inspection.ts";

/** Something that cannot be asked: exit code 2, and this sentence. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What a command may need of the world. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readToken(): Promise<string | undefined>;
  /** Hears what is read or asked, before it takes a while. */
  begin?(what: string): void;
  /** Hears how many of all source files are done. */
  progress?(done: number, all: number): void;
}

/**
 * Runs the doctor.
 *
 * @throws {UsageError} There is no such folder, or no token came.
 */
export async function runCommand(
  command: Extract<Command, { kind: "folder" | "live" | "token" }>,
  world: World,
): Promise<Report> {
  const { env, readToken } = world;
  switch (command.kind) {
    case "folder":
      return await readProject(command, world);
    case "live": {
      const { apiKey, jwks } = surroundings(env, command.url);
      world.begin?.(`Asking ${command.url}`);
      return { findings: runChecks(liveChecks, await observe({ ...command, apiKey, jwks })) };
    }
    case "token": {
      const token = await readToken();
      if (!token?.trim()) throw new UsageError("No token came. Paste one, or pipe it in.");
      const { url, apiKey } = surroundings(env, command.url);
      return { findings: runChecks(inspectionChecks, await inspect(token, url, apiKey)) };
    }
  }
}

async function readProject(
  command: Extract<Command, { kind: "folder" }>,
  { begin, progress }: World,
): Promise<Report> {
  const { folder, sessions } = command;
  const isFolder = await Deno.stat(folder).then((one) => one.isDirectory, () => false);
  if (!isFolder) throw new UsageError("There is no such folder.");
  begin?.(`Reading ${resolve(folder)}`);
  const baseline = command.baseline ?? `${folder}/${BASELINE}`;
  const known = command.writeBaseline ? new Map<string, number>() : await readKnown(
    baseline,
    command.baseline !== undefined,
  );
  const files = await openFolder(folder);
  if (files.paths.length === 0) throw new UsageError("There is nothing to read in this folder.");
  const workspace = readWorkspace(files, sessions);
  const { findings, functions } = examine(workspace, progress);
  const { kept, bare } = applyIgnores(findings, (path) => workspace.sources.files.read(path));
  const all = sortFindings([
    ...kept,
    ...bare.map((one) => toFinding(ignoreWithoutReason, { severity: "warning", ...one })),
  ]);
  if (command.writeBaseline) {
    await Deno.writeTextFile(baseline, writeBaseline(all)).catch(() => {
      throw new UsageError("The baseline cannot be written there.");
    });
  }
  const counted = command.writeBaseline ? [] : newFindings(all, known);
  return {
    findings: mergeFunctions(counted),
    functions,
    read: {
      files: files.paths.length,
      bytes: files.bytes,
      projects: workspace.projects.map((one) => one.folder),
      unreadable: workspace.unreadable.map(({ path }) => path),
      skipped: files.skipped,
      ignored: findings.length - kept.length,
      known: all.length - counted.length,
    },
  };
}

async function readKnown(path: string, isNamed: boolean): Promise<ReadonlyMap<string, number>> {
  try {
    return readBaseline(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound && !isNamed) return new Map();
    throw new UsageError(
      error instanceof SyntaxError
        ? "The baseline cannot be read: write it again with --write-baseline."
        : "There is no such baseline.",
    );
  }
}

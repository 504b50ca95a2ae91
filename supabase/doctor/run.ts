/** Answers a command: which findings are there? */

import type { Command } from "./args.ts";
import { surroundings } from "./environment.ts";
import { readFolder } from "./files.ts";
import { type Finding, runChecks } from "./finding.ts";
import { observe } from "./live/observation.ts";
import { readProject } from "./project/project.ts";
import { inspectionChecks, liveChecks, projectChecks } from "./registry.ts";
import { inspect } from "./token/inspection.ts";

/** Something that cannot be asked: exit code 2, and this sentence. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What a command may need of the world. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readToken(): Promise<string | undefined>;
}

/**
 * Runs the doctor.
 *
 * @throws {UsageError} There is no such folder, or no token came.
 */
export async function runCommand(
  command: Extract<Command, { kind: "folder" | "live" | "token" }>,
  { env, readToken }: World,
): Promise<Finding[]> {
  switch (command.kind) {
    case "folder": {
      const { folder, sessions } = command;
      const isFolder = await Deno.stat(folder).then((one) => one.isDirectory, () => false);
      if (!isFolder) throw new UsageError(`There is no folder ${folder}.`);
      const texts = await readFolder(folder);
      if (texts.size === 0) throw new UsageError(`There is nothing to read in ${folder}.`);
      return runChecks(projectChecks, readProject(texts, sessions));
    }
    case "live": {
      const { apiKey, jwks } = surroundings(env, command.url);
      return runChecks(liveChecks, await observe({ ...command, apiKey, jwks }));
    }
    case "token": {
      const token = await readToken();
      if (!token?.trim()) throw new UsageError("No token came. Paste one, or pipe it in.");
      const { url, apiKey } = surroundings(env, command.url);
      return runChecks(inspectionChecks, await inspect(token, url, apiKey));
    }
  }
}

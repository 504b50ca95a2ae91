/** Applies supabase/migrations as far as the engine can, and reports what it cannot run. */

import type { Connection } from "@supabase/lite";
import type { Engine } from "./lite.ts";
import { pgliteDriver } from "./pglite.ts";

/** A statement that the engine did not run. */
export interface SkippedStatement {
  readonly file: string;
  /** Its beginning, on one line. */
  readonly statement: string;
  readonly reason: string;
}

/** The result of applying the migrations. */
export interface MigrationReport {
  /** The files whose statements all ran. */
  readonly applied: readonly string[];
  readonly skipped: readonly SkippedStatement[];
}

/** Runs one statement; returns the reason if the engine cannot. */
type Runner = (statement: string) => Promise<string | undefined>;

function firstLine(text: string): string {
  return text.split("\n")[0]?.trim().slice(0, 160) ?? "";
}

function headOf(statement: string): string {
  const bare = statement.replace(/^\s*--.*$/gm, "").replace(/\s+/g, " ").trim();
  return bare.length > 72 ? `${bare.slice(0, 71)}…` : bare;
}

async function pgliteRunner(connection: Connection): Promise<Runner> {
  const driver = await pgliteDriver(connection);
  return async (statement) => {
    try {
      await driver.exec(statement);
      return undefined;
    } catch (error) {
      return firstLine(String(error));
    }
  };
}

/** JSON with Maps and Sets, to see whether a statement changed the schema. */
function snapshot(value: unknown): string {
  return JSON.stringify(value, (key, part) => {
    if (key === "ast") return undefined;
    return part instanceof Map || part instanceof Set ? [...part] : part;
  });
}

async function sqliteRunner(connection: Connection): Promise<[Runner, () => Promise<void>]> {
  let kept = "";
  let before = snapshot(await connection.translateDdl(kept));
  const run: Runner = async (statement) => {
    const sql = `${kept}${statement};\n`;
    try {
      // Together with the statements before it: a policy needs its table.
      const after = snapshot(await connection.translateDdl(sql));
      if (after === before) return "the engine ignores it";
      [kept, before] = [sql, after];
      return undefined;
    } catch (error) {
      return firstLine(error instanceof Error ? error.message : String(error));
    }
  };
  return [run, async () => void await connection.createMigrator(kept).migrate()];
}

async function migrationFiles(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (entry.isFile && entry.name.endsWith(".sql")) names.push(entry.name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}

/**
 * Applies every migration to a fresh database, in order of their names.
 *
 * @param folder The folder that holds `migrations/`, and perhaps `seed.sql`.
 * @returns The files that ran, and the statements that the engine could not run.
 */
export async function applyMigrations(
  connection: Connection,
  engine: Engine,
  folder: string,
): Promise<MigrationReport> {
  const { splitSqlStatements } = await import("@supabase/lite");
  const applied: string[] = [];
  const skipped: SkippedStatement[] = [];
  const [run, finish] = engine === "pglite"
    ? [await pgliteRunner(connection), undefined]
    : await sqliteRunner(connection);
  for (const file of await migrationFiles(`${folder}/migrations`)) {
    const failed = skipped.length;
    const sql = await Deno.readTextFile(`${folder}/migrations/${file}`);
    for (const statement of splitSqlStatements(sql)) {
      if (headOf(statement) === "") continue;
      const reason = await run(statement);
      if (reason !== undefined) skipped.push({ file, statement: headOf(statement), reason });
    }
    if (skipped.length === failed) applied.push(file);
  }
  await finish?.();
  const file = "seed.sql";
  const seed = await Deno.readTextFile(`${folder}/${file}`).catch(() => "");
  for (const statement of splitSqlStatements(seed).map(headOf).filter((head) => head !== "")) {
    skipped.push({ file, statement, reason: "the embedded stack does not run a seed" });
  }
  await connection.clearSchemaCache();
  return { applied, skipped };
}

/** Runs a project's migrations and seeds as far as the engine can, and reports what it cannot run. */

import type { Connection } from "@supabase/lite";
import { glob } from "node:fs/promises";
import { join } from "node:path";
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
  /** How many GRANT and REVOKE statements were left out, because sqlite has no roles. */
  readonly grants: number;
}

/** Runs statements; returns for each the reason if the engine cannot. */
type Runner = (statements: readonly string[]) => Promise<(string | undefined)[]>;

function firstLine(text: string): string {
  return text.split("\n")[0]?.trim().slice(0, 160) ?? "";
}

function reasonOf(error: unknown): string {
  return firstLine(error instanceof Error ? error.message : String(error));
}

function headOf(statement: string): string {
  const bare = statement.replace(/^\s*--.*$/gm, "").replace(/\s+/g, " ").trim();
  return bare.length > 72 ? `${bare.slice(0, 71)}…` : bare;
}

async function pgliteRunner(connection: Connection): Promise<Runner> {
  const driver = await pgliteDriver(connection);
  return async (statements) => {
    const reasons: (string | undefined)[] = [];
    for (const statement of statements) {
      reasons.push(await driver.exec(statement).then(() => undefined, reasonOf));
    }
    return reasons;
  };
}

/** JSON with Maps and Sets, to see whether a statement changed the schema. */
function snapshot(value: unknown): string {
  return JSON.stringify(value, (key, part) => {
    if (key === "ast") return undefined;
    return part instanceof Map || part instanceof Set ? [...part] : part;
  });
}

/** Statements about rows; the others change the schema. */
const ABOUT_ROWS = /^(?:delete|insert|select|update|with)\b/i;

/** Statements about roles, which sqlite does not have. */
const ABOUT_ROLES = /^(?:grant|revoke|alter default privileges)\b/i;

/** Runs what changes the schema first, at once, as lite's migrator wants it, and then the rest. */
async function sqliteRunner(connection: Connection): Promise<Runner> {
  const { translatePostgresDdl } = await import("@supabase/lite");
  return async (statements) => {
    const reasons: (string | undefined)[] = statements.map(() => undefined);
    let kept = "";
    let before = snapshot(await connection.translateDdl(kept));
    for (const [i, statement] of statements.entries()) {
      if (ABOUT_ROWS.test(headOf(statement))) continue;
      const sql = `${kept}${statement};\n`;
      try {
        // Together with the statements before it: a policy needs its table.
        const after = snapshot(await connection.translateDdl(sql));
        if (after === before) reasons[i] = "the engine ignores it";
        else [kept, before] = [sql, after];
      } catch (error) {
        reasons[i] = reasonOf(error);
      }
    }
    await connection.createMigrator(kept).migrate();
    for (const [i, statement] of statements.entries()) {
      if (!ABOUT_ROWS.test(headOf(statement))) continue;
      const run = async () => void await connection.exec(await translatePostgresDdl(statement));
      reasons[i] = await run().then(() => undefined, reasonOf);
    }
    return reasons;
  };
}

async function migrationFiles(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(join(folder, "migrations"))) {
      if (entry.isFile && entry.name.endsWith(".sql")) names.push(entry.name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}

/** The files that the patterns name, each once, in their order. */
async function seedFiles(folder: string, patterns: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const pattern of patterns) {
    const names = await Array.fromAsync(glob(pattern, { cwd: folder }));
    for (const name of names.sort()) found.add(name);
  }
  return [...found];
}

/** A file of SQL statements. */
export interface SqlFile {
  /** As it is called in messages. */
  readonly file: string;
  readonly path: string;
}

/**
 * Finds the migrations of a project, in order of their names, and then its seeds.
 *
 * @param folder The folder `supabase/`.
 * @param seeds Paths and patterns of seeds, relative to it.
 */
export async function findSqlFiles(folder: string, seeds: readonly string[]): Promise<SqlFile[]> {
  return [
    ...(await migrationFiles(folder)).map((name) => ({
      file: name,
      path: join(folder, "migrations", name),
    })),
    ...(await seedFiles(folder, seeds)).map((file) => ({ file, path: join(folder, file) })),
  ];
}

/**
 * Runs the statements of files on a fresh database.
 *
 * @returns The files that ran, and the statements that the engine could not run.
 */
export async function applyMigrations(
  connection: Connection,
  engine: Engine,
  files: readonly SqlFile[],
): Promise<MigrationReport> {
  const { splitSqlStatements } = await import("@supabase/lite");
  const run = engine === "pglite" ? await pgliteRunner(connection) : await sqliteRunner(connection);
  const statements: { file: string; sql: string }[] = [];
  let grants = 0;
  const empty = new Set<string>();
  for (const { file, path } of files) {
    const text = await Deno.readTextFile(path);
    const all = splitSqlStatements(text).filter((sql) => headOf(sql) !== "");
    if (all.length === 0) empty.add(file);
    const run = all.filter((sql) => engine === "pglite" || !ABOUT_ROLES.test(headOf(sql)));
    grants += all.length - run.length;
    statements.push(...run.map((sql) => ({ file, sql })));
  }
  const reasons = await run(statements.map(({ sql }) => sql));
  const skipped = statements.flatMap(({ file, sql }, i) => {
    const reason = reasons[i];
    return reason === undefined ? [] : [{ file, statement: headOf(sql), reason }];
  });
  await connection.clearSchemaCache();
  const failed = new Set(skipped.map(({ file }) => file));
  const applied = files.map(({ file }) => file).filter((file) =>
    !failed.has(file) && !empty.has(file)
  );
  return { applied, skipped, grants };
}

/** Starts the database of the stack, and runs the project's SQL. */

import type { Engine, Lite } from "./lite.ts";
import { applyMigrations, findSqlFiles, type MigrationReport } from "./migrations.ts";

/** Options of {@linkcode bootDatabase}. */
export interface DatabaseOptions {
  /** @default {"pglite"} where there is any SQL, as sqlite cannot run all; else "sqlite" */
  readonly engine: Engine | undefined;
  /** The folder `supabase/`. */
  readonly folder: string;
  /** Paths and patterns of seeds, relative to it. */
  readonly seeds: readonly string[];
  /** Starts lite with an empty database. */
  readonly boot: (engine: Engine) => Promise<Lite>;
}

/** A running database with the project's schema. */
export interface Database {
  readonly lite: Lite;
  readonly engine: Engine;
  readonly migrations: MigrationReport;
}

/** Starts lite and runs the project's migrations and seeds. */
export async function bootDatabase(
  { engine: given, folder, seeds, boot }: DatabaseOptions,
): Promise<Database> {
  const files = await findSqlFiles(folder, seeds);
  const hasSql = await Promise.all(files.map(({ path }) => Deno.stat(path)))
    .then((stats) => stats.some(({ size }) => size > 0));
  const engine = given ?? (hasSql ? "pglite" : "sqlite");
  const lite = await boot(engine);
  return { lite, engine, migrations: await applyMigrations(lite.connection, engine, files) };
}

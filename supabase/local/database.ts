/** Starts the database of the stack, and runs the project's SQL. */

import type { Engine, Lite } from "./lite.ts";
import { applyMigrations, type MigrationReport } from "./migrations.ts";

/** Options of {@linkcode bootDatabase}. */
export interface DatabaseOptions {
  /** @default {"sqlite"}; or "pglite", where sqlite cannot run all of the SQL */
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
  { engine, folder, seeds, boot }: DatabaseOptions,
): Promise<Database> {
  const start = async (engine: Engine): Promise<Database> => {
    const lite = await boot(engine);
    const migrations = await applyMigrations(lite.connection, engine, folder, seeds);
    return { lite, engine, migrations };
  };
  const first = await start(engine ?? "sqlite");
  if (engine !== undefined || first.migrations.skipped.length === 0) return first;
  await first.lite.connection.close();
  return await start("pglite");
}

/** The engine pglite: PostgreSQL in this process, provisioned as Supabase's database is. */

import type { Connection } from "@supabase/lite";

/** The roles that Supabase's database has, and what they may do in new schemas. */
const roles = ["anon", "authenticated", "service_role"].map((role) => `
  do $$ begin
    if not exists (select from pg_roles where rolname = '${role}') then
      create role ${role} nologin ${role === "service_role" ? "bypassrls" : ""};
    end if;
  end $$;
  grant usage on schema public, auth to ${role};
  alter default privileges in schema public grant all on tables to ${role};
  alter default privileges in schema public grant all on sequences to ${role};
  alter default privileges in schema public grant all on functions to ${role};
`).join("\n");

/** The driver of a pglite connection: lite's own exec() prints every error. */
export async function pgliteDriver(connection: Connection) {
  const { PgliteConnection } = await import("@supabase/lite/pglite");
  if (connection instanceof PgliteConnection) return connection.driver;
  throw new TypeError("This is not a connection to pglite.");
}

/**
 * Opens an empty database with Auth's tables, auth.uid() and the roles. Lite would provision it by
 * comparing schemas, for which it boots a second PostgreSQL.
 */
export async function connectPglite(): Promise<Connection> {
  const { createPgliteConnection } = await import("@supabase/lite/pglite");
  const { getAuthSchemaSql, SUPABASE_AUTH_HELPERS_SQL } = await import("@supabase/lite");
  const { exitCode } = Deno;
  const connection = await createPgliteConnection({});
  await connection.driver.exec(SUPABASE_AUTH_HELPERS_SQL);
  await connection.driver.exec(getAuthSchemaSql());
  await connection.driver.exec(roles);
  // Starting PostgreSQL leaves one behind, and a test that ends with one has failed.
  Deno.exitCode = exitCode;
  return connection;
}

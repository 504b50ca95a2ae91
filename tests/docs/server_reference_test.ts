// shared/server/README.md lists what there is: exports, options with their defaults, variables.
import { assert, assertEquals } from "@std/assert";
import * as mod from "../../shared/mod.ts";
import { readPage } from "./pages.ts";

const page = await readPage("shared/server/README.md");

/** The first two cells of the rows of the tables below a heading, or above the first one. */
function rowsBelow(heading: string): [first: string, second: string][] {
  const section = page.split(/^## /m).find((text) => text.startsWith(heading)) ?? "";
  return [...section.matchAll(/^\| (.*?) +\| (.*?) +\|/gm)]
    .map(([, first, second]) => [first!, second!] as [string, string])
    .filter(([first]) => /^[[`]/.test(first));
}

/** The properties of an interface, with the default in their docstring. */
async function propertiesOf(file: string, name: string): Promise<Map<string, string | undefined>> {
  const source = await readPage(`shared/server/${file}`);
  const body = new RegExp(`export interface ${name}\\b[^]*?\\n}`).exec(source)?.[0];
  assert(body, `${file} has no interface ${name}`);
  return new Map(
    [...body.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\s*readonly (\w+)\??:/g)].map(
      ([, comment, property]) => [property!, /@default \{(.*)\}/.exec(comment!)?.[1]],
    ),
  );
}

/** Compares a table of options with interfaces. Where the source names no default, the page may. */
function assertOptions(
  rows: readonly [string, string][],
  properties: ReadonlyMap<string, string | undefined>,
): void {
  const listed = new Map(
    rows.flatMap(([names, value]) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name]) => [name!, value] as const)
    ),
  );
  assertEquals([...listed.keys()].sort(), [...properties.keys()].sort());
  for (const [name, value] of properties) {
    if (value !== undefined) assertEquals(listed.get(name), `\`${value}\``, name);
  }
}

Deno.test("README.md lists what mod.ts exports", () => {
  const listed = rowsBelow("# Server reference").map(([cell]) => /`(\w+)/.exec(cell)![1]!);
  const exported = listed.filter((name) => name in mod);
  assertEquals(exported.sort(), Object.keys(mod).sort());
});

Deno.test("README.md lists the members of c.var.auth", async () => {
  const exports = Object.keys(mod);
  const listed = rowsBelow("# Server reference").map(([cell]) => /`(\w+)/.exec(cell)![1]!)
    .filter((name) => !exports.includes(name));
  const members = new Set<string>();
  for (const context of ["User", "Secret", "Publishable", "None"]) {
    const properties = await propertiesOf("internal/context_types.ts", `${context}Context`);
    for (const name of properties.keys()) members.add(name);
  }
  assertEquals(listed.sort(), [...members].sort());
});

Deno.test("README.md lists the options of auth() with their defaults", async () => {
  assertOptions(
    rowsBelow("Options of `auth(options)`"),
    new Map([
      ...await propertiesOf("auth.ts", "AuthOptions"),
      ...await propertiesOf("core/backend.ts", "BackendOptions"),
    ]),
  );
});

Deno.test("README.md lists the options of webhook() with their defaults", async () => {
  assertOptions(
    rowsBelow("Options of `webhook(options)`"),
    new Map([
      ...await propertiesOf("webhook.ts", "WebhookOptions"),
      ...await propertiesOf("webhook.ts", "VerifyWebhookOptions"),
    ]),
  );
});

Deno.test("README.md lists the options of edgeFunction() with their defaults", async () => {
  const rows = rowsBelow("Options of `edgeFunction(name, options)`");
  const properties = await propertiesOf("edge_function.ts", "EdgeFunctionOptions");
  assert(properties.delete("cors"));
  assertOptions(rows.filter(([name]) => !name.includes("cors.")), properties);
  const cors = rows.filter(([name]) => name.includes("cors."))
    .map(([name, value]) => [name.replace("cors.", ""), value] as [string, string]);
  assertOptions(cors, await propertiesOf("internal/cors.ts", "CorsOptions"));
});

Deno.test("README.md lists the variables that are read", async () => {
  const read = new Set(
    (await readPage("shared/server/core/project.ts")).match(/SUPABASE_[A-Z_]+/g),
  );
  for (const path of ["functions/auth-callback/index.ts", "shared/server/internal/log.ts"]) {
    const source = await readPage(path);
    for (const [, name] of source.matchAll(/(?:Deno\.env\.get|readProcessVariable)\("(\w+)"\)/g)) {
      read.add(name!);
    }
  }
  const hooks = await readPage("functions/hooks/index.ts");
  for (const [, name] of hooks.matchAll(/env: "(\w+)"/g)) read.add(name!);
  const listed = rowsBelow("Environment variables").map(([cell]) => cell.replaceAll("`", ""));
  assertEquals(listed.sort(), [...read].sort());
});

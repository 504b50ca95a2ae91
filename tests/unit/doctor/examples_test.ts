// Each check, shown firing and not firing on files made for it.
import { assert, assertEquals } from "@std/assert";
import { projectChecks } from "../../../supabase/doctor/registry.ts";
import { findings, type Shown } from "./_project.ts";
import { configExamples } from "./examples/config.ts";
import { functionExamples } from "./examples/functions.ts";
import { keyExamples } from "./examples/keys.ts";
import { clientExamples } from "./examples/source_client.ts";
import { errorExamples } from "./examples/source_errors.ts";
import { serverExamples } from "./examples/source_server.ts";

const examples: Readonly<Record<string, Shown>> = {
  ...configExamples,
  ...functionExamples,
  ...keyExamples,
  ...serverExamples,
  ...errorExamples,
  ...clientExamples,
};

for (const [id, { fires, quiet }] of Object.entries(examples)) {
  for (const { when, files, sessions, severity, at } of fires) {
    Deno.test(`${id} fires when ${when}`, () => {
      const found = findings(files, id, sessions);
      assertEquals(found.map((one) => [one.severity, `${one.file}:${one.line}`]), [[severity, at]]);
    });
  }
  for (const { when, files, sessions } of quiet) {
    Deno.test(`${id} is quiet when ${when}`, () => {
      assertEquals(findings(files, id, sessions).map((one) => one.message), []);
    });
  }
}

Deno.test("projectChecks are each shown firing and not firing", () => {
  const ids = projectChecks.map((check) => check.id);
  assertEquals(new Set(ids).size, ids.length);
  assertEquals(Object.keys(examples).sort(), ids.toSorted());
  for (const [id, { fires, quiet }] of Object.entries(examples)) {
    assert(fires.length > 0 && quiet.length > 0, id);
  }
});

Deno.test("projectChecks never tell a secret, a key or an address", () => {
  const values = /eyJ|sb_(?:secret|publishable)_\w{5}|[\w.]+@[\w-]+\.\w|super-secret/;
  for (const { fires } of Object.values(examples)) {
    for (const { files, sessions } of fires) {
      for (const { message, why, fix } of findings(files, undefined, sessions)) {
        assert(!values.test(message + why + fix), message);
      }
    }
  }
});

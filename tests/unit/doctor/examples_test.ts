// Each check, shown firing and not firing on files made for it.
import { assert, assertEquals } from "@std/assert";
import { folderKinds } from "../../../supabase/doctor/registry.ts";
import { findings, type Shown } from "./_project.ts";
import { appExamples } from "./examples/clients.ts";
import { configExamples } from "./examples/config.ts";
import { corsExamples } from "./examples/cors.ts";
import { credentialExamples } from "./examples/credentials.ts";
import { functionExamples } from "./examples/functions.ts";
import { keyExamples } from "./examples/keys.ts";
import { outageExamples } from "./examples/outage.ts";
import { clientExamples } from "./examples/source_client.ts";
import { errorExamples } from "./examples/source_errors.ts";
import { serverExamples } from "./examples/source_server.ts";

const examples: Readonly<Record<string, Shown>> = {
  ...configExamples,
  ...functionExamples,
  ...corsExamples,
  ...outageExamples,
  ...credentialExamples,
  ...appExamples,
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

Deno.test("folderKinds are each shown firing and not firing", () => {
  const ids = folderKinds.map(({ id }) => id).filter((id) => id !== "ignore-without-reason");
  assertEquals(new Set(ids).size, ids.length);
  assertEquals(Object.keys(examples).sort(), ids.toSorted());
  for (const [id, { fires, quiet }] of Object.entries(examples)) {
    assert(fires.length > 0 && quiet.length > 0, id);
  }
});

Deno.test("examine() never tell a secret, a key or an address", () => {
  const values = /eyJ|sb_(?:secret|publishable)_\w{5}|[\w.]+@[\w-]+\.\w|super-secret/;
  for (const { fires } of Object.values(examples)) {
    for (const { files, sessions } of fires) {
      for (const { message, why, fix } of findings(files, undefined, sessions)) {
        assert(!values.test(message + why + fix), message);
      }
    }
  }
});

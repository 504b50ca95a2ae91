// A function on Node without the fake Deno of install(): node_test.ts bundles and runs it.
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { edgeFunction } from "../../../shared/mod.ts";
import { fakeAuth } from "../../../shared/testing/mod.ts";

test("edgeFunction() reads process.env where there is no Deno", async () => {
  assert.equal("Deno" in globalThis, false);
  const auth = fakeAuth();
  Object.assign(process.env, auth.options.env);
  globalThis.fetch = auth.options.fetch;
  const app = edgeFunction("hello");
  app.get("/", (c) => c.text(c.var.auth.user.id));
  const ada = auth.signIn();
  const response = await app.fetch(ada.request("/hello"));
  assert.equal(await response.text(), ada.user.id);
});

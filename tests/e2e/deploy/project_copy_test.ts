import { assert, assertEquals } from "@std/assert";
import { functionNames, ignoredBy } from "./project_copy.ts";

Deno.test("ignoredBy() knows names anywhere and paths from the root", () => {
  const ignored = ignoredBy("# a comment\n\nnode_modules/\n.env\n.env.*\nsupabase/.temp/\n");
  const paths = [
    "node_modules",
    "a/node_modules",
    ".env",
    "functions/.env.local",
    "supabase/.temp",
  ];
  for (const path of paths) assert(ignored(path), path);
  for (const path of ["src", "environment", "node_modules.ts", "a/supabase/.temp", "a comment"]) {
    assertEquals(ignored(path), false, path);
  }
});

Deno.test("functionNames() finds the folders of functions/", async () => {
  const names = await functionNames();
  assert(names.includes("me"), String(names));
  assertEquals(names, names.toSorted());
});

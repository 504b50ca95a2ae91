// supabase/doctor/README.md: the page that every finding leads to.
import { assert, assertEquals } from "@std/assert";
import { allKinds } from "../../../supabase/doctor/registry.ts";

const page = await Deno.readTextFile(
  new URL("../../../supabase/doctor/README.md", import.meta.url),
);
const sections = new Map(
  page.split(/^### /m).slice(1).map((text) => [text.split("\n")[0]!, text]),
);
const plain = (text: string) => text.replaceAll(/[\s\\*_]+/g, " ");

Deno.test("README.md has a heading for each finding, and no other at that level", () => {
  const ids = allKinds.map(({ id }) => id);
  assertEquals([...sections.keys()], ids);
  assertEquals(new Set(ids).size, ids.length);
});

Deno.test("README.md says why and what to do in the words of the findings", () => {
  for (const { id, why, fix } of allKinds) {
    const text = plain(sections.get(id)!);
    assert(text.includes(plain(why)), `${id}: the reason differs`);
    assert(text.includes(plain(fix)), `${id}: the fix differs`);
  }
});

Deno.test("README.md links only to what is there", async () => {
  for (const [, target] of page.matchAll(/\]\(([^)]+)\)/g)) {
    if (target!.startsWith("#")) assert(sections.has(target!.slice(1)), target);
    else await Deno.stat(new URL(`../../../supabase/doctor/${target}`, import.meta.url));
  }
});

import { assertEquals } from "@std/assert";
import { type CopyPlan, planCopy, STAMP } from "../../../supabase/adopt/copy.ts";

const V1 = new Map([["mod.ts", "one\n"], ["a.ts", "a\n"], ["gone.ts", "gone\n"]]);
const V2 = new Map([["mod.ts", "two\n"], ["a.ts", "a\n"], ["new.ts", "new\n"]]);

/** A copy after its plan was carried out. */
function carryOut(
  { writes }: CopyPlan,
  existing: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const files = new Map(existing);
  for (const [path, text] of writes) {
    if (text === null) files.delete(path);
    else files.set(path, text);
  }
  return files;
}

const first = () => carryOut(planCopy("1.0.0", V1, new Map()));

Deno.test("planCopy() writes what is missing, and nothing the second time", () => {
  assertEquals([...first().keys()], ["mod.ts", "a.ts", "gone.ts", STAMP]);
  const { installed, writes, changedByHand } = planCopy("1.0.0", V1, first());
  assertEquals([installed, writes.size, changedByHand], ["1.0.0", 0, []]);
});

Deno.test("planCopy() updates, adds and removes files of another version", () => {
  const plan = planCopy("2.0.0", V2, first());
  assertEquals([plan.installed, [...plan.writes.keys()]], [
    "1.0.0",
    ["mod.ts", "new.ts", "gone.ts", STAMP],
  ]);
  assertEquals(plan.writes.get("gone.ts"), null);
  assertEquals(planCopy("2.0.0", V2, carryOut(plan, first())).writes.size, 0);
});

Deno.test("planCopy() keeps a changed file that the new version does not change", () => {
  const existing = first().set("a.ts", "mine\n").set("gone.ts", "mine\n");
  const plan = planCopy("2.0.0", V2, existing);
  assertEquals([plan.changedByHand, plan.conflicts], [["a.ts", "gone.ts"], []]);
  const after = carryOut(plan, existing);
  assertEquals([after.get("a.ts"), after.get("gone.ts"), after.get("mod.ts")], [
    "mine\n",
    "mine\n",
    "two\n",
  ]);
  assertEquals(planCopy("2.0.0", V2, after).writes.size, 0);
  assertEquals(planCopy("2.0.0", V2, after).changedByHand, ["a.ts"]);
});

Deno.test("planCopy() writes nothing while a changed file is one that the new version changes", () => {
  const existing = first().set("mod.ts", "mine\n");
  const plan = planCopy("2.0.0", V2, existing);
  assertEquals([plan.conflicts, plan.writes.size], [["mod.ts"], 0]);
  existing.delete("mod.ts"); // what the report says to do
  assertEquals(planCopy("2.0.0", V2, existing).conflicts, []);
});

Deno.test("planCopy() overwrites no file that edge-auth has not written", () => {
  const plan = planCopy("1.0.0", V1, new Map([["mod.ts", "by hand\n"]]));
  assertEquals([plan.installed, plan.conflicts, plan.writes.size], [null, ["mod.ts"], 0]);
  const broken = planCopy("1.0.0", V1, first().set(STAMP, "{").set("mod.ts", "x"));
  assertEquals([broken.installed, broken.conflicts], [null, ["mod.ts"]]);
});

Deno.test("planCopy() writes a deleted file again, and minds no other ends of lines", () => {
  const existing = first();
  existing.delete("a.ts");
  assertEquals([...planCopy("1.0.0", V1, existing).writes.keys()], ["a.ts"]);
  const checkedOut = new Map([...first()].map(([path, text]) => [
    path,
    text.replaceAll("\n", "\r\n"),
  ]));
  const plan = planCopy("1.0.0", V1, checkedOut);
  assertEquals([plan.writes.size, plan.changedByHand], [0, []]);
});

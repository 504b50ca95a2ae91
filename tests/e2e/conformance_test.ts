import { assert, assertEquals } from "@std/assert";
import { differences } from "../../supabase/local/auth/differences.ts";
import { bootStack, type RunningStack } from "../../supabase/local/stack.ts";
import { notEmulated, whyNotEmulated } from "./conformance/not_emulated.ts";
import { recordings, type Replay, replayOne } from "./conformance/recordings.ts";
import { scenes, type Stage } from "./conformance/scenes.ts";

const twin = "@2024-01-01";
let offset = 0;
let stack: RunningStack;
let strict: RunningStack;

const settings = {
  siteUrl: "http://localhost:3000",
  securePasswordChange: false,
  requireCurrentPassword: false,
  templates: {},
};

Deno.test.beforeAll(async () => {
  const usual = { port: 0, functions: false, now: () => Date.now() + offset };
  stack = await bootStack({ ...usual, settings });
  const rules = { securePasswordChange: true, requireCurrentPassword: true };
  strict = await bootStack({ ...usual, settings: { ...settings, ...rules } });
});

Deno.test.afterAll(async () => {
  await stack.close();
  await strict.close();
});

for (const scene of scenes) {
  Deno.test(`authFront() answers as recorded: ${scene.name}`, async (t) => {
    const played = new Set<string>();
    const stage: Stage = {
      stack,
      strict,
      wait: (milliseconds) => void (offset += milliseconds),
      async play(id, replay: Replay = {}, on = stack) {
        played.add(id);
        let body: unknown;
        await t.step(id, async () => void (body = await replayOne(id, replay, on)));
        if (recordings.has(id + twin)) {
          await t.step(id + twin, async () => void await replayOne(id + twin, replay, on));
        }
        return body;
      },
    };
    await scene.play(stage);
    assertEquals([...played].sort(), [...scene.ids].sort());
  });
}

Deno.test("scenes replay every recorded answer that is not left out by name", () => {
  const replayed = new Set(scenes.flatMap((scene) => scene.ids));
  const base = (id: string) => id.replace(twin, "");
  const forgotten = [...recordings.keys()]
    .filter((id) => !replayed.has(base(id)) && !whyNotEmulated(id));
  assertEquals(forgotten, []);
  const both = [...replayed].filter((id) => whyNotEmulated(id));
  assertEquals(both, []);
});

Deno.test("notEmulated names recorded answers only", () => {
  for (const pattern of Object.keys(notEmulated)) {
    const start = pattern.replace("*", "");
    assert([...recordings.keys()].some((id) => id.startsWith(start)), pattern);
  }
});

Deno.test("differences names each known difference of lite once, and none that it leaves out", async () => {
  const file = new URL("../recordings/embedded-differences.json", import.meta.url);
  const { rows }: { rows: { id: string }[] } = JSON.parse(await Deno.readTextFile(file));
  const known = rows.map((row) => row.id).filter((id) => !whyNotEmulated(id)).sort();
  assertEquals(differences.flatMap((difference) => difference.rows).sort(), known);
});

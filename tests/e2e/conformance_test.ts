import { assert, assertEquals } from "@std/assert";
import { differences } from "../../supabase/local/auth/differences.ts";
import { bootStack, type RunningStack } from "../../supabase/local/stack.ts";
import { notEmulated, whyNotEmulated } from "./conformance/not_emulated.ts";
import { compareWithRecording, recordings, type RequestValues } from "./conformance/recordings.ts";
import type { ScenarioContext } from "./conformance/scenario.ts";
import { recordedScenarios } from "./conformance/scenarios.ts";

/** Ends the id of a recording whose request asked for this API version. */
const VERSIONED = "@2024-01-01";

Deno.test("answerAuth() answers like the recorded server, to every request that is emulated", async (t) => {
  let offsetMs = 0;
  const settings = {
    siteUrl: "http://localhost:3000",
    securePasswordChange: false,
    requireCurrentPassword: false,
    templates: {},
  };
  const options = { port: 0, functions: false, now: () => Date.now() + offsetMs };
  await using stack = await bootStack({ ...options, settings });
  const rules = { securePasswordChange: true, requireCurrentPassword: true };
  await using strict = await bootStack({ ...options, settings: { ...settings, ...rules } });

  const compared = new Set<string>();
  for (const { name, run } of recordedScenarios) {
    await t.step(name, async (step) => {
      const compare = async (id: string, values: RequestValues = {}, on: RunningStack = stack) => {
        let body: unknown;
        for (const one of [id, id + VERSIONED].filter((one) => one === id || recordings.has(one))) {
          compared.add(one);
          await step.step(one, async () => {
            const answer = await compareWithRecording(one, values, on);
            if (one === id) body = answer;
          });
        }
        return body;
      };
      const context: ScenarioContext = {
        stack,
        strict,
        advance: (milliseconds) => void (offsetMs += milliseconds),
        compare,
        compareAs: async ({ access_token: token }, ...ids) => {
          for (const id of ids) await compare(id, { token });
        },
      };
      await run(context);
    });
  }

  const emulated = [...recordings.keys()].filter((id) => !whyNotEmulated(id));
  assertEquals([...compared].sort(), emulated.sort());
});

Deno.test("notEmulated names only recordings that exist", () => {
  for (const pattern of Object.keys(notEmulated)) {
    const start = pattern.replace("*", "");
    assert([...recordings.keys()].some((id) => id.startsWith(start)), pattern);
  }
});

Deno.test("differences names each known difference of lite once, except those not emulated", async () => {
  const file = new URL("../recordings/embedded-differences.json", import.meta.url);
  const { rows }: { rows: { id: string }[] } = JSON.parse(await Deno.readTextFile(file));
  const known = rows.map((row) => row.id).filter((id) => !whyNotEmulated(id)).sort();
  assertEquals(differences.flatMap((difference) => difference.rows).sort(), known);
});

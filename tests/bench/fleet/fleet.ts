// deno task bench:fleet [--quick]
import { type FleetPlan, measureFleet } from "./measure.ts";
import { formatted } from "../readme/formatted.ts";
import { fleetPage, fleetTable } from "./page.ts";

const FULL: FleetPlan = {
  fleets: [
    ...[1, 2, 4, 8].flatMap((isolates) =>
      [0, 1, 2, 5].map((freshness) => ({ isolates, freshness, users: 1000 }))
    ),
    // More users than an isolate remembers.
    { isolates: 1, freshness: 30, users: 20_000 },
  ],
  requests_per_second: 300,
  call_ms: 10,
  seconds: 10,
  strangers: 4000,
};
const QUICK: FleetPlan = {
  ...FULL,
  fleets: [{ isolates: 1, freshness: 1, users: 50 }, { isolates: 2, freshness: 0, users: 50 }],
  requests_per_second: 100,
  seconds: 2,
  strangers: 100,
};

const quick = Deno.args.includes("--quick");
const result = await measureFleet(quick ? QUICK : FULL, (line) => console.error(`... ${line}`));
console.log(fleetTable(result.lines));
if (!quick) {
  const page = fleetPage(result, new Date().toISOString().slice(0, 10));
  await Deno.writeTextFile(new URL("../FLEET.md", import.meta.url), await formatted(page, "md"));
}
Deno.exit(0);

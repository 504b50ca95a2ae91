// deno task bench:fleet [--quick]
import { type FleetPlan, measureFleet } from "./measure.ts";
import { formatted } from "../readme/formatted.ts";
import { fleetPage, fleetTable } from "./page.ts";

const FULL: FleetPlan = {
  isolates: [1, 2, 4, 8],
  freshness: [0, 1, 2, 5],
  users: 1000,
  requests_per_second: 300,
  call_ms: 10,
  seconds: 10,
};
const QUICK: FleetPlan = {
  ...FULL,
  isolates: [1, 2],
  freshness: [0, 1],
  users: 50,
  requests_per_second: 100,
  seconds: 2,
};

const quick = Deno.args.includes("--quick");
const lines = await measureFleet(quick ? QUICK : FULL, (line) => console.error(`... ${line}`));
console.log(fleetTable(lines));
if (!quick) {
  const page = fleetPage(lines, new Date().toISOString().slice(0, 10));
  await Deno.writeTextFile(new URL("../FLEET.md", import.meta.url), await formatted(page, "md"));
}
Deno.exit(0);

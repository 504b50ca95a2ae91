// What `deno task test:browser` runs: every test in a browser, and as its last line how many passed.
import { runTests } from "../../support/run.ts";
import { findChromium } from "./chromium.ts";

try {
  await findChromium();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.log("0 passed, 1 failed");
  Deno.exit(1);
}
// Each file has a stack and a browser of its own, and changes nothing that the files share; the
// types are checked by `deno task check`.
const flags = ["--parallel", "--no-check"];
const [line, code] = await runTests([...flags, "tests/e2e/chromium", ...Deno.args], 60_000);
console.log(line);
Deno.exit(code);

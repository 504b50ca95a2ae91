// `deno task test:browser`: every test in a browser. Its last lines name the tests that failed, and
// the counts.
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
// types are checked by `deno task check`, with the same lock file.
const flags = ["--parallel", "--no-check", "--lock=tests/deno.lock"];
const [lines, code] = await runTests([...flags, "tests/e2e/chromium", ...Deno.args]);
console.log(lines.join("\n"));
Deno.exit(code);

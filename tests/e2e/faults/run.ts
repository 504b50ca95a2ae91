// `deno task test:faults`: what becomes of requests under faults, load and hostile input. Prints its
// figures; its last lines name the tests that failed, and the counts. FUZZ_CASES and LEAK_SECONDS
// make it longer: 1000000 and 600 by hand.
import { runTests } from "../../support/run.ts";

const flags = ["--no-check", "--lock=tests/deno.lock"];
const [lines, code] = await runTests([...flags, "tests/e2e/faults", ...Deno.args]);
console.log(lines.join("\n"));
Deno.exit(code);

// What `deno task test:frontends` runs: new projects of Vite and Next, really built. It needs Node and
// npm, and a package registry.
import { runTests } from "../../support/run.ts";

const flags = ["--no-check", "--lock=tests/deno.lock"];
const [lines, code] = await runTests([...flags, "tests/e2e/frontends", ...Deno.args]);
console.log(lines.join("\n"));
Deno.exit(code);

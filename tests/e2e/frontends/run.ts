// What `deno task test:frontends` runs: new projects of Vite and Next, really built. It needs Node and
// npm, and a package registry.
import { runTests } from "../../support/run.ts";

const [line, code] = await runTests(["--no-check", "tests/e2e/frontends", ...Deno.args], 900_000);
console.log(line);
Deno.exit(code);

// `deno task test:webkit`: the whole client in WebKit. Its last lines name the tests that failed, and
// the counts.
import { runTests } from "../../support/run.ts";
import { hasWebKit, HOW_TO_GET } from "./webkit.ts";

if (!await hasWebKit()) {
  console.error(HOW_TO_GET);
  console.log("0 passed, 1 failed");
  Deno.exit(1);
}
const flags = ["--no-check", "--lock=tests/deno.lock"];
const [lines, code] = await runTests([...flags, "tests/e2e/webkit", ...Deno.args]);
console.log(lines.join("\n"));
Deno.exit(code);

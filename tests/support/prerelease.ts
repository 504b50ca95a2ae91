// `deno task test:prerelease`: the tests of `deno task test` with the newest prerelease of supabase-js
// instead of the pinned version. What they start as a process of its own keeps the pinned one.
import { ROOT } from "./project_copy.ts";
import { runTests } from "./run.ts";

const PACKAGE = "@supabase/supabase-js";

/** The prerelease with the highest version. */
async function newestPrerelease(): Promise<string> {
  const { stdout } = await new Deno.Command("npm", {
    args: ["view", PACKAGE, "versions", "--json"],
    stderr: "inherit",
  }).output();
  const versions: string[] = JSON.parse(new TextDecoder().decode(stdout));
  const { compare } = new Intl.Collator("en", { numeric: true });
  const newest = versions.filter((version) => version.includes("-")).toSorted(compare).at(-1);
  if (newest === undefined) throw new Error(`npm has no prerelease of ${PACKAGE}.`);
  return newest;
}

const version = await newestPrerelease();
const map = JSON.parse(await Deno.readTextFile(new URL("import_map.json", ROOT)));
map.imports[PACKAGE] = `npm:${PACKAGE}@${version}`;
const path = await Deno.makeTempFile({ suffix: ".json" });
await Deno.writeTextFile(path, JSON.stringify(map));
console.log(`${PACKAGE} ${version}`);
const flags = [`--import-map=${path}`, "--no-lock", "--no-check"];
const [lines, code] = await runTests([...flags, ...Deno.args]);
await Deno.remove(path);
console.log(lines.join("\n"));
Deno.exit(code);

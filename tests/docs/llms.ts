/**
 * Writes shared/llms.txt, the page for coding assistants: the recipes and the reference in one file
 * without links, in the form of https://llmstxt.org. Its snippets are those of the pages, which
 * snippets_test.ts runs.
 *
 *     deno task docs
 *
 * @module
 */
import { findBlocks, readPage, ROOT } from "./pages.ts";
import { STEPS } from "./reference.ts";

const PAGE = new URL("shared/llms.txt", ROOT);

/** The pages that it is made of. */
export interface Sources {
  /** README.md. */
  readonly readme: string;
  /** shared/server/README.md. */
  readonly reference: string;
  /** shared/server/RECIPES.md. */
  readonly recipes: string;
}

/** Reads the pages. */
export async function readSources(): Promise<Sources> {
  const [readme, reference, recipes] = await Promise.all(
    ["README.md", "shared/server/README.md", "shared/server/RECIPES.md"].map(readPage),
  ) as [string, string, string];
  return { readme, reference, recipes };
}

/**
 * Builds the page.
 *
 * @param sources The pages that it is made of.
 * @throws {Error} A page has no such part any more.
 */
export function buildPage({ readme, reference, recipes }: Sources): string {
  const first = findBlocks("README.md", readme).find(({ text }) =>
    text.startsWith("// supabase/functions/me/index.ts")
  );
  const error = findBlocks("README.md", readme).find(({ language }) => language === "json");
  if (first === undefined || error === undefined) throw new Error("README.md lacks a snippet");
  return `# edge-auth

> The auth layer for Supabase Edge Functions: Hono middleware that calls getUser, so that a request
> is served only while Supabase Auth says that its session is alive. Every failure has one JSON
> shape that names the client's next step.

How to write functions with the copy of edge-auth in supabase/functions/_shared/edge-auth. Every
snippet is a whole file that a test has run.

## Rules

- Write a function as edgeFunction("<name>"), where <name> is the name of its folder, and end it with
  \`export default { fetch: app.fetch };\`. It is a Hono app: routes are below the name.
- Import from "../_shared/edge-auth/mod.ts" only, and webhook() from
  "../_shared/edge-auth/server/webhook.ts", which needs the package standardwebhooks. Do not change
  files in _shared/edge-auth: run \`deno task adopt <project>\` in a clone of edge-auth to update
  them.
- To serve the project without Docker, with reload, run \`deno task dev --project <project>\` there.
- The caller is c.var.auth.user. Never read the Authorization header, decode the token or call
  getUser yourself, and never take a user id from the body or the query.
- Use c.var.auth.supabase for the database: it acts as the caller, under row level security. Throw
  the \`error\` of supabase-js as it is.
- To refuse, throw new ProblemError("<code>"). Do not catch errors only to answer 500. A code that
  is not in the table is declared with defineProblems(), in one file that all functions share.
- Every route needs a signed-in user by default. List a route that anybody may call in the option
  public.
- Who else may call is a list of modes, auth: { allow: ["user", "secret:cron"] }: "user" is the
  default, "secret:<name>" a machine with that API key in the apikey header, "publishable" an app in
  which nobody is signed in, "none" anybody, and last. c.var.auth.kind says who calls. Never compare
  keys yourself.
- What a user may do is said by guards before the handler: requireRole("admin"), requireAal("aal2"),
  requireRecentAuth(300), requireClaim(), forbidAnonymous(), requireConfirmedEmail(), or guard(name,
  test) for a rule of the application. Do not check app_metadata or claims in handlers.
- A webhook or an Auth hook comes to a public route behind webhook({ secret: { env: "NAME" } }).
- Set verify_jwt = false in supabase/config.toml for each of these functions, and only for them.
- Add the imports of _shared/edge-auth to the function's deno.json: \`deno task adopt\` does it.
- Do not add CORS headers, try/catch around handlers, or a second JSON shape for errors.
- Answer GET and POST where an app calls functions.invoke(), which sends POST by default.

## A function

${fenced("ts", first.text)}
## The body of every failure

${fenced("json", error.text)}
\`replay: true\` says that the handler did not run. Where they apply, there are also retry_after and
max_age (both in seconds), required_aal and issues. action is one of these:

${Object.entries(STEPS).map(([action, step]) => `- ${action}: ${step}`).join("\n")}

## Reference

${plain(reference.slice(reference.indexOf("| export"), reference.indexOf("## Environment")))}
## Recipes

${plain(recipes.slice(recipes.indexOf("## ")).replaceAll(/^## /gm, "### "))}`;
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\`\`\`\n`;
}

/** Without links, which lead to files that a project does not have, and without padding in tables. */
function plain(text: string): string {
  return text.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, "$1").replaceAll(/ {2,}\|/g, " |")
    .replaceAll(/^## /gm, "### ").replaceAll(/-{4,}/g, "---").trimEnd() + "\n";
}

if (import.meta.main) {
  const page = buildPage(await readSources());
  if (!Deno.args.includes("--check")) await Deno.writeTextFile(PAGE, page);
  else if (await Deno.readTextFile(PAGE).catch(() => "") !== page) {
    console.error("shared/llms.txt is not up to date: run deno task docs");
    Deno.exit(1);
  }
}

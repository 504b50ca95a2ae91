// Commands of a project that deploy functions: their --no-verify-jwt wins over config.toml.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { readDeployments } from "../../../supabase/doctor/project/deployments.ts";
import { config, diagnosis, edge, type Files } from "./_project.ts";

/** A function that writes what it was sent, as the service, for everybody. */
const OPEN = `import { createClient } from "npm:@supabase/supabase-js@2"; ` +
  `const admin = createClient("u", Deno.env.get("SUPABASE_SERVICE_ROLE_KEY")!);\n` +
  `Deno.serve(async (req) => Response.json(await admin.from("orders").insert(await req.json())));`;

const SCRIPT = (command: string): Files => ({
  "package.json": JSON.stringify({ scripts: { build: "vite build", deploy: command } }, null, 2),
});
const WORKFLOW = ".github/workflows/deploy.yml";
const workflow = (...lines: string[]): Files => ({
  [WORKFLOW]: ["on: push", "jobs:", "  deploy:", "    steps:", ...lines].join("\n"),
});

/** What is said of functions a and b: the id, the severity, and the flag's place. */
function said(files: Files): Record<string, string> {
  const { findings } = diagnosis({ ...edge(OPEN, "a"), ...edge(OPEN, "b"), ...files });
  return Object.fromEntries(
    findings.filter(({ file }) => file?.includes("/functions/")).map((one) => {
      const at = /(\S+:\d+) (?:may deploy|deploys) it with --no-verify-jwt/.exec(one.message)?.[1];
      return [one.message[0]!, [one.id, one.severity, at].filter(Boolean).join(" ")];
    }),
  );
}

const OFF = "function-open-service error";
const ON = "function-anon-key-enough warning";

Deno.test("examine() takes verify_jwt for off when a script of package.json deploys all without it", () => {
  for (const command of ["supabase", "npx supabase@2", "pnpm exec supabase --debug"]) {
    assertEquals(said(SCRIPT(`npm run build && ${command} functions deploy --no-verify-jwt`)), {
      a: `${OFF} package.json:4`,
      b: `${OFF} package.json:4`,
    });
  }
});

Deno.test("examine() takes verify_jwt for off for the functions that a workflow names", () => {
  const files = workflow(
    "      - name: Deploy with supabase functions deploy --no-verify-jwt",
    "        run: supabase functions deploy b --no-verify-jwt",
    "      - run: |",
    "          echo deploying",
    "          supabase functions deploy --project-ref $REF \\",
    "            a --no-verify-jwt",
  );
  assertEquals(said(files), { a: `${OFF} ${WORKFLOW}:10`, b: `${OFF} ${WORKFLOW}:6` });
  assertEquals(
    said(workflow("      - run: supabase functions deploy a --no-verify-jwt")),
    { a: `${OFF} ${WORKFLOW}:5`, b: ON },
  );
});

Deno.test("examine() says that a Makefile may turn verify_jwt off when a variable holds the names", () => {
  const makefile = { Makefile: "deploy:\n\tsupabase functions deploy $(FN) --no-verify-jwt\n" };
  assertEquals(said(makefile), { a: `${ON} Makefile:2`, b: `${ON} Makefile:2` });
  // Where the file mentions functions, only those.
  const loop = {
    "deploy.sh": 'for fn in b c; do\n  supabase functions deploy "$fn" --no-verify-jwt\ndone\n',
  };
  assertEquals(said(loop), { a: ON, b: `${ON} deploy.sh:2` });
});

Deno.test("examine() says that verify_jwt may be off when a variable may hold the flag", () => {
  const files = {
    "deploy.sh": 'FLAGS="--no-verify-jwt"\nsupabase functions deploy a $FLAGS\n',
    "deploy-b.sh": "supabase functions deploy b $FLAGS\n",
  };
  assertEquals(said(files), { a: `${ON} deploy.sh:2`, b: ON });
});

Deno.test("examine() says nothing of a flag in a comment, in a text that is shown, or for serve", () => {
  const command = "supabase functions deploy --no-verify-jwt";
  const files = {
    ...SCRIPT("supabase functions serve --no-verify-jwt"),
    "deploy.sh": `# ${command}\necho ${command}\necho "${command}"\ncat <<END\n${command}\nEND\n`,
    "deploy.bat": `REM ${command}\n`,
    "deploy.md": command,
    Makefile: `help:\n\t@echo ${command} # ${command}\n`,
    "tests/fixtures/deploy.sh": command,
    ...workflow(`      - run: ls # ${command}`, `      # - run: ${command}`),
  };
  assertEquals(said(files), { a: ON, b: ON });
});

Deno.test("examine() says that verify_jwt may be off when config.toml says on and a command has the flag", () => {
  const files = {
    ...config("[functions.a]\nverify_jwt = true\n[functions.b]\nverify_jwt = true\n"),
    "scripts/deploy.sh": "#!/bin/sh\nsupabase functions deploy a --no-verify-jwt\n",
  };
  assertEquals(said(files), { a: `${ON} scripts/deploy.sh:2`, b: ON });
  const { functions } = diagnosis({ ...edge(OPEN, "a"), ...edge(OPEN, "b"), ...files });
  assertEquals(functions.map((one) => [one.name, one.verify_jwt, one.no_verify_jwt]), [
    ["a", "on", { file: "scripts/deploy.sh", line: 2, certain: false }],
    ["b", "on", undefined],
  ]);
});

Deno.test("examine() says may when commands differ, and follows the later one of a workflow", () => {
  const files = {
    "old.ps1": "npx supabase functions deploy a",
    "new.ps1": "npx supabase functions deploy a --no-verify-jwt",
  };
  assertEquals(said(files), { a: `${ON} new.ps1:1`, b: ON });
  const steps = workflow(
    "      - run: supabase functions deploy",
    "      - run: supabase functions deploy a --no-verify-jwt",
  );
  assertEquals(said(steps), { a: `${OFF} ${WORKFLOW}:6`, b: ON });
  // Targets and scripts of package.json run alone.
  const targets = {
    justfile:
      "all:\n  supabase functions deploy\none:\n  supabase functions deploy a --no-verify-jwt\n",
  };
  assertEquals(said(targets), { a: `${ON} justfile:4`, b: ON });
});

Deno.test("examine() takes a command for that of the nearest project in a monorepo", () => {
  const { findings } = diagnosis({
    "apps/one/supabase/functions/a/index.ts": OPEN,
    "apps/two/supabase/functions/a/index.ts": OPEN,
    "apps/two/package.json": `{ "scripts": { "d": "supabase functions deploy --no-verify-jwt" } }`,
    "deploy.sh": "supabase functions deploy --no-verify-jwt",
  });
  assertEquals(findings.map(({ id, file }) => [id, file?.split("/")[1]]), [
    ["function-open-service", "two"],
    ["function-anon-key-enough", "one"],
  ]);
});

Deno.test("examine() says nothing of the gateway when a webhook's function may be deployed without it", () => {
  const hook = `import Stripe from "npm:stripe@17";\nconst stripe = new Stripe("");\n` +
    `Deno.serve(async (req) => { await stripe.webhooks.constructEventAsync(await req.text(), req.headers.get("stripe-signature")!, Deno.env.get("STRIPE_WEBHOOK_SECRET")!); return new Response(); });`;
  const loop = { "deploy.sh": 'supabase functions deploy "$1" --no-verify-jwt\n' };
  const ids = (files: Files) =>
    diagnosis({ ...edge(hook, "a"), ...files }).findings.map((one) => one.id);
  assert(ids({}).includes("webhook-behind-gateway"));
  assert(!ids(loop).includes("webhook-behind-gateway"));
});

Deno.test("examine() names the flag when a JWT is read without verifying it", () => {
  const reads =
    `Deno.serve(async (req) => { const token = req.headers.get("Authorization")!.slice(7); ` +
    `const { sub } = JSON.parse(atob(token.split(".")[1])); return Response.json(await load(sub)); });`;
  const found = (command: string) =>
    diagnosis({ ...edge(reads, "a"), "deploy.sh": `supabase functions deploy ${command}\n` })
      .findings.filter(({ id }) => id === "function-jwt-unverified");
  const [certain] = found("a --no-verify-jwt");
  assertEquals(certain?.severity, "error");
  assertMatch(certain!.message, /verify_jwt is off, because deploy\.sh:1 deploys it with/);
  const [doubtful] = found("$1 --no-verify-jwt");
  assertEquals(doubtful?.severity, "warning");
  assertMatch(doubtful!.message, /deploy\.sh:1 may deploy it with --no-verify-jwt/);
  assertEquals(found("a"), []);
});

Deno.test("readDeployments() reads what people write around the names", () => {
  const names: Record<string, readonly string[] | "all" | "unknown"> = {
    "supabase functions deploy a b --use-api": ["a", "b"],
    "sudo supabase --workdir app functions deploy a --import-map m.json -j 4 > log 2>&1": ["a"],
    'npx "supabase" functions deploy "a" --project-ref="$REF" || exit 1': ["a"],
    "supabase functions deploy a $EXTRA": ["a"],
    "if supabase functions deploy; then echo done; fi": "all",
    "supabase functions deploy ${{ inputs.name || 'a' }}": "unknown",
    "supabase functions deploy {{name}}": "unknown",
    "supabase functions deploy $(ls supabase/functions)": "unknown",
    "supabase functions deploy `cat names`": "unknown",
    "supabase functions deploy %1": "unknown",
  };
  for (const [command, expected] of Object.entries(names)) {
    assertEquals(readDeployments("a.sh", command).map((one) => one.names), [expected], command);
  }
  const others = [
    "gcloud functions deploy a",
    "firebase deploy --only functions",
    "functions deploy",
  ];
  for (const command of others) assertEquals(readDeployments("a.sh", command), [], command);
  const given = (flag: string) =>
    readDeployments("a.sh", `$CLI functions deploy a ${flag}`).map((one) => one.verifyJwt);
  assertEquals(given("--no-verify-jwt"), ["off"]);
  assertEquals(
    readDeployments("a.sh", "supabase functions deploy --no-verify-jwt=false")[0]?.verifyJwt,
    "config",
  );
});

Deno.test("readDeployments() finds the line of a folded and of a quoted step", () => {
  const steps = [
    "jobs:",
    "  a:",
    "    steps:",
    "      - run: >-",
    "          supabase functions deploy",
    "          --no-verify-jwt",
    `      - run: "supabase functions deploy b --no-verify-jwt"`,
  ].join("\n");
  assertEquals(readDeployments(WORKFLOW, steps).map(({ line, names }) => [line, names]), [
    [5, "all"],
    [7, ["b"]],
  ]);
});

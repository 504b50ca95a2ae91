// The server's half out of the npm package, as somebody on Node or Deno installs it.
import { assertEquals } from "@std/assert";
import denoJson from "../../../deno.json" with { type: "json" };
import { pack } from "../../support/pack.ts";
import { inFolder, run } from "./project.ts";

const PACKAGES = ["hono", "@supabase/supabase-js", "zod", "standardwebhooks"];

/** An app with a guarded route, and what becomes of its callers. */
const app = (name: string) => `
import { Hono } from "hono";
import { z } from "zod";
import { auth, type AuthEnv, body, edgeFunction, type Problem, requireAal } from "${name}";
import { fakeAuth, type FakeAuth, signWebhook } from "${name}/testing";
import { problemSchema } from "${name}/problem-schema";
import { webhook } from "${name}/webhook";

const fake: FakeAuth = fakeAuth();
// Where the library finds the project: the variables and the fetch of this process.
declare const process: { env: Record<string, string | undefined> };
Object.assign(process.env, fake.options.env);
globalThis.fetch = fake.options.fetch;

const app = new Hono<AuthEnv>();
app.use(auth());
app.get("/me", (c) => c.json({ email: c.var.auth.user.email }));
app.get("/safe", requireAal("aal2"), (c) => c.text("in"));
app.post("/todos", body(z.object({ title: z.string() })), (c) => c.json(c.req.valid("json")));
const hello = edgeFunction("hello", { public: ["/signed"] });
const secret = process.env.HOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
hello.post("/signed", webhook({ secret: { env: "HOOK_SECRET" } }), (c) => c.text("signed"));
hello.get("/", (c) => c.text(c.var.auth.user.id));

const ada = fake.signIn({ user: { email: "ada@example.com" } });
const me = await app.fetch(ada.request("/me"));
const safe = await app.fetch(ada.request("/safe"));
const inHello = await hello.fetch(ada.request("/hello"));
const added = await app.fetch(ada.request("/todos", { method: "POST", body: { title: "tea" } }));
const signed = await hello.fetch(await signWebhook("/hello/signed", { secret, body: {} }));
ada.signOut();
const ended = await app.fetch(ada.request("/me"));
const problem: Problem = problemSchema.parse(await ended.json());
console.log(JSON.stringify([
  [me.status, (await me.json()).email],
  [safe.status, (await safe.json()).code],
  [inHello.status, await inHello.text() === ada.user.id],
  [added.status, (await added.json()).title],
  [signed.status, await signed.text()],
  [ended.status, problem.code, problem.action],
]));
`;

const EXPECTED = [
  [200, "ada@example.com"],
  [401, "insufficient_aal"],
  [200, true],
  [200, "tea"],
  [200, "signed"],
  [401, "session_not_found", "sign_in"],
];

/** Those of a new project, which also checks the declarations of its packages. */
const compilerOptions = {
  strict: true,
  module: "nodenext",
  target: "es2022",
  lib: ["esnext", "dom", "dom.iterable"],
  types: ["node"],
};

Deno.test("a Hono app with the package type-checks under NodeNext and runs under Node 22", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/package.json`, '{ "type": "module" }');
    const tools = ["node@22", "typescript@5.9.3", "@types/node@22"];
    await run(folder, "npm", "install", ...PACKAGES, ...tools, await pack(folder));
    await Deno.writeTextFile(`${folder}/main.ts`, app("edge-auth"));
    await Deno.writeTextFile(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions }));
    await run(folder, "npx", "tsc");
    assertEquals(JSON.parse(await run(folder, "npx", "node", "main.js")), EXPECTED);
  }));

Deno.test("a Hono app with the package runs under Deno, by npm: specifiers", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/package.json`, "{}");
    await run(folder, "npm", "install", ...PACKAGES, await pack(folder));
    const name = `npm:edge-auth@${denoJson.version}`;
    const source = app(name).replace(/from "(hono|zod)"/g, 'from "npm:$1"');
    await Deno.writeTextFile(`${folder}/main.ts`, source);
    const flags = ["--check", "--node-modules-dir=manual", "--allow-env", "--allow-read"];
    const printed = await run(folder, Deno.execPath(), "run", ...flags, "main.ts");
    assertEquals(JSON.parse(printed), EXPECTED);
  }));

// The two ways to get the browser part, in new projects with their default settings.
import { assert, assertEquals } from "@std/assert";
import { pack } from "../../support/pack.ts";
import { copyShared, edit, inFolder, run } from "./project.ts";

/** Where the front ends import it from. */
interface Names {
  readonly mod: string;
  readonly react: string;
  readonly redirect: string;
}

const COPIED: Names = {
  mod: "./edge-auth/browser/mod.ts",
  react: "./edge-auth/browser/react.ts",
  redirect: "./edge-auth/problems/auth_redirect.ts",
};
const PACKED: Names = {
  mod: "edge-auth/browser",
  react: "edge-auth/react",
  redirect: "edge-auth/redirect",
};

const setUp = ({ mod, redirect }: Names) => `
import { createClient, type Session } from "@supabase/supabase-js";
import { createRecovery, onSession, problemOf } from "${mod}";
import { parseAuthRedirect } from "${redirect}";

const recovery = createRecovery({ onSignedOut: ({ code }) => console.log(code) });
export const supabase = recovery.attach(createClient("https://x.supabase.co", "sb_publishable_x", {
  global: { fetch: recovery.fetch },
}));

export let session: Session | null = null;
onSession(supabase, (change) => session = change.session);

export async function call(): Promise<string | undefined> {
  const { error } = await supabase.functions.invoke("me");
  return problemOf(error)?.message ?? parseAuthRedirect(location.href).problem?.message;
}
`;

const component = ({ react }: Names) => `
import { useSession } from "${react}";
import { call, supabase } from "./set_up";

export default function App() {
  const session = useSession(supabase);
  return <button onClick={() => call().then(alert)}>{session?.user.email ?? "?"}</button>;
}
`;

const USES: Readonly<Record<string, (folder: string, names: Names) => Promise<void>>> = {
  "react-ts": async (folder, names) => {
    await Deno.writeTextFile(`${folder}/src/set_up.ts`, setUp(names));
    await Deno.writeTextFile(`${folder}/src/App.tsx`, component(names));
  },
  "vanilla-ts": async (folder, names) => {
    await Deno.writeTextFile(`${folder}/src/main.ts`, `${setUp(names)}\ncall().then(alert);\n`);
  },
};

for (const [template, use] of Object.entries(USES)) {
  Deno.test(`a new Vite project (${template}) builds, with the folders copied and with the package`, () =>
    inFolder(async (folder) => {
      const vite = ["create", "--yes", "vite@latest", "app", "--"];
      await run(folder, "npm", ...vite, "--template", template, "--no-interactive");
      const app = `${folder}/app`;
      await run(app, "npm", "install", "@supabase/supabase-js");
      await copyShared(`${app}/src/edge-auth`);
      await use(app, COPIED);
      await run(app, "npm", "run", "build");

      await Deno.remove(`${app}/src/edge-auth`, { recursive: true });
      await run(app, "npm", "install", await pack(folder));
      await use(app, PACKED);
      await run(app, "npm", "run", "build");
    }));
}

Deno.test("a new Next project builds with the package", () =>
  inFolder(async (folder) => {
    await run(folder, "npx", "--yes", "create-next-app@latest", "app", "--yes", "--skip-install");
    const app = `${folder}/app`;
    await run(app, "npm", "install", "@supabase/supabase-js", await pack(folder));
    // Its fonts come from the network, and have nothing to do with this.
    await edit(`${app}/app/layout.tsx`, (text) =>
      text.replace(/import \{ Geist.*\n/, "").replaceAll(/const geist(Sans|Mono) = [^;]*;\n/g, "")
        .replace("${geistSans.variable} ${geistMono.variable} ", ""));
    await Deno.writeTextFile(`${app}/app/set_up.ts`, setUp(PACKED));
    await Deno.writeTextFile(`${app}/app/page.tsx`, `"use client";\n${component(PACKED)}`);
    const out = await run(app, "npm", "run", "build");
    assert(out.includes("Compiled successfully"), out);
  }));

Deno.test("the package runs under Node 22, and loads React only where it is asked for", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/package.json`, '{ "type": "module" }');
    await run(folder, "npm", "install", "@supabase/supabase-js", "node@22", await pack(folder));
    await Deno.remove(`${folder}/node_modules/react`, { recursive: true }).catch(() => {});
    await Deno.writeTextFile(
      `${folder}/main.js`,
      `
import { createClient } from "@supabase/supabase-js";
import { createRecovery, problemOf } from "edge-auth/browser";
const refusal = { code: "no_authorization", message: "m", status: 401, action: "sign_in",
  replay: true, request_id: "r1" };
const recovery = createRecovery({ fetch: async () => Response.json(refusal, { status: 401 }) });
const supabase = recovery.attach(createClient("https://x.supabase.co", "sb_publishable_x", {
  auth: { autoRefreshToken: false, persistSession: false },
  global: { fetch: recovery.fetch },
}));
const { error } = await supabase.functions.invoke("me");
console.log(process.version.split(".")[0], problemOf(error)?.action);
`,
    );
    assertEquals((await run(folder, "npx", "node", "main.js")).trim(), "v22 sign_in");
  }));

Deno.test("useSession() shows nobody before it is known, and listens once", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/package.json`, '{ "type": "module" }');
    const packages = ["@supabase/supabase-js", "react", "react-dom", "happy-dom", "node@22"];
    await run(folder, "npm", "install", ...packages, await pack(folder));
    await Deno.copyFile(new URL("use_session.mjs", import.meta.url), `${folder}/main.js`);
    assertEquals(JSON.parse(await run(folder, "npx", "node", "main.js")), {
      server: "<p>unknown</p>",
      seen: ["unknown", "ada@example.com", "nobody"],
      subscriptions: 0, // the client was attached before, and its one subscription is enough
    });
  }));

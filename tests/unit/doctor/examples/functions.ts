// Functions, and how they are mounted.
import { CLIENT, config, edge, type Shown } from "../_project.ts";

const MOUNTED = `import { edgeFunction } from "../../../../shared/mod.ts";\n` +
  `export default { fetch: edgeFunction("f").fetch };\n`;
const LIBRARY = { "shared/mod.ts": `export { edgeFunction } from "./server/edge_function.ts";` };
const OFF = config("[functions.f]\nverify_jwt = false\n[functions.g]\nverify_jwt = false\n");

/** By id. */
export const functionExamples: Readonly<Record<string, Shown>> = {
  "function-without-auth": {
    fires: [
      {
        when: "another function mounts edge-auth",
        files: {
          ...OFF,
          ...LIBRARY,
          ...edge(MOUNTED),
          ...edge("Deno.serve(() => new Response())", "g"),
        },
        severity: "error",
        at: "supabase/functions/g/index.ts:1",
      },
      {
        when: "edge-auth is imported and not mounted",
        files: {
          ...OFF,
          ...LIBRARY,
          ...edge(MOUNTED),
          ...edge(
            `import { edgeFunction } from "../../../../shared/mod.ts";\nconst a = "edgeFunction('g')"; // edgeFunction("g")`,
            "g",
          ),
        },
        severity: "error",
        at: "supabase/functions/g/index.ts:1",
      },
      {
        when: "no function of the project asks",
        files: edge("Deno.serve(() => new Response())"),
        severity: "info",
        at: "supabase/functions/f/index.ts:1",
      },
      {
        when: "the reason stands below the code",
        files: {
          ...OFF,
          ...LIBRARY,
          ...edge(MOUNTED),
          ...edge("Deno.serve(f);\n// edge-auth: public, because it is late", "g"),
        },
        severity: "error",
        at: "supabase/functions/g/index.ts:1",
      },
      {
        when: "the auth() that is mounted is another library's",
        files: {
          ...OFF,
          ...LIBRARY,
          ...edge(MOUNTED),
          ...edge(`import { auth } from "other";\nnew Hono().use(auth());`, "g"),
        },
        severity: "error",
        at: "supabase/functions/g/index.ts:1",
      },
      {
        when: "the reason is missing",
        files: {
          ...OFF,
          ...LIBRARY,
          ...edge(MOUNTED),
          ...edge("// edge-auth: public\nDeno.serve(() => new Response())", "g"),
        },
        severity: "error",
        at: "supabase/functions/g/index.ts:1",
      },
    ],
    quiet: [
      { when: "all mount edge-auth", files: { ...OFF, ...LIBRARY, ...edge(MOUNTED) } },
      {
        when: "it is listed with a reason",
        files: {
          ...OFF,
          ...LIBRARY,
          ...edge(MOUNTED),
          ...edge(
            "// edge-auth: public, because a payment provider calls it\nDeno.serve(() => new Response())",
            "g",
          ),
        },
      },
      {
        when: "the app is in another file, and an import map leads to edge-auth",
        files: {
          ...OFF,
          "import_map.json": `{ "imports": { "auth/": "./shared/" } }`,
          "shared/mod.ts": LIBRARY["shared/mod.ts"],
          "functions/f/index.ts": `import { app } from "./app.ts"; export default app;`,
          "functions/f/app.ts":
            `import { Hono } from "hono"; import { auth as check } from "auth/mod.ts";\n` +
            `export const app = new Hono().use(check());`,
        },
      },
      {
        when: "a project without edge-auth asks with the token",
        files: edge(`${CLIENT}export const a = (t: string) => supabase.auth.getUser(t);`),
      },
    ],
  },
  "verify-jwt": {
    fires: [
      {
        when: "it is not written for a function with edge-auth",
        files: { ...config("[auth]\nenabled = true\n"), ...LIBRARY, ...edge(MOUNTED) },
        severity: "error",
        at: "supabase/config.toml:1",
      },
      {
        when: "it is on for a function with edge-auth",
        files: { ...config("[functions.f]\nverify_jwt = true\n"), ...LIBRARY, ...edge(MOUNTED) },
        severity: "error",
        at: "supabase/config.toml:2",
      },
      {
        when: "it is commented out",
        files: { ...config("[functions.f]\n# verify_jwt = false\n"), ...LIBRARY, ...edge(MOUNTED) },
        severity: "error",
        at: "supabase/config.toml:1",
      },
      {
        when: "another function leaves it to the gateway",
        files: { ...config("[functions.f]\nenabled = true"), ...edge(CLIENT) },
        severity: "info",
        at: "supabase/config.toml:1",
      },
    ],
    quiet: [
      { when: "it is off", files: { ...OFF, ...LIBRARY, ...edge(MOUNTED) } },
      {
        when: "it is off in an inline table",
        files: {
          ...config("[functions]\nf = { verify_jwt = false }\n"),
          ...LIBRARY,
          ...edge(MOUNTED),
        },
      },
    ],
  },
  "function-entry-missing": {
    fires: [{
      when: "the path leads nowhere",
      files: config(`[functions.f]\nverify_jwt = false\nentrypoint = "../functions/g/index.ts"`),
      severity: "error",
      at: "supabase/config.toml:3",
    }],
    quiet: [{
      when: "the path is right",
      files: {
        ...config(`[functions.f]\nverify_jwt = false\nentrypoint = "../functions/g/index.ts"`),
        "functions/g/index.ts": "export {};",
      },
    }],
  },
};

/**
 * Makes an npm package of shared/: ES modules, types, nothing that runs when it is loaded.
 *
 * `deno task pack [folder]` writes `edge-auth-<version>.tgz` there, or where it is run.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { create } from "tar";
import ts from "typescript";
import denoJson from "../../deno.json" with { type: "json" };
import importMap from "../../import_map.json" with { type: "json" };

const root = new URL("../../", import.meta.url);

/** The version that the tarball names. */
export const VERSION: string = denoJson.version;

/** The package's entries, and the files that they are. */
const ENTRIES = {
  ".": "mod",
  "./browser": "browser/mod",
  "./testing": "testing/mod",
  "./webhook": "server/webhook",
  "./problem-schema": "server/problem_schema",
  "./react": "browser/react",
  "./redirect": "problems/auth_redirect",
};

/** The page of the package: those of this repository link to what is not in it. */
const README = `# edge-auth

Asks Supabase Auth whether the session of a request is alive, and answers every failure in one JSON
shape that names the client's next step. For Hono on Node.js, Bun, Deno and in Edge Functions.

| import                     | what it is                                                    |
| -------------------------- | ------------------------------------------------------------- |
| \`edge-auth\`                | \`edgeFunction()\`, \`auth()\` and the guards; needs \`hono\`       |
| \`edge-auth/browser\`        | a supabase-js client whose calls recover                      |
| \`edge-auth/react\`          | \`useSession()\`; needs \`react\`                                 |
| \`edge-auth/redirect\`       | reads what Auth puts into the URL that it redirects to        |
| \`edge-auth/testing\`        | a Supabase Auth in memory, and fake time                      |
| \`edge-auth/webhook\`        | signed webhooks; needs \`standardwebhooks\`                     |
| \`edge-auth/problem-schema\` | the body of a failure as a schema; needs \`zod\`                |

A function reads \`SUPABASE_URL\` and \`SUPABASE_PUBLISHABLE_KEYS\` or \`SUPABASE_ANON_KEY\` from its
environment.
`;

/** package.json of the package. */
function manifest(): Record<string, unknown> {
  const exports = Object.fromEntries(
    Object.entries(ENTRIES).map(([name, path]) => [name, {
      types: `./dist/${path}.d.ts`,
      default: `./dist/${path}.js`,
    }]),
  );
  return {
    name: "edge-auth",
    version: VERSION,
    description: "Asks Supabase Auth whether a session is alive, and a client that recovers if not",
    license: "MIT",
    type: "module",
    sideEffects: false,
    exports,
    files: ["dist"],
    peerDependencies: {
      "@supabase/supabase-js": ">=2.109.0 <3",
      hono: "^4.7.0",
      react: ">=18",
      standardwebhooks: "^1.1.1",
      zod: "^4.0.0",
    },
    // An app in a browser needs none of these, and a function no React.
    peerDependenciesMeta: Object.fromEntries(
      ["hono", "react", "standardwebhooks", "zod"].map((name) => [name, { optional: true }]),
    ),
  };
}

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.esnext.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  types: [],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  declaration: true,
  strict: true,
  skipLibCheck: true,
  verbatimModuleSyntax: true,
  rewriteRelativeImportExtensions: true,
};

/**
 * Copies shared/ to where its packages can be found: declarations are made of their types.
 *
 * @returns The copy.
 */
async function copySources(folder: string): Promise<string> {
  const dependencies: Record<string, string> = {};
  for (
    const target of [
      "@supabase/supabase-js",
      "hono",
      "zod",
      "standardwebhooks",
      "@types/react",
    ] as const
  ) {
    const [, name, version] = /^npm:(.+)@(.+)$/.exec(importMap.imports[target])!;
    dependencies[name!] = version!;
  }
  await Deno.writeTextFile(`${folder}/package.json`, JSON.stringify({ dependencies }));
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet", "--node-modules-dir=auto"],
    cwd: folder,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const sources = `${folder}/shared`;
  for (const path of walk(fileURLToPath(new URL("shared", root)))) {
    const to = join(sources, path);
    await Deno.mkdir(dirname(to), { recursive: true });
    await Deno.copyFile(fileURLToPath(new URL(`shared/${path}`, root)), to);
  }
  return sources;
}

/** The modules in a folder, by their paths in it. */
function* walk(folder: string, path = ""): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(join(folder, path))) {
    const inner = path === "" ? name : `${path}/${name}`;
    if (isDirectory) yield* walk(folder, inner);
    else if (name.endsWith(".ts")) yield inner;
  }
}

/**
 * Writes modules and types of `folder` to `out`. Types are not checked: `deno task check` does that,
 * and a new project that installs the package.
 */
function compile(folder: string, out: string): void {
  const rootNames = Object.values(ENTRIES).map((path) => `${folder}/${path}.ts`);
  const program = ts.createProgram(rootNames, { ...OPTIONS, rootDir: folder, outDir: out });
  const { diagnostics } = program.emit(undefined, (path, text) => {
    // TypeScript rewrites these in modules only.
    const isTypes = path.endsWith(".d.ts");
    const written = isTypes
      ? text.replaceAll(/((?:from |import\()"\.[^"]*)\.ts"/g, '$1.js"')
      : text;
    ts.sys.writeFile(path, written);
  });
  const [wrong] = [...program.getSyntacticDiagnostics(), ...diagnostics];
  if (wrong !== undefined) {
    const text = ts.flattenDiagnosticMessageText(wrong.messageText, "\n");
    throw new Error(`${wrong.file?.fileName}: ${text}`);
  }
}

/**
 * Makes the tarball.
 *
 * @param folder Where to write it.
 * @returns Its path.
 */
export async function pack(folder: string): Promise<string> {
  const made = await Deno.makeTempDir();
  try {
    compile(await copySources(made), `${made}/package/dist`);
    const json = `${JSON.stringify(manifest(), null, 2)}\n`;
    await Deno.writeTextFile(`${made}/package/package.json`, json);
    await Deno.writeTextFile(`${made}/package/README.md`, README);
    await Deno.copyFile(new URL("LICENSE", root), `${made}/package/LICENSE`);
    const file = `${folder}/edge-auth-${VERSION}.tgz`;
    await create({ file, cwd: made, gzip: true, portable: true }, ["package"]);
    return file;
  } finally {
    await Deno.remove(made, { recursive: true });
  }
}

if (import.meta.main) console.log(await pack(Deno.args[0] ?? "."));

/**
 * Makes an npm package of shared/browser: ES modules, types, nothing that runs when it is loaded.
 *
 * `deno task pack [folder]` writes `edge-auth-<version>.tgz` there, or where it is run.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { create } from "tar";
import ts from "typescript";
import denoJson from "../../deno.json" with { type: "json" };

const root = new URL("../../", import.meta.url);

/** The version that the tarball names. */
export const VERSION: string = denoJson.version;

/** The package's entries, and the files that they are. */
const ENTRIES = {
  ".": "browser/mod",
  "./react": "browser/react",
  "./redirect": "problems/auth_redirect",
};

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
    description: "A supabase-js client whose calls recover as an answer's action says",
    license: "MIT",
    type: "module",
    sideEffects: false,
    exports,
    files: ["dist"],
    peerDependencies: { "@supabase/supabase-js": ">=2.109.0 <3", react: ">=18" },
    peerDependenciesMeta: { react: { optional: true } },
  };
}

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
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
 * Writes modules and types of `folder` to `out`. The peers are not resolved here, so types are not
 * checked: `deno task check` does that, and a new project that installs the package.
 */
function compile(folder: string, out: string): void {
  const rootNames = Object.values(ENTRIES).map((path) => `${folder}/${path}.ts`);
  const program = ts.createProgram(rootNames, { ...OPTIONS, rootDir: folder, outDir: out });
  const { diagnostics } = program.emit(undefined, (path, text) => {
    // TypeScript rewrites these in modules only.
    const isTypes = path.endsWith(".d.ts");
    const written = isTypes ? text.replaceAll(/(from "\.[^"]*)\.ts"/g, '$1.js"') : text;
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
    compile(fileURLToPath(new URL("shared", root)), `${made}/package/dist`);
    const json = `${JSON.stringify(manifest(), null, 2)}\n`;
    await Deno.writeTextFile(`${made}/package/package.json`, json);
    await Deno.copyFile(new URL("shared/browser/README.md", root), `${made}/package/README.md`);
    await Deno.copyFile(new URL("LICENSE", root), `${made}/package/LICENSE`);
    const file = `${folder}/edge-auth-${VERSION}.tgz`;
    await create({ file, cwd: made, gzip: true, portable: true }, ["package"]);
    return file;
  } finally {
    await Deno.remove(made, { recursive: true });
  }
}

if (import.meta.main) console.log(await pack(Deno.args[0] ?? "."));

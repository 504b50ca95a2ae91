import { readImports } from "./source.ts";

/** The folder of the copy, beside the functions. */
export const COPY_FOLDER = "_shared/edge-auth";

/** What a project gets. */
export interface Library {
  /** The version of edge-auth. */
  readonly version: string;
  /** The files of the copy, by their paths in it. */
  readonly files: ReadonlyMap<string, string>;
  /** The entries that an import map needs for it. */
  readonly imports: Readonly<Record<string, string>>;
  /** By the file that needs them, the entries of functions that import this file too. */
  readonly optionalImports: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** The files of the browser part, by their paths in the folder that it gets. */
  readonly browser: ReadonlyMap<string, string>;
  /** The first function, for a project that has none that uses edge-auth. */
  readonly firstFunction: FirstFunction;
}

/** The files of a function, by their paths in its folder. */
export interface FirstFunction {
  readonly name: string;
  readonly files: ReadonlyMap<string, string>;
}

/** What this repository holds of it. */
export interface Repository {
  readonly version: string;
  /** The `imports` of import_map.json. */
  readonly imports: Readonly<Record<string, string>>;
  /** The files of shared/, by their paths in it, and LICENSE. */
  readonly shared: ReadonlyMap<string, string>;
  /** index.ts and index_test.ts of functions/me. */
  readonly me: ReadonlyMap<string, string>;
}

/** What a browser gets; pages for readers of this repository, whose links lead out of the copy. */
const NOT_COPIED = /^browser\/|\.md$|_test\.ts$/;

/**
 * By entry, the files that need packages of their own. A function that does not import the entry never
 * loads them.
 */
const OPTIONAL: ReadonlyMap<string, readonly string[]> = new Map([
  ["server/webhook.ts", ["server/webhook.ts", "server/internal/webhook_secret.ts"]],
]);

/** Pages and examples stay here, and so does what only functions use. */
const IN_BROWSER = /^(?:browser|problems)\/(?!.*(?:README\.md|_test\.ts)$)|^LICENSE$/;

/** So that the formatter and the linter of a project have nothing to say about the copy. */
const IGNORED_BY_TOOLS = "// deno-fmt-ignore-file\n// deno-lint-ignore-file\n";

/** The same in an app. */
const IGNORED_BY_ESLINT = "/* eslint-disable */\n";

/**
 * Makes a copy out of this repository's files.
 *
 * @param repository Its files.
 * @returns What a project gets.
 * @throws {Error} A file imports a package that import_map.json does not have.
 */
export function createLibrary({ version, imports, shared, me }: Repository): Library {
  const sources = [...shared].filter(([path]) => !NOT_COPIED.test(path));
  const files = new Map(sources.map(([path, text]) => [path, withHeader(path, text)]));
  const among = (paths: readonly string[]) => sources.filter(([path]) => paths.includes(path));
  const optionalFiles = [...OPTIONAL.values()].flat();
  const needed = neededImports(sources.filter(([path]) => !optionalFiles.includes(path)), imports);
  const optional = [...OPTIONAL].map(([entry, paths]) => {
    const own = Object.entries(neededImports(among(paths), imports)).filter(([key]) =>
      !(key in needed)
    );
    return [entry, Object.fromEntries(own)] as const;
  });
  return {
    version,
    files,
    imports: needed,
    optionalImports: new Map(optional),
    browser: new Map(
      [...shared].filter(([path]) => IN_BROWSER.test(path)).map(([path, text]) => [
        path,
        path.endsWith(".ts") ? IGNORED_BY_ESLINT + withHeader(path, text) : text,
      ]),
    ),
    firstFunction: {
      name: "me",
      files: new Map([...me].map(([path, text]) => [path, toCopy(text)])),
    },
  };
}

function withHeader(path: string, text: string): string {
  return path.endsWith(".ts") ? IGNORED_BY_TOOLS + text : text;
}

/** Functions of this repository import `../../shared/…`. */
function toCopy(text: string): string {
  return text.replaceAll('"../../shared/', `"../${COPY_FOLDER}/`);
}

function neededImports(
  sources: readonly (readonly [string, string])[],
  imports: Readonly<Record<string, string>>,
): Record<string, string> {
  const packages = new Set(
    sources.filter(([path]) => path.endsWith(".ts"))
      .flatMap(([path, text]) => readImports(path, text))
      .map(({ specifier }) => specifier)
      .filter((specifier) => !/^(?:\.|\/|[a-z]+:)/.test(specifier))
      .map((specifier) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)![0]),
  );
  for (const name of packages) {
    if (imports[name] === undefined) throw new Error(`import_map.json has no entry for ${name}`);
  }
  return Object.fromEntries(
    Object.entries(imports).filter(([key]) => packages.has(key.replace(/\/$/, ""))),
  );
}

/** The page's modules as one script for the browser, made by `deno bundle` when first asked for. */

import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);
const made = new Map<string, Promise<string>>();

/** What the bundler said when it failed. */
export class BundleError extends Error {}

/**
 * Bundles a module and what it imports.
 *
 * @param entry The module.
 * @param fresh Whether to bundle anew instead of giving what was bundled before in this process.
 * @throws {BundleError} It cannot be bundled.
 */
export function bundle(entry: URL, fresh = false): Promise<string> {
  const known = made.get(entry.href);
  if (known && !fresh) return known;
  const script = run(entry);
  made.set(entry.href, script);
  script.catch(() => made.delete(entry.href));
  return script;
}

async function run(entry: URL): Promise<string> {
  const config = fileURLToPath(new URL("deno.json", root));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      "--platform=browser",
      "--minify",
      `--config=${config}`,
      fileURLToPath(entry),
    ],
    cwd: fileURLToPath(root),
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  if (!success) throw new BundleError(text.decode(stderr));
  return text.decode(stdout);
}

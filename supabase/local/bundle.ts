/** Bundles the page's modules into one script with `deno bundle`, at the first request. */

import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);
const bundles = new Map<string, Promise<string>>();

/** The bundler failed; the message is its output. */
export class BundleError extends Error {}

/**
 * Bundles a module and what it imports.
 *
 * @param entry The module.
 * @param fresh Whether to bundle again, instead of returning the bundle of an earlier call.
 * @param lock The lock file, relative to the root. @default that of deno.json
 * @throws {BundleError} It cannot be bundled.
 */
export function bundle(entry: URL, fresh = false, lock?: string): Promise<string> {
  const known = bundles.get(entry.href);
  if (known && !fresh) return known;
  const script = run(entry, lock);
  bundles.set(entry.href, script);
  script.catch(() => bundles.delete(entry.href));
  return script;
}

async function run(entry: URL, lock?: string): Promise<string> {
  const config = fileURLToPath(new URL("deno.json", root));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      "--platform=browser",
      "--minify",
      `--config=${config}`,
      ...(lock === undefined ? [] : [`--lock=${lock}`]),
      fileURLToPath(entry),
    ],
    cwd: fileURLToPath(root),
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  if (!success) throw new BundleError(text.decode(stderr));
  return text.decode(stdout);
}

/** A headless Chromium of this machine, driven by playwright-core. */

import { type Browser, chromium } from "playwright-core";

/** How to get what {@linkcode launchChromium} looks for. */
export const HOW_TO_GET = "No Chromium was found. On Debian: `apt-get install " +
  "--no-install-recommends chromium-headless-shell`; elsewhere install Chromium or Chrome, or set " +
  "CHROMIUM to the path of one.";

const NAMES = [
  "chromium-headless-shell",
  "chromium",
  "chromium-browser",
  "google-chrome",
  "chrome",
];

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}

/**
 * Finds a Chromium: the one that CHROMIUM names, else one of the PATH, else what
 * playwright has installed.
 *
 * @throws {Error} There is none; the message says how to get one.
 */
export async function findChromium(env: Pick<Deno.Env, "get"> = Deno.env): Promise<string> {
  const named = env.get("CHROMIUM");
  if (named) {
    if (await isFile(named)) return named;
    throw new Error(`CHROMIUM names no file: ${named}. ${HOW_TO_GET}`);
  }
  const folders = (env.get("PATH") ?? "").split(Deno.build.os === "windows" ? ";" : ":");
  const paths = NAMES.flatMap((name) => folders.map((folder) => `${folder}/${name}`));
  for (const path of [...paths, chromium.executablePath()]) {
    if (await isFile(path)) return path;
  }
  throw new Error(HOW_TO_GET);
}

/** Launches it. It looks up nothing on the network by itself. */
export async function launchChromium(): Promise<Browser> {
  return await chromium.launch({
    executablePath: await findChromium(),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

// Says which one the tests would take, or how to get one.
if (import.meta.main) {
  try {
    console.log(await findChromium());
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(1);
  }
}

// `deno task screenshot`: the page after a session was ended elsewhere, left half light, right half
// dark, as the README shows it. With Debian's fonts-inter and fonts-jetbrains-mono it looks as it does
// on most machines.
import type { Browser } from "playwright-core";
import { bootStack } from "../../../supabase/local/stack.ts";
import { launchChromium } from "./chromium.ts";
import { press, says, visit } from "./visit.ts";

const size = { width: 1180, height: 1044 };
/** A finer one is over 200 kB. */
const scale = 1;
const target = new URL("../../../supabase/local/page/screenshot.png", import.meta.url);

/** The page in both colour schemes. */
async function shoot(browser: Browser, url: string): Promise<string[]> {
  const page = await browser.newPage({
    viewport: size,
    deviceScaleFactor: scale,
    reducedMotion: "reduce",
  });
  await visit(page, url);
  await press(page, "End the session elsewhere, then call");
  await says(page, "This page has signed out by itself");
  await page.locator("#session", { hasText: "Ended" }).waitFor();
  const pictures: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    pictures.push(`data:image/png;base64,${(await page.screenshot()).toString("base64")}`);
  }
  await page.close();
  return pictures;
}

/** Both in one picture. */
async function join(browser: Browser, [light, dark]: string[]): Promise<Uint8Array> {
  const page = await browser.newPage({ viewport: size, deviceScaleFactor: scale });
  const half = "position:absolute;inset:0;width:100%;";
  await page.setContent(
    `<body style="margin:0"><img src="${light}" style="${half}">` +
      `<img src="${dark}" style="${half}clip-path:polygon(60% 0,100% 0,100% 100%,46% 100%)">`,
  );
  return await page.screenshot();
}

const stack = await bootStack({ port: 0 });
const browser = await launchChromium();
const png = await join(browser, await shoot(browser, `${stack.url}/`));
await Deno.writeFile(target, png);
console.log(`${target.pathname}: ${Math.round(png.length / 1024)} kB`);
await browser.close();
await stack.close();

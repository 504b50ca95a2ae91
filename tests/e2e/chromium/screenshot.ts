// `deno task screenshot`: the page after a session was ended elsewhere, left half light, right half
// dark, as the README shows it.
import type { Browser } from "playwright-core";
import { bootStack } from "../../../supabase/local/stack.ts";
import { launchChromium } from "./chromium.ts";
import { press, says, visit } from "./visit.ts";

const size = { width: 1180, height: 1130 };
/** A finer one is over 300 kB. */
const scale = 1;
const target = new URL("../../../supabase/local/page/screenshot.png", import.meta.url);

/** The page in one colour scheme. */
async function shoot(browser: Browser, url: string, colorScheme: "light" | "dark") {
  const page = await browser.newPage({
    viewport: size,
    deviceScaleFactor: scale,
    colorScheme,
    reducedMotion: "reduce",
  });
  await visit(page, url);
  await press(page, "End the session elsewhere, then call");
  await says(page, "This page has signed out by itself");
  await page.locator("#session", { hasText: "Ended" }).waitFor();
  const png = await page.screenshot();
  await page.close();
  return `data:image/png;base64,${png.toString("base64")}`;
}

/** Both in one picture. */
async function join(browser: Browser, light: string, dark: string): Promise<Uint8Array> {
  const page = await browser.newPage({ viewport: size, deviceScaleFactor: scale });
  const half = "position:absolute;inset:0;width:100%;";
  await page.setContent(
    `<body style="margin:0"><img src="${light}" style="${half}">` +
      `<img src="${dark}" style="${half}clip-path:polygon(64% 0,100% 0,100% 100%,52% 100%)">`,
  );
  return await page.screenshot();
}

const stack = await bootStack({ port: 0 });
const browser = await launchChromium();
const url = `${stack.url}/`;
const [light, dark] = [await shoot(browser, url, "light"), await shoot(browser, url, "dark")];
const png = await join(browser, light, dark);
await Deno.writeFile(target, png);
console.log(`${target.pathname}: ${Math.round(png.length / 1024)} kB`);
await browser.close();
await stack.close();

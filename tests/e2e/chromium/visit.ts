/** Users with browsers, on a stack of this test's own. */

import { assert, assertEquals } from "@std/assert";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { bootStack, type RunningStack, type StackOptions } from "../../../supabase/local/stack.ts";
import { launchChromium } from "./chromium.ts";

/** What the page may take at most, on a busy machine. */
const TIMEOUT_MS = 20_000;

/** A stack and a browser. */
export interface Place {
  readonly stack: RunningStack;
  readonly browser: Browser;
}

/**
 * A stack on a free port and a browser, for the tests of a file; Auth is on when each begins.
 *
 * @param options Further options of the stack.
 */
export function placeOfFile(options: StackOptions = {}): Place {
  let stack: RunningStack;
  let browser: Browser;
  Deno.test.beforeAll(async () => {
    [stack, browser] = await Promise.all([bootStack({ port: 0, ...options }), launchChromium()]);
  });
  Deno.test.beforeEach(() => {
    stack.faults.mode = "on";
  });
  Deno.test.afterAll(async () => {
    await browser.close();
    await stack.close();
  });
  return {
    get stack() {
      return stack;
    },
    get browser() {
      return browser;
    },
  };
}

/** A browser with a storage of its own: another device. */
export async function newDevice({ browser }: Place): Promise<BrowserContext> {
  const context = await browser.newContext({ reducedMotion: "reduce" });
  context.setDefaultTimeout(TIMEOUT_MS);
  return context;
}

/** Opens the page, and waits until it has shown something. */
export async function openPage(place: Place, device?: BrowserContext, path = "/"): Promise<Page> {
  const page = await (device ?? await newDevice(place)).newPage();
  await visit(page, place.stack.url + path);
  return page;
}

/** Goes to an address of the page, and waits until it is ready. */
export async function visit(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.locator("html[data-ready]").waitFor();
}

/** A button by its name; those of the story are named after what they tell. */
export function button(page: Page, name: string): Locator {
  return page.locator("button:not(#timeline *)").and(
    page.getByRole("button", { name, exact: true }),
  );
}

/** Presses a button by its name. */
export async function press(page: Page, name: string): Promise<void> {
  await button(page, name).click();
}

/** Sets how Auth behaves, by its name on the page; waits until the page says so. */
export async function setAuth(page: Page, name: string, says: string): Promise<void> {
  await page.locator("#modes").getByLabel(name).check();
  await page.locator("#auth", { hasText: says }).waitFor();
}

/** Waits until the page says something. */
export async function says(page: Page, text: string | RegExp): Promise<void> {
  await page.getByRole("status").filter({ hasText: text }).waitFor();
}

/** Waits until nobody is signed in on a page: it shows the sign-in, and its storage is clean. */
export async function waitForSignIn(page: Page): Promise<void> {
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.locator("#who", { hasText: "Signed out" }).waitFor();
  assertEquals(await sessionKeys(page), []);
}

/** Waits until a page shows somebody as signed in. */
export async function waitForSignedIn(page: Page): Promise<void> {
  await page.locator("#who", { hasText: "Signed in as" }).waitFor();
}

/** Lets the user of a page forget the password; gives the link of the mail. */
export async function forgetPassword({ stack }: Place, page: Page): Promise<string> {
  const { email } = await userOf(page);
  await press(page, "Sign out here");
  await waitForSignIn(page);
  await press(page, "I forgot it");
  await says(page, "Auth has sent a mail.");
  const link = stack.mails.findLast(({ to }) => to === email)?.link;
  assert(link !== undefined, `no mail to ${email}`);
  assertEquals(await page.getByRole("link", { name: "open its link" }).getAttribute("href"), link);
  return link;
}

/** The keys of supabase-js in a page's storage. */
export function sessionKeys(page: Page): Promise<string[]> {
  return page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("sb-")));
}

/** The session that a page holds. */
export function storedSession(page: Page): Promise<{ access_token: string }> {
  return page.evaluate(() => JSON.parse(localStorage.getItem("sb-page-auth-token") ?? "null"));
}

/** The user of a page: whom its form offers, seen or not. */
export async function userOf(page: Page): Promise<{ email: string; password: string }> {
  const form = page.locator("#sign-in-form");
  return {
    email: await form.locator("[name=email]").inputValue(),
    password: await form.locator("[name=password]").inputValue(),
  };
}

/** The newest run of this title, or the newest of all that a button began. */
export function newestRun(page: Page, title?: string): Locator {
  const runs = page.locator("#timeline > li:not([data-background])");
  const named = page.getByRole("button", { name: title ?? "", exact: true });
  return (title === undefined ? runs : runs.filter({ has: named })).first();
}

/** The lines of the newest run, of this title or of all, once it has a result. */
export async function lastRun(page: Page, title?: string): Promise<string[]> {
  const run = newestRun(page, title);
  await run.locator(".step[data-kind=result]").waitFor({ state: "attached" });
  return await linesOf(run);
}

/** The lines of a run. */
export async function linesOf(run: Locator): Promise<string[]> {
  const kinds = await run.locator(".kind").allTextContents();
  const texts = await run.locator(".text").allTextContents();
  const counts = await run.locator(".count").allTextContents();
  return kinds.map((kind, n) => `${kind} ${texts[n]}${counts[n]}`);
}

/** Waits until the newest run has an answer with this text in it. */
export async function answers(page: Page, text: string): Promise<void> {
  await newestRun(page).locator(".answer", { hasText: text }).first().waitFor({
    state: "attached",
  });
}

/** Takes down the requests of a page, as `METHOD /path`. */
export function recordRequests(page: Page): string[] {
  const requests: string[] = [];
  page.on("request", (request) => {
    requests.push(`${request.method()} ${new URL(request.url()).pathname}`);
  });
  return requests;
}

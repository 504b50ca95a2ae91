/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// The page itself: what it shows first, what each button does, and whether everybody can use it.
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { contrasts } from "./contrast.ts";
import {
  lastRun,
  newDevice,
  openPage,
  openPlace,
  type Place,
  press,
  says,
  visit,
  waitForSignedIn,
  waitForSignIn,
} from "./visit.ts";

let place: Place;
Deno.test.beforeAll(async () => {
  place = await openPlace();
});
Deno.test.afterAll(() => place.close());

const SHOW = "End the session elsewhere, then call";

async function verdicts(page: Page): Promise<string[]> {
  return await page.locator(".verdict .big").allTextContents();
}

Deno.test("the page opens with somebody signed in and a first call, and breaks no rule of its own", async () => {
  const device = await newDevice(place);
  const page = await device.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${place.stack.url}/`)) complaints.push(request.url());
  });
  await visit(page, `${place.stack.url}/`);
  await says(page, "Somebody new is signed in");
  await page.locator("#signature", { hasText: "Valid" }).waitFor();
  assertEquals(await verdicts(page), ["Valid", "Alive"]);
  assertEquals(await lastRun(page), ["request GET me → 200", "result 200: done"]);
  assertEquals(complaints.filter((one) => !one.startsWith("data:")), []);
  await device.close();
});

Deno.test("session_not_found is explained by one press of a key", async () => {
  const page = await openPage(place);
  await page.getByRole("button", { name: SHOW }).focus();
  await page.keyboard.press("Enter");
  await says(page, "This session has ended. Sign in again.");
  assertEquals(await verdicts(page), ["Valid", "Ended"]);
  await page.locator("#answer", { hasText: '"session_not_found"' }).waitFor();
  // And again: it signs in first.
  await press(page, SHOW);
  await page.locator("#timeline > li", { hasText: "Sign in" }).first().waitFor();
  await page.locator("#timeline > li").nth(5).waitFor();
  await page.context().close();
});

Deno.test("every function can be called, and a password change asks for the current one", async () => {
  const page = await openPage(place);
  for (const [name, status] of [["POST todos", 201], ["GET todos", 200], ["GET health", 200]]) {
    await press(page, String(name));
    await says(page, `${name} was answered with ${status}.`);
  }
  await page.locator("#answer", { hasText: "ok" }).waitFor();
  await press(page, "PUT account/password");
  await page.getByRole("dialog").filter({ hasText: "it is correct-horse" }).waitFor();
  await press(page, "Cancel");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  assertEquals(
    (await lastRun(page)).at(-1),
    "result current_password_required, action reauthenticate",
  );
  await press(page, "PUT account/password");
  await page.getByLabel("Current password").fill("correct-horse");
  await page.keyboard.press("Enter");
  await says(page, "PUT account/password was answered with 204.");
  await press(page, "DELETE account/other-sessions");
  await says(page, "DELETE account/other-sessions was answered with 204.");
  // No password is shown in the panes.
  assert(!(await page.locator(".exchange").textContent())?.includes("horse"));
  await page.context().close();
});

Deno.test("somebody signs up, signs out everywhere, and is told what is wrong with a password", async () => {
  const page = await openPage(place);
  await press(page, "Sign out everywhere");
  await waitForSignIn(page);
  assertEquals(await verdicts(page), ["Valid", "Ended"]);
  await page.getByLabel("E-mail").fill("grace@example.com");
  await page.getByLabel("Password", { exact: true }).fill("x");
  await press(page, "Sign up");
  await says(page, /at least 6 characters/);
  await page.getByLabel("Password", { exact: true }).fill("amazing-grace");
  await press(page, "Sign up");
  await page.locator("#who", { hasText: "Signed in as grace@example.com" }).waitFor();
  assertEquals(await verdicts(page), ["Valid", "Not asked yet"]);
  await page.context().close();
});

Deno.test("a visitor who comes while Auth is off finds the form, and can go on when it is back", async () => {
  place.stack.faults.mode = "off";
  const page = await openPage(place);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await says(page, "Auth does not answer. Try again when it is back.");
  await page.locator("#auth-chip", { hasText: "Auth is off" }).waitFor();
  for (const [label, mode] of [["slow (5 s)", "slow"], ["on", "on"]] as const) {
    await page.getByLabel(label, { exact: true }).check();
    await page.locator("#auth-chip", { hasText: `Auth is ${mode}` }).waitFor();
    assertEquals(place.stack.faults.mode, mode);
  }
  await press(page, "Sign up");
  await waitForSignedIn(page);
  await page.context().close();
});

Deno.test("what happens elsewhere is told in its own words", async () => {
  const page = await openPage(place);
  await press(page, "Change the password");
  await says(page, "The password was changed elsewhere");
  await press(page, "GET me");
  await says(page, "This session has ended. Sign in again.");
  await press(page, "Sign in");
  await says(page, "Signed in as");
  await press(page, "Delete the user");
  await says(page, "The user is gone.");
  await press(page, "GET me");
  await says(page, "This account no longer exists.");
  await page.context().close();
});

Deno.test("the page can be used with a keyboard and read aloud", async () => {
  const page = await openPage(place);
  // The first key press offers to skip, and the second is at the button.
  await page.keyboard.press("Tab");
  assertEquals(await page.locator(":focus").textContent(), "Skip to the calls");
  await page.keyboard.press("Tab");
  assertEquals((await page.locator(":focus").textContent())?.trim(), SHOW);
  await page.keyboard.press("Enter");
  await says(page, "This session has ended.");
  const unnamed = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("button, input, a[href], section, dialog")]
      .filter((element) => {
        const by = element.getAttribute("aria-labelledby");
        const labels = element instanceof HTMLInputElement ? element.labels?.length ?? 0 : 0;
        const name = by === null ? element.textContent?.trim() : document.getElementById(by);
        return !name && labels === 0;
      }).map((element) => element.outerHTML)
  );
  assertEquals(unnamed, []);
  assertEquals(await page.locator("[aria-live]").count(), 1);
  assertEquals(await page.locator("[aria-live]").getAttribute("aria-live"), "polite");
  assertEquals(
    await page.locator("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").count(),
    0,
  );
  await page.context().close();
});

Deno.test("light and dark have the contrast of WCAG AA, and small screens need no sideways scroll", async () => {
  const page = await openPage(place);
  await press(page, SHOW);
  await says(page, "This session has ended.");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const low = (await page.evaluate(contrasts)).filter(({ ratio }) => ratio < 4.5);
    assertEquals(low, [], colorScheme);
  }
  await page.setViewportSize({ width: 360, height: 700 });
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert(width <= 360, `${width} px wide`);
  await page.context().close();
});

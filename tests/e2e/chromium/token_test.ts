// A token runs out, or Auth does not answer: the page goes on, and the user notices nothing but time.
import { assert, assertEquals } from "@std/assert";
import {
  lastRun,
  newDevice,
  openPage,
  openPlace,
  type Place,
  press,
  recordRequests,
  says,
  storedSession,
  visit,
  waitForSignedIn,
} from "./visit.ts";

let place: Place;
Deno.test.beforeAll(async () => {
  place = await openPlace();
});
Deno.test.afterAll(() => place.close());

const count = (all: readonly string[], one: string) => all.filter((it) => it === one).length;

Deno.test("an expired token is refreshed and the call sent again, without a word", async () => {
  const page = await openPage(place);
  await press(page, "Expire the token");
  await says(page, "The token has run out");
  const { access_token: expired } = await storedSession(page);
  await press(page, "GET me");
  await says(page, "GET me was answered with 200.");
  assertEquals(await lastRun(page), [
    "request GET me → 401",
    "problem token_expired: Your sign-in needs to be renewed. Try again.",
    "action refresh: gets a new token, one for all calls",
    "auth POST /token?grant_type=refresh_token → 200",
    "replay the same request again",
    "request GET me → 200",
    "result 200: done",
  ]);
  await waitForSignedIn(page);
  assert((await storedSession(page)).access_token !== expired);
  await page.context().close();
});

Deno.test("ten calls with an expired token share one refresh", async () => {
  const page = await openPage(place);
  await press(page, "Expire the token");
  await says(page, "The token has run out");
  const requests = recordRequests(page);
  await press(page, "GET me, 10 at once");
  await page.locator("#timeline > li").first()
    .locator(".step[data-kind=result]", { hasText: "200: done × 10" }).waitFor();
  assertEquals(count(requests, "POST /auth/v1/token"), 1);
  assertEquals(count(requests, "GET /functions/v1/me"), 20);
  await page.context().close();
});

Deno.test("Auth off for a minute signs nobody out, and the call succeeds when it is back", async () => {
  const device = await newDevice(place);
  const page = await device.newPage();
  await page.clock.install();
  await visit(page, `${place.stack.url}/`);
  const before = await storedSession(page);
  await page.getByLabel("off", { exact: true }).check();
  await says(page, "Auth is off.");
  await press(page, "GET me");

  const waits = page.locator("#timeline > li").first()
    .locator(".step[data-kind=action]", { hasText: "retry: waits" });
  await waits.first().waitFor();
  let tries = 0;
  for (let elapsed = 0; elapsed < 60; elapsed += 5) {
    tries = Math.max(tries, await waits.count());
    await page.clock.runFor(5000);
    await waitForSignedIn(page);
  }
  assert(tries >= 2, `it tried ${tries} times`);
  assertEquals(await storedSession(page), before);

  await page.getByLabel("on", { exact: true }).check();
  await says(page, "Auth is on.");
  const done = page.getByRole("status").filter({ hasText: "GET me was answered with 200." });
  for (let elapsed = 0; elapsed < 120 && !await done.isVisible(); elapsed += 5) {
    await page.clock.runFor(5000);
  }
  await done.waitFor();
  assertEquals((await lastRun(page)).at(-1), "result 200: done");
  assertEquals(await storedSession(page), before);
  await device.close();
});

Deno.test("a limiting Auth is waited for as well", async () => {
  const page = await openPage(place);
  await page.getByLabel("limiting us (429)").check();
  await says(page, "Auth answers 429.");
  await press(page, "GET me");
  await page.locator("#answer", { hasText: "over_request_rate_limit" }).waitFor();
  await waitForSignedIn(page);
  await page.getByLabel("on", { exact: true }).check();
  await says(page, "Auth is on.");
  await page.context().close();
});

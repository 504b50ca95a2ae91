// A token runs out, or Auth does not answer: the page goes on, and the user notices nothing but time.
import { assert, assertEquals } from "@std/assert";
import {
  answers,
  lastRun,
  newDevice,
  newestRun,
  openPage,
  placeOfFile,
  press,
  recordRequests,
  says,
  setAuth,
  storedSession,
  visit,
  waitForSignedIn,
} from "./visit.ts";

const place = placeOfFile();

const count = (all: readonly string[], one: string) => all.filter((it) => it === one).length;

Deno.test("a call is sent again with a new token when its token has expired", async () => {
  const page = await openPage(place);
  await press(page, "Expire the token");
  await says(page, "The token has run out");
  const { access_token: expired } = await storedSession(page);
  await press(page, "GET me");
  await says(page, "GET me was answered with 200.");
  assertEquals(await lastRun(page), [
    "request GET me",
    "answer 401 token_expired",
    "client refresh: renews the session, once for all calls",
    "auth POST /token?grant_type=refresh_token → 200",
    "client sends the same request again",
    "request GET me",
    "answer 200",
    "result done, 200",
  ]);
  await waitForSignedIn(page);
  assert((await storedSession(page)).access_token !== expired);
  await page.context().close();
});

Deno.test("ten calls share one refresh when their token has expired", async () => {
  const page = await openPage(place);
  await press(page, "Expire the token");
  await says(page, "The token has run out");
  const requests = recordRequests(page);
  await press(page, "GET me, 10 at once");
  await says(page, "GET me, 10 at once, was answered with 200.");
  assertEquals(count(requests, "POST /auth/v1/token"), 1);
  assertEquals(count(requests, "GET /functions/v1/me"), 20);
  await page.context().close();
});

Deno.test("a user stays signed in when Auth is off for a minute, and the call succeeds when it is back", async () => {
  const device = await newDevice(place);
  const page = await device.newPage();
  await page.clock.install();
  await visit(page, `${place.stack.url}/`);
  const before = await storedSession(page);
  await setAuth(page, "Off", "Auth is off");
  await press(page, "GET me");

  const waits = newestRun(page).locator(".step", { hasText: "retry: waits" }).locator(".count");
  await waits.waitFor({ state: "attached" });
  let tries = 0;
  for (let elapsed = 0; elapsed < 60; elapsed += 5) {
    tries = Number(/\d+/.exec(await waits.textContent() ?? "")?.[0] ?? 1);
    await page.clock.runFor(5000);
    await waitForSignedIn(page);
  }
  assert(tries >= 2, `it tried ${tries} times`);
  assertEquals(await storedSession(page), before);

  await setAuth(page, "None", "Auth is on");
  const done = page.getByRole("status").filter({ hasText: "GET me was answered with 200." });
  for (let elapsed = 0; elapsed < 120 && !await done.isVisible(); elapsed += 5) {
    await page.clock.runFor(5000);
  }
  await done.waitFor();
  assertEquals((await lastRun(page)).at(-1), "result done, 200");
  assertEquals(await storedSession(page), before);
  await device.close();
});

Deno.test("a call waits when Auth limits requests, and its user stays signed in", async () => {
  const page = await openPage(place);
  await setAuth(page, "Limits us", "Auth limits us");
  await press(page, "GET me");
  await answers(page, "over_request_rate_limit");
  await waitForSignedIn(page);
  await setAuth(page, "None", "Auth is on");
  await page.context().close();
});

// A session dies, by the user's own hand or elsewhere: who learns of it, and who is left alone.
import { assert, assertEquals } from "@std/assert";
import { createStackClient } from "../scenarios/client.ts";
import {
  answers,
  lastRun,
  newDevice,
  openPage,
  placeOfFile,
  press,
  recordRequests,
  says,
  storedSession,
  userOf,
  waitForSignedIn,
  waitForSignIn,
} from "./visit.ts";

const place = placeOfFile();

Deno.test("every tab shows the sign-in when one tab signs out", async () => {
  const device = await newDevice(place);
  const one = await openPage(place, device);
  const two = await openPage(place, device);
  await waitForSignedIn(two);
  await press(one, "Sign out here");
  await waitForSignIn(one);
  await waitForSignIn(two);
  await device.close();
});

Deno.test("a device is signed out when its session ended elsewhere, and other devices are not", async () => {
  const device = await newDevice(place);
  const page = await openPage(place, device);
  const behind = await openPage(place, device);
  const client = createStackClient(place.stack);
  const other = await client.signIn(await userOf(page));
  await press(page, "End this session");
  await says(page, "does not know yet");
  await waitForSignedIn(page);
  const requests = recordRequests(page);

  await press(page, "GET me");
  await waitForSignIn(page);
  await says(page, "This session has ended. Sign in again.");
  assertEquals(await lastRun(page), [
    "request GET me",
    "answer 401 session_not_found",
    "client sign_in: first asks Auth about this very token",
    "auth GET /user → 403 session_not_found",
    "client signs out, on this device only",
    "result session_not_found, action sign_in",
  ]);
  // A keyboard goes on where the page does.
  assertEquals(await page.locator(":focus").textContent(), "Sign in");
  assertEquals(requests, ["GET /functions/v1/me", "GET /auth/v1/user"]);
  // The other tab of this device learns of it, the other device is let in as before.
  await waitForSignIn(behind);
  assertEquals((await client.call("me", { token: other.access_token })).status, 200);
  await device.close();
});

Deno.test("a new sign-in stays when a 401 for the old token arrives late", async () => {
  const page = await openPage(place);
  const old = await storedSession(page);
  const gate = Promise.withResolvers<void>();
  await page.route("**/functions/v1/me", async (route) => {
    await gate.promise;
    await route.continue();
  }, { times: 1 });
  const late = page.waitForResponse((answer) => answer.url().endsWith("/functions/v1/me"));
  const underWay = page.waitForRequest((request) => request.url().endsWith("/functions/v1/me"));
  await press(page, "GET me");
  await underWay;
  await press(page, "Sign out here");
  await waitForSignIn(page);
  await press(page, "Sign in");
  await waitForSignedIn(page);
  const fresh = await storedSession(page);
  assert(fresh.access_token !== old.access_token);

  gate.resolve();
  assertEquals((await late).status(), 401);
  // The call was the same user's: it is sent again with the new token.
  await says(page, "GET me was answered with 200.");
  await waitForSignedIn(page);
  assertEquals(await storedSession(page), fresh);
  await page.context().close();
});

Deno.test("a user stays signed in when banned, and is let in again when the ban is lifted", async () => {
  const page = await openPage(place);
  await press(page, "Ban the user");
  await says(page, "The user is banned.");
  await press(page, "GET me");
  await answers(page, "user_banned");
  assertEquals((await lastRun(page)).at(-1), "result user_banned, action contact_support");
  await waitForSignedIn(page);
  await press(page, "Lift the ban");
  await says(page, "The ban is lifted.");
  // What Auth has just refused is refused for five seconds without asking it again.
  const end = Date.now() + 15_000;
  do {
    await press(page, "GET me");
    await page.locator("#calls [aria-busy]").waitFor({ state: "detached" });
  } while ((await lastRun(page)).at(-1) !== "result done, 200" && Date.now() < end);
  assertEquals((await lastRun(page)).at(-1), "result done, 200");
  await page.context().close();
});

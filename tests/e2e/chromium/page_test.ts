/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// The page itself: what it shows first, what each button does, and whether everybody can use it.
import { assert, assertEquals } from "@std/assert";
import type { Locator, Page } from "playwright-core";
import { findViolations } from "./accessibility.ts";
import {
  answers,
  button,
  lastRun,
  linesOf,
  newDevice,
  newestRun,
  openPage,
  placeOfFile,
  press,
  recordRequests,
  says,
  setAuth,
  storedSession,
  userOf,
  visit,
  waitForSignedIn,
  waitForSignIn,
} from "./visit.ts";

const place = placeOfFile();

const SHOW = "End the session elsewhere, then call";

async function verdicts(page: Page): Promise<string[]> {
  return await page.locator(".verdict .word").allTextContents();
}

/** The tone that the headline has. */
async function tone(page: Page): Promise<string | null> {
  return await page.locator("#headline").getAttribute("data-tone");
}

/** What has the focus, by its text. */
async function focused(page: Page): Promise<string | undefined> {
  return (await page.locator(":focus").textContent())?.trim();
}

/** The code of the newest mail to the user of a page. */
async function mailedCode(page: Page): Promise<string> {
  const { email } = await userOf(page);
  const mail = place.stack.mails.findLast(({ to, type }) =>
    to === email && type === "reauthentication"
  );
  assert(mail !== undefined, `no mail to ${email}`);
  return mail.code;
}

Deno.test("the page signs a new user in and makes a first call when it opens, and breaks no rule of its own", async () => {
  const device = await newDevice(place);
  const page = await device.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${place.stack.url}/`)) complaints.push(request.url());
  });
  await visit(page, `${place.stack.url}/`);
  await says(page, "A new user is signed in");
  await page.locator("#signature", { hasText: "Valid" }).waitFor();
  assertEquals(await verdicts(page), ["Valid", "Alive"]);
  assertEquals(await lastRun(page), ["request GET me", "answer 200", "result done, 200"]);
  assertEquals(complaints.filter((one) => !one.startsWith("data:")), []);
  await device.close();
});

Deno.test("the page explains session_not_found when one key is pressed", async () => {
  const page = await openPage(place);
  await button(page, SHOW).focus();
  await page.keyboard.press("Enter");
  await says(page, "This session has ended. Sign in again.");
  assertEquals(await verdicts(page), ["Valid", "Ended"]);
  assertEquals(await tone(page), "bad");
  await answers(page, '"session_not_found"');
  // And again: it signs in first.
  await press(page, SHOW);
  await page.locator("#timeline > li", { hasText: "Sign in" }).first().waitFor();
  await page.locator("#timeline > li").nth(5).waitFor();
  await page.context().close();
});

Deno.test("the page calls every function, and the database without one", async () => {
  const page = await openPage(place);
  const calls = { "POST todos": 201, "GET todos": 200, "SELECT todos": 200, "GET health": 200 };
  for (const [name, status] of Object.entries(calls)) {
    await press(page, name);
    await says(page, `${name} was answered with ${status}.`);
    assertEquals(await tone(page), "ok");
  }
  await press(page, "DELETE account/other-sessions");
  await says(page, "DELETE account/other-sessions was answered with 204.");
  await page.context().close();
});

Deno.test("the page asks for the current password when the password is changed, and shows none", async () => {
  const page = await openPage(place);
  await press(page, "PUT account/password");
  const dialog = page.getByRole("dialog");
  await dialog.filter({ hasText: "In this demo: correct-horse" }).waitFor();
  await press(page, "Cancel");
  await dialog.waitFor({ state: "hidden" });
  assertEquals(
    (await lastRun(page)).at(-1),
    "result current_password_required, action reauthenticate",
  );
  assertEquals(await focused(page), "PUT account/password");
  await press(page, "PUT account/password");
  await dialog.getByLabel("Current password").fill("correct-horse");
  await page.keyboard.press("Enter");
  await says(page, "PUT account/password was answered with 204.");
  assertEquals((await page.locator("#timeline").textContent())?.includes("horse"), false);
  await page.context().close();
});

Deno.test("a sign-in of yesterday is asked for code and password together, and anew when mistyped", async () => {
  const page = await openPage(place);
  await press(page, "Age the sign-in");
  await says(page, "The sign-in is 25 hours old.");
  await press(page, "PUT account/password");
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  const mails = place.stack.mails.length;
  await dialog.getByLabel("Code from the mail").fill("000000");
  await dialog.getByLabel("Current password").fill("correct-horse");
  await press(page, "Confirm");
  // Mistyped: asked again, without another mail.
  await dialog.filter({ hasText: await mailedCode(page) }).waitFor();
  assertEquals(place.stack.mails.length, mails);
  await dialog.getByLabel("Code from the mail").fill(await mailedCode(page));
  await dialog.getByLabel("Current password").fill("correct-horse");
  await press(page, "Confirm");
  await says(page, "PUT account/password was answered with 204.");
  await page.context().close();
});

Deno.test("a sign-in of yesterday is made anew in place when a call wants a recent one", async () => {
  const page = await openPage(place);
  await press(page, "Age the sign-in");
  await says(page, "The sign-in is 25 hours old.");
  await press(page, "DELETE account/other-sessions");
  await page.getByRole("dialog", { name: "Sign in anew" }).waitFor();
  await page.getByRole("dialog").getByLabel("Current password").fill("wrong");
  await press(page, "Confirm");
  await page.getByRole("dialog").filter({ hasText: "Invalid login credentials." }).waitFor();
  await page.getByRole("dialog").getByLabel("Current password").fill("correct-horse");
  await press(page, "Confirm");
  await says(page, "DELETE account/other-sessions was answered with 204.");
  assertEquals(await lastRun(page), [
    "request DELETE account/other-sessions",
    "answer 401 authentication_too_old",
    "client step_up: asks the user to sign in anew",
    "auth POST /token?grant_type=password → 400 invalid_credentials",
    "auth POST /token?grant_type=password → 200",
    "client sends the same request again",
    "request DELETE account/other-sessions",
    "answer 204",
    "result done, 204",
  ]);
  await page.context().close();
});

Deno.test("a second factor, which the stack simulates, is asked for and the call is sent again", async () => {
  const page = await openPage(place);
  await press(page, "Add a second factor");
  await says(page, "It is simulated");
  await press(page, "DELETE account/other-sessions");
  const dialog = page.getByRole("dialog", { name: "Confirm the second factor" });
  await dialog.filter({ hasText: "This stack simulates the factor" }).waitFor();
  assertEquals(await dialog.getByLabel("Current password").isVisible(), false);
  await dialog.getByLabel("Code of the second factor").fill("000000");
  await press(page, "Confirm");
  await dialog.filter({ hasText: "Invalid TOTP code entered. Try again." }).waitFor();
  await dialog.getByLabel("Code of the second factor").fill("123456");
  await press(page, "Confirm");
  await says(page, "DELETE account/other-sessions was answered with 204.");
  const lines = await lastRun(page);
  assertEquals(lines.slice(0, 3), [
    "request DELETE account/other-sessions",
    "answer 401 insufficient_aal",
    "client step_up: asks for the second factor",
  ]);
  assertEquals(lines.slice(-5), [
    "auth POST /factors/…/verify → 200",
    "client sends the same request again",
    "request DELETE account/other-sessions",
    "answer 204",
    "result done, 204",
  ]);
  // The session has it now: nobody is asked again.
  await press(page, "PUT account/password");
  await page.getByRole("dialog", { name: "Is it you?" }).waitFor();
  await page.context().close();
});

Deno.test("a token that has run out on the device is renewed when something is called", async () => {
  const page = await openPage(place);
  await press(page, "Let the token run out");
  await says(page, "this device knows");
  const { access_token: before } = await storedSession(page);
  await press(page, "SELECT todos");
  await says(page, "SELECT todos was answered with 200.");
  assertEquals(await lastRun(page), [
    "auth POST /token?grant_type=refresh_token → 200",
    "request GET /rest/v1/todos",
    "answer 200",
    "result done, 200",
  ]);
  assert((await storedSession(page)).access_token !== before);
  await page.context().close();
});

Deno.test("a renewal has a run of its own when supabase-js makes it in the background", async () => {
  const device = await newDevice(place);
  const page = await device.newPage();
  await page.clock.install();
  await visit(page, `${place.stack.url}/`);
  await press(page, "Let the token run out");
  await says(page, "this device knows");
  await page.clock.runFor(30_500); // supabase-js looks every 30 seconds
  const background = page.locator("#timeline > li[data-background]");
  await background.locator(".step[data-kind=result]").waitFor({ state: "attached" });
  assertEquals(await linesOf(background), [
    "auth POST /token?grant_type=refresh_token → 200",
    "result the session was renewed",
  ]);
  // The story stays with what the user did.
  assertEquals(await linesOf(newestRun(page)), [
    "result The token has run out, and this device knows.",
  ]);
  assertEquals(await newestRun(page).locator(".step").isVisible(), true);
  await device.close();
});

Deno.test("a firewall in front of the refresh signs nobody out when the token has run out", async () => {
  const device = await newDevice(place);
  const page = await device.newPage();
  await page.clock.install();
  await visit(page, `${place.stack.url}/`);
  await setAuth(page, "Renews nothing", "Auth renews nothing");
  await press(page, "Let the token run out");
  await says(page, "this device knows");
  await press(page, "GET me");
  await says(page, "Something else answers in the place of Auth. You stay signed in");
  await page.clock.pauseAt(Date.now() + 2000);
  await newestRun(page).locator(".step", { hasText: "/token?grant_type=refresh_token → 403" })
    .first().waitFor();
  await waitForSignedIn(page);
  await setAuth(page, "None", "Auth is on");
  await press(page, "Try now");
  await page.clock.runFor(2500); // Auth is asked every two seconds at most
  await says(page, "GET me was answered with 200.");
  await waitForSignedIn(page);
  await device.close();
});

Deno.test("the page counts down to the next try when Auth is off, and tries when it is told to", async () => {
  const device = await newDevice(place);
  const page = await device.newPage();
  await page.clock.install();
  await visit(page, `${place.stack.url}/`);
  await setAuth(page, "Off", "Auth is off");
  await page.clock.pauseAt(Date.now() + 2000);
  await press(page, "GET me");
  await says(page, "Auth does not answer. You stay signed in");
  await page.locator("#since", { hasText: "Since" }).waitFor();
  const countdown = page.locator("#countdown");
  const seconds = async () => Number(/\d+/.exec(await countdown.textContent() ?? "")?.[0]);
  const before = await seconds();
  assert(before >= 1, `${before} s`);
  await page.clock.runFor(1000);
  assert(await seconds() < before);
  assertEquals(await tone(page), "wait");
  // It is not read aloud each second.
  assertEquals(await page.locator("[aria-live] #countdown").count(), 0);
  await setAuth(page, "None", "Auth is on");
  await press(page, "Try now"); // no time goes by
  await says(page, "GET me was answered with 200.");
  await page.locator("#waiting").waitFor({ state: "hidden" });
  assertEquals(await page.locator(":focus").getAttribute("id"), "headline");
  await device.close();
});

Deno.test("a 429 is called a limit, never an Auth that does not answer", async () => {
  const device = await newDevice(place);
  const page = await device.newPage();
  await page.clock.install();
  await visit(page, `${place.stack.url}/`);
  await setAuth(page, "Limits us", "Auth limits us");
  await press(page, "GET me");
  await says(page, "Auth limits how often it is asked. You stay signed in");
  assertEquals(await verdicts(page), ["Valid", "Limited"]);
  await page.locator("#countdown", { hasText: "Next try in" }).waitFor();
  assertEquals(await button(page, "Try now").isVisible(), false);
  await newestRun(page).getByRole("button", { name: "Stop" }).click();
  await says(page, "GET me was stopped.");
  await page.locator("#waiting").waitFor({ state: "hidden" });
  // The same where Auth itself is asked, for a new token.
  await press(page, "Let the token run out");
  await says(page, "this device knows");
  await press(page, "SELECT todos");
  await says(page, "Auth limits how often it is asked. You stay signed in");
  await page.clock.pauseAt(Date.now() + 2000);
  await setAuth(page, "None", "Auth is on");
  await press(page, "Try now");
  await page.clock.runFor(30_000); // Auth is asked less often after each 429
  await page.clock.resume();
  await says(page, "SELECT todos was answered with 200.");
  await press(page, "Sign out here");
  await waitForSignIn(page);
  await setAuth(page, "Limits us", "Auth limits us");
  await press(page, "Sign in");
  await says(page, "Too many tries.");
  await device.close();
});

Deno.test("the steps of a call stay in its own run when another one was made since", async () => {
  const page = await openPage(place);
  await press(page, "Expire the token");
  await says(page, "this device does not know");
  const gate = Promise.withResolvers<void>();
  await page.route("**/functions/v1/me", async (route) => {
    await gate.promise;
    await route.continue();
  }, { times: 1 });
  const underWay = page.waitForRequest((request) => request.url().endsWith("/functions/v1/me"));
  await press(page, "GET me");
  await underWay;
  await press(page, "GET health");
  await says(page, "GET health was answered with 200.");
  await press(page, "GET me, 10 at once");
  await says(page, "GET me, 10 at once is still under way. Stop it, or wait for it.");
  gate.resolve();
  await says(page, "GET me was answered with 200.");
  assertEquals(await lastRun(page, "GET me"), [
    "request GET me",
    "answer 401 token_expired",
    "client refresh: renews the session, once for all calls",
    "auth POST /token?grant_type=refresh_token → 200",
    "client sends the same request again",
    "request GET me",
    "answer 200",
    "result done, 200",
  ]);
  assertEquals(await linesOf(newestRun(page)), [
    "request GET health",
    "answer 200",
    "result done, 200",
  ]);
  await page.context().close();
});

Deno.test("what a sign-in failed for is gone from the page when another one succeeds", async () => {
  const page = await openPage(place);
  const { password } = await userOf(page);
  await press(page, "Sign out here");
  await waitForSignIn(page);
  await page.getByLabel("Password", { exact: true }).fill("wrong");
  await press(page, "Sign in");
  await says(page, "Invalid login credentials.");
  assertEquals(await tone(page), "bad");
  await page.getByLabel("Password", { exact: true }).fill(password);
  await press(page, "Sign in");
  await says(page, "Signed in as");
  const outside = page.locator("#headline, #actions").getByText("Invalid login credentials");
  assertEquals(await outside.count(), 0);
  assertEquals([await tone(page), await focused(page)], ["ok", "Signed in"]);
  await page.context().close();
});

Deno.test("a sign-out is told as one of this device when Auth cannot be told", async () => {
  const page = await openPage(place);
  await setAuth(page, "Off", "Auth is off");
  await press(page, "Sign out here");
  await waitForSignIn(page);
  await says(page, "You signed out on this device. Auth could not be told");
  await page.context().close();
});

Deno.test("the page says what is wrong with a password when a user signs up", async () => {
  const page = await openPage(place);
  await press(page, "Sign out everywhere");
  await waitForSignIn(page);
  assertEquals([await verdicts(page), await focused(page)], [["Valid", "Ended"], "Sign in"]);
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

Deno.test("a visitor finds the form when Auth is off, and goes on when it is back", async () => {
  place.stack.faults.mode = "off";
  const page = await openPage(place);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await says(page, "Auth does not answer. Try again when it is back.");
  await page.locator("#auth", { hasText: "Auth is off" }).waitFor();
  await setAuth(page, "Slow", "Auth is slow");
  assertEquals(place.stack.faults.mode, "slow");
  await setAuth(page, "None", "Auth is on");
  await press(page, "Sign up");
  await waitForSignedIn(page);
  await page.context().close();
});

Deno.test("the page tells what happens elsewhere, and what came of it when a function is called", async () => {
  const page = await openPage(place);
  await press(page, "Change the password");
  await says(page, "The password was changed elsewhere");
  await press(page, "GET me");
  await says(page, "This session has ended. Sign in again.");
  await press(page, "Sign in");
  await says(page, "Signed in as");
  await press(page, "Delete the user");
  await says(page, "The user is deleted.");
  await press(page, "GET me");
  await says(page, "This account no longer exists.");
  assertEquals([await tone(page), await verdicts(page)], ["bad", ["Valid", "No such user"]]);
  await page.context().close();
});

Deno.test("what happens elsewhere or on the device needs a session, except that a ban is lifted", async () => {
  const page = await openPage(place);
  await press(page, "Ban the user");
  await says(page, "The user is banned.");
  await press(page, "Sign out here");
  await waitForSignIn(page);
  const needSession = [
    "End this session",
    "Change the password",
    "Ban the user",
    "Delete the user",
    "Let the token run out",
    "Expire the token",
    "Age the sign-in",
    "Add a second factor",
  ];
  for (const name of needSession) {
    await press(page, name);
    await says(page, "Nobody is signed in here. Sign in first.");
    assertEquals([await focused(page), await tone(page)], [name, "bad"]);
    await press(page, "GET health");
    await says(page, "GET health was answered with 200.");
  }
  await press(page, "Sign in");
  await says(page, "User is banned.");
  await press(page, "Lift the ban");
  await says(page, "The ban is lifted. Sign in.");
  await press(page, "Sign in");
  await says(page, "Signed in as");
  await page.context().close();
});

Deno.test("a second tab shows the same when the first one does something", async () => {
  const device = await newDevice(place);
  const [one, two] = [await openPage(place, device), await openPage(place, device)];
  await setAuth(one, "Slow", "Auth is slow");
  await two.locator("#auth", { hasText: "Auth is slow" }).waitFor();
  await setAuth(two, "None", "Auth is on");
  await one.locator("#auth", { hasText: "Auth is on" }).waitFor();

  await press(one, "Sign out here");
  await waitForSignIn(one);
  await says(one, "You signed out.");
  await waitForSignIn(two);
  await says(two, "Signed out in another tab.");
  assertEquals(await verdicts(two), ["Valid", "Ended"]);

  await one.getByLabel("E-mail").fill("mary@example.com");
  await one.getByLabel("Password", { exact: true }).fill("a-new-horse");
  await press(one, "Sign up");
  await two.locator("#who", { hasText: "Signed in as mary@example.com" }).waitFor();
  await says(two, "Signed in as mary@example.com in another tab.");
  assertEquals(await userOf(two), { email: "mary@example.com", password: "a-new-horse" });
  await press(two, "GET me");
  await says(two, "GET me was answered with 200.");
  await device.close();
});

Deno.test("the page can be used when there is a keyboard only, and read aloud", async () => {
  const page = await openPage(place);
  // The first key press offers to skip, and the second is at the button.
  await page.keyboard.press("Tab");
  assertEquals(await focused(page), "Skip to the actions");
  await page.keyboard.press("Tab");
  assertEquals(await focused(page), SHOW);
  await page.keyboard.press("Enter");
  await says(page, "This session has ended.");
  assertEquals(await focused(page), "Sign in");
  const story = newestRun(page);
  await story.locator(".toggle").focus();
  await page.keyboard.press("Enter");
  assertEquals(await story.locator(".step").first().isVisible(), false);
  assertEquals(await page.locator("[aria-live]").count(), 1);
  assertEquals(await page.locator("[aria-live]").getAttribute("aria-live"), "polite");
  await page.context().close();
});

Deno.test("axe finds nothing when it looks at the page in light and dark, wide and small", async () => {
  const page = await openPage(place);
  const check = async (state: string) => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 844 });
        assertEquals(await findViolations(page), [], `${state}, ${colorScheme}, ${width} px`);
      }
    }
  };
  await check("signed in");
  await press(page, "PUT account/password");
  await page.getByRole("dialog").waitFor();
  await check("dialog");
  await press(page, "Cancel");
  await press(page, "Add a second factor");
  await says(page, "It is simulated");
  await press(page, "DELETE account/other-sessions");
  await page.getByRole("dialog", { name: "Confirm the second factor" }).waitFor();
  await check("second factor");
  await press(page, "Cancel");
  await press(page, SHOW);
  await says(page, "This session has ended.");
  await check("signed out");
  await press(page, "Sign in");
  await waitForSignedIn(page);
  await setAuth(page, "Off", "Auth is off");
  await press(page, "GET me");
  await button(page, "Try now").waitFor();
  await check("outage");
  await page.context().close();
});

/** What sticks out of the window, or is smaller than a finger: the name and its box. */
async function boxesOf(
  targets: Locator,
): Promise<{ name: string; width: number; height: number }[]> {
  return await targets.evaluateAll((all) =>
    all.filter((one) => one.getClientRects().length > 0).map((one) => {
      // A row is pressed anywhere, and a radio button by its label.
      const target = one.closest(".rows > *") ?? one;
      const { width, height } = target.getBoundingClientRect();
      return { name: one.textContent?.trim() ?? "", width, height };
    })
  );
}

Deno.test("what a tap leads to is in view when the window is 390 px wide, and targets have 24 px", async () => {
  const page = await openPage(place);
  await page.setViewportSize({ width: 390, height: 844 });
  const taps = [
    ["DELETE account/other-sessions", "answered with 204."],
    ["Let the token run out", "this device knows"],
    ["GET me", "answered with 200."],
    ["Change the password", "was changed elsewhere"],
    ["GET todos", "This session has ended."],
    ["I forgot it", "Auth has sent a mail."],
    ["Sign in", "Signed in as"],
    ["Delete the user", "The user is deleted."],
    ["GET todos", "This account no longer exists."],
    ["Sign in", "Invalid login credentials."],
  ] as const;
  for (const [name, text] of taps) {
    await press(page, name);
    await says(page, text);
    const box = await page.getByRole("status").boundingBox();
    assert(box && box.y >= 0 && box.y + box.height <= 844, `${name}: ${JSON.stringify(box)}`);
    assert(await page.evaluate(() => document.documentElement.scrollWidth) <= 390, name);
  }
  const small = (await boxesOf(page.locator("button, a[href]:not(p a, .skip), input")))
    .filter(({ width, height }) => width < 24 || height < 24);
  assertEquals(small, []);
  // From the headline it is one tap to the steps, and to the sign-in of whoever has to.
  await page.getByRole("link", { name: "Steps" }).click();
  assert(await newestRun(page).locator(".toggle").isVisible());
  assertEquals(await focused(page), "What happened");
  await page.getByRole("link", { name: "Sign in" }).click();
  assertEquals(await focused(page), "Sign in");
  await page.setViewportSize({ width: 320, height: 640 });
  assert(await page.evaluate(() => document.documentElement.scrollWidth) <= 320);
  await page.context().close();
});

Deno.test("the page makes no request of its own when nobody touches it", async () => {
  const device = await newDevice(place);
  const page = await device.newPage();
  await page.clock.install();
  await visit(page, `${place.stack.url}/`);
  const requests = recordRequests(page);
  await page.clock.runFor(5 * 60_000);
  assertEquals(requests, []);
  await device.close();
});

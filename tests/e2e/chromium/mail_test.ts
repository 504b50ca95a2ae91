// The password was forgotten: the link of a mail, a click, a new password; and the link used twice.
import { assertEquals, assertMatch } from "@std/assert";
import {
  forgetPassword,
  lastRun,
  newDevice,
  openPage,
  placeOfFile,
  press,
  recordRequests,
  says,
  userOf,
  visit,
  waitForSignedIn,
  waitForSignIn,
} from "./visit.ts";

const place = placeOfFile();

const CALLBACK = "POST /functions/v1/auth-callback";

Deno.test("a new password works when it was set by the link of a mail", async () => {
  const page = await openPage(place);
  const user = await userOf(page);
  // The same user on an old device.
  const old = await openPage(place);
  await press(old, "Sign out here");
  await waitForSignIn(old);
  await old.getByLabel("E-mail").fill(user.email);
  await old.getByLabel("Password", { exact: true }).fill(user.password);
  await press(old, "Sign in");
  await says(old, `Signed in as ${user.email}.`);

  const link = await forgetPassword(place, page);
  assertMatch(
    link,
    new RegExp(`^${place.stack.url}/auth/confirm\\?token_hash=[^&]+&type=recovery$`),
  );
  const requests = recordRequests(page);
  await (await fetch(link)).body?.cancel(); // a link scanner
  await visit(page, link);
  await says(page, "Nothing has happened yet.");
  assertEquals(requests.includes(CALLBACK), false);
  await press(page, "Continue");
  await says(page, "Choose a new password.");
  assertEquals(requests.filter((one) => one === CALLBACK).length, 1);
  // The token is not left in the address.
  assertEquals(page.url(), `${place.stack.url}/`);
  await page.getByRole("textbox", { name: "New password" }).fill("a-new-horse-entirely");
  await press(page, "Set it");
  await says(page, "The new password is set.");
  await press(page, "GET me");
  await says(page, "GET me was answered with 200.");

  await press(old, "GET me");
  await waitForSignIn(old);
  assertEquals((await lastRun(old)).at(-1), "result session_not_found, action sign_in");
  await page.context().close();
  await old.context().close();
});

Deno.test("a mail link is answered with otp_expired when it was used before, and ends no session", async () => {
  const page = await openPage(place);
  const link = await forgetPassword(place, page);
  await visit(page, link);
  await press(page, "Continue");
  await says(page, "Choose a new password.");
  await visit(page, link);
  await press(page, "Continue");
  await says(page, "used up or too old");
  await page.getByRole("heading", { name: "This link is used up" }).waitFor();
  assertEquals(await page.locator(":focus").textContent(), "This link is used up");
  assertEquals(await page.getByRole("button", { name: "Continue" }).count(), 0);
  assertEquals((await lastRun(page)).at(-1), "result otp_expired, action restart_flow");
  await waitForSignedIn(page);
  // On a device where nobody is signed in it is the same.
  const device = await newDevice(place);
  const other = await openPage(place, device, new URL(link).href.slice(place.stack.url.length));
  await press(other, "Continue");
  await says(other, "used up or too old");
  await page.context().close();
  await device.close();
});

Deno.test("the page shows its own words when Auth writes an error into the address, and removes it", async () => {
  const device = await newDevice(place);
  const path = "/#error=access_denied&error_code=otp_expired&error_description=%3Cb%3Ehacked&sb=";
  const page = await openPage(place, device, path);
  await says(page, "used up or too old");
  await page.getByRole("heading", { name: "This link is used up" }).waitFor();
  assertEquals(await page.getByText("hacked").count(), 0);
  assertEquals(new URL(page.url()).hash, "");
  await device.close();
});

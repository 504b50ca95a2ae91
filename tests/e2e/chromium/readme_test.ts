/// <reference lib="dom" />
// The snippets of shared/browser/README.md run here as they stand, with the real React, Vue, TanStack
// Query and @supabase/ssr, on the local stack; only its URL and key are filled in.
import { assert, assertEquals } from "@std/assert";
import type { Dialog, Page } from "playwright-core";
import { problem } from "../../../shared/problems/problem.ts";
import { bundle } from "../../../supabase/local/bundle.ts";
import { createStackClient } from "../scenarios/client.ts";
import type { ReadmeApp } from "./readme_page.ts";
import type { ReadmeSsrApp } from "./readme_ssr_page.ts";
import { newDevice, placeOfFile, recordRequests } from "./visit.ts";

const place = placeOfFile();
let site: Deno.HttpServer<Deno.NetAddr>;
Deno.test.beforeAll(() => {
  site = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
});
Deno.test.afterAll(() => site.shutdown());

/** Fills in the project's URL and key, as whoever copies a snippet does. */
function fillIn(script: string): string {
  const { url, keys } = place.stack;
  return script.replaceAll("https://<ref>.supabase.co", url)
    .replaceAll(/sb_publishable_(?:…|\\u2026)/g, keys.publishable);
}

const BODY = `<form><input><button>Add</button></form><output></output>
<div id="react"></div><div id="vue"></div>`;

async function answer({ url }: Request): Promise<Response> {
  const { pathname } = new URL(url);
  const script = /^\/(readme\w*_page)\.js$/.exec(pathname)?.[1];
  if (script !== undefined) {
    const entry = new URL(`${script}.ts`, import.meta.url);
    const text = fillIn(await bundle(entry, false, "tests/deno.lock"));
    return new Response(text, { headers: { "content-type": "text/javascript" } });
  }
  const page = { "/": "readme_page", "/ssr": "readme_ssr_page" }[pathname];
  const load = page ? `<script type="module" src="/${page}.js"></script>` : "";
  const html = `<!doctype html><title>Snippets</title><body>${page ? BODY : ""}${load}</body>`;
  return new Response(html, { headers: { "content-type": "text/html" } });
}

async function open(path = "/"): Promise<Page> {
  const page = await (await newDevice(place)).newPage();
  await page.goto(`http://127.0.0.1:${site.addr.port}${path}`);
  await page.waitForFunction(() => "app" in globalThis);
  return page;
}

/** Signs a new user up. */
async function signUp(page: Page) {
  const user = { email: `${crypto.randomUUID()}@example.com`, password: "correct-horse" };
  await page.evaluate((user) => {
    const { app } = globalThis as unknown as { app: ReadmeApp | ReadmeSsrApp };
    return app.supabase.auth.signUp(user);
  }, user);
  return user;
}

/** The access token of a page. */
function tokenOf(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const { app } = globalThis as unknown as { app: ReadmeApp | ReadmeSsrApp };
    return (await app.supabase.auth.getSession()).data.session?.access_token ?? "";
  });
}

/** Calls a control route of the stack for the user of a page. */
async function control(page: Page, path: string): Promise<Record<string, string>> {
  const init = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token: await tokenOf(page) }),
  };
  return await (await fetch(`${place.stack.url}/_local/${path}`, init)).json();
}

/** Invokes a function; its status, or the code of its problem. */
function invoke(page: Page, name: string, method: "PUT" | "DELETE" | "GET", body?: object) {
  return page.evaluate(async ({ name, method, body }) => {
    const { app } = globalThis as unknown as { app: ReadmeApp };
    const options = body === undefined ? { method } : { method, body: { ...body } };
    const { response } = await app.supabase.functions.invoke(name, options);
    return response?.status;
  }, { name, method, body });
}

/** Answers the page's prompts; takes down what they asked. */
function answerPrompts(page: Page, answers: (asked: string) => string | undefined): string[] {
  const asked: string[] = [];
  page.on("dialog", async (dialog: Dialog) => {
    asked.push(dialog.message());
    const given = answers(dialog.message());
    await (given === undefined ? dialog.dismiss() : dialog.accept(given));
  });
  return asked;
}

Deno.test("the snippets for a page, React, Vue and TanStack Query show who is signed in", async () => {
  const page = await open();
  await page.locator("#react", { hasText: "Sign in." }).waitFor();
  await page.locator("#vue", { hasText: "Nobody." }).waitFor();
  await page.locator("body[data-session=signed_out]").waitFor();
  // Nobody is signed in: the message of the problem is shown.
  await page.getByRole("button", { name: "Add" }).click();
  await page.locator("output", { hasText: "You are not signed in." }).waitFor();

  const { email } = await signUp(page);
  await page.locator("#react main", { hasText: "The page." }).waitFor();
  await page.locator("#vue", { hasText: email }).waitFor();
  await page.locator("body[data-session=signed_in]").waitFor();
  await page.locator("input").fill("Tea at four");
  await page.getByRole("button", { name: "Add" }).click();
  await page.locator("output", { hasText: "Tea at four" }).waitFor();
  const loaded = await page.evaluate(() =>
    (globalThis as unknown as { app: ReadmeApp }).app.loadMe()
  );
  assertEquals(Object(loaded).email, email);
  await page.context().close();
});

Deno.test("the query is not repeated when its call ends with a problem", async () => {
  const page = await open();
  await signUp(page);
  await page.route("**/functions/v1/me", async (route) => {
    const json = problem("insufficient_scope", "credential", { request_id: "r1" });
    await route.fulfill({
      status: json.status,
      json,
      headers: { "access-control-allow-origin": "*" },
    });
  });
  const requests = recordRequests(page);
  const message = await page.evaluate(() =>
    (globalThis as unknown as { app: ReadmeApp }).app.loadMe().catch(({ name }) => name)
  );
  assertEquals(message, "FunctionsHttpError");
  assertEquals(requests.filter((one) => one === "POST /functions/v1/me").length, 1);
  await page.context().close();
});

Deno.test("the set-up goes to the sign-in when the session ended elsewhere", async () => {
  const page = await open();
  await signUp(page);
  await control(page, "session/end");
  await page.evaluate(() => {
    (globalThis as unknown as { app: ReadmeApp }).app.loadMe().catch(() => {});
  });
  await page.waitForURL("**/login?why=session_not_found");
  assertEquals(await page.evaluate(() => Object.keys(localStorage)), []);
  await page.context().close();
});

Deno.test("the set-up shows the banner while Auth is away, and the call goes on when it is back", async () => {
  const page = await open();
  await signUp(page);
  place.stack.faults.mode = "off";
  const call = invoke(page, "me", "GET");
  await page.locator("body[data-outage]").waitFor();
  place.stack.faults.mode = "on";
  await page.evaluate(() => dispatchEvent(new Event("focus")));
  assertEquals(await call, 200);
  await page.locator("body:not([data-outage])").waitFor();
  await page.context().close();
});

Deno.test("the set-up takes the error of a mail link out of the address", async () => {
  const page = await open("/?tab=1#error=access_denied&error_code=otp_expired&sb=");
  const code = await page.evaluate(() =>
    (globalThis as unknown as { app: ReadmeApp }).app.redirect.problem?.code
  );
  assertEquals([code, new URL(page.url()).search, new URL(page.url()).hash], [
    "otp_expired",
    "?tab=1",
    "",
  ]);
  await page.context().close();
});

Deno.test("the dialogs ask for the second factor, once for three calls", async () => {
  const page = await open();
  await signUp(page);
  const { code } = await control(page, "user/factor"); // simulated
  const asked = answerPrompts(page, () => code);
  const calls = [1, 2, 3].map(() => invoke(page, "account/other-sessions", "DELETE"));
  assertEquals(await Promise.all(calls), [204, 204, 204]);
  assertEquals(asked, ["The code of your authenticator app"]);
  await page.context().close();
});

Deno.test("the dialogs ask for the password when the sign-in is too old, and may be cancelled", async () => {
  const page = await open();
  const { email, password } = await signUp(page);
  const { access_token } = await control(page, "session/age");
  await page.evaluate((access_token) => {
    const key = Object.keys(localStorage).find((key) => key.endsWith("-auth-token"))!;
    const { renewed_at: _, ...session } = JSON.parse(localStorage.getItem(key) ?? "{}");
    localStorage.setItem(key, JSON.stringify({ ...session, access_token }));
  }, access_token);
  const answers: (string | undefined)[] = [undefined, password];
  const asked = answerPrompts(page, () => answers.shift());
  assertEquals(await invoke(page, "account/other-sessions", "DELETE"), 401);
  assertEquals(await invoke(page, "account/other-sessions", "DELETE"), 204);
  assertEquals(asked, [`The password of ${email}`, `The password of ${email}`]);
  await page.context().close();
});

Deno.test("the dialogs ask for password and mailed code together, with one mail for a mistyped code", async () => {
  const page = await open();
  const { email, password } = await signUp(page);
  const { access_token } = await control(page, "session/age");
  await page.evaluate((access_token) => {
    const key = Object.keys(localStorage).find((key) => key.endsWith("-auth-token"))!;
    const session = JSON.parse(localStorage.getItem(key) ?? "{}");
    localStorage.setItem(key, JSON.stringify({ ...session, access_token }));
  }, access_token);
  const mails = () =>
    place.stack.mails.filter(({ to, type }) => to === email && type === "reauthentication");
  let codes = 0;
  const asked = answerPrompts(page, (question) => {
    if (question === "Your current password") return password;
    return codes++ === 0 ? "000000" : mails()[0]?.code;
  });
  assertEquals(await invoke(page, "account/password", "PUT", { password: "a-new-horse" }), 204);
  assertEquals(asked, [
    "Your current password",
    "The code that we have mailed you",
    "Your current password",
    "The code that we have mailed you",
  ]);
  assertEquals(mails().length, 1);
  await page.context().close();
});

Deno.test("the snippets for @supabase/ssr share a session in cookies, which only the browser removes", async () => {
  const page = await open("/ssr");
  const { email, password } = await signUp(page);
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  const snippet = new URL("../../docs/cookbook/ssr_server.ts", import.meta.url);
  await Deno.writeTextFile(file, fillIn(await Deno.readTextFile(snippet)));
  const { load }: typeof import("../../docs/cookbook/ssr_server.ts") = await import(
    `file://${file}`
  );
  const cookies = await page.context().cookies();
  const render = () => load({ getAll: () => cookies, setAll: () => {} });
  assertEquals(Object(await render()).email, email);
  place.stack.faults.mode = "off";
  assertEquals(await render(), { redirect: "/try-again" });
  place.stack.faults.mode = "on";

  // Ended on another device, which stays signed in.
  const client = createStackClient(place.stack);
  const other = await client.signIn({ email, password });
  const { status } = await client.auth("POST", "/logout?scope=others", {
    token: other.access_token,
  });
  assertEquals(status, 204);
  assertEquals(await render(), { redirect: "/login" });
  assert((await page.context().cookies()).length > 0);
  await page.evaluate(() => {
    const { app } = globalThis as unknown as { app: ReadmeSsrApp };
    void app.supabase.functions.invoke("me");
  });
  await page.waitForURL("**/login");
  assertEquals(await page.context().cookies(), []);
  await Deno.remove(file);
  await page.context().close();
});

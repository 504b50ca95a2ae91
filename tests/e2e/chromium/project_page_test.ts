/// <reference lib="dom" />
// The page of `deno task dev --project`: the project's own functions, and none of this repository's.
import { assertEquals } from "@std/assert";
import { findViolations } from "./accessibility.ts";
import {
  answers,
  forgetPassword,
  lastRun,
  openPage,
  placeOfFile,
  press,
  recordRequests,
  says,
  visit,
} from "./visit.ts";

const project = Deno.makeTempDirSync();
Deno.mkdirSync(`${project}/supabase/functions/greet`, { recursive: true });
Deno.writeTextFileSync(
  `${project}/supabase/config.toml`,
  "[functions.greet]\nverify_jwt = false\n\n[auth.email.template.recovery]\n" +
    'subject = "Choose a new password"\ncontent_path = "./supabase/recovery.html"\n',
);
Deno.copyFileSync(
  new URL("../../../supabase/templates/recovery.html", import.meta.url),
  `${project}/supabase/recovery.html`,
);
Deno.writeTextFileSync(
  `${project}/supabase/functions/greet/index.ts`,
  `Deno.serve(async (request) =>
  new Response(\`\${request.headers.get("content-type")} <\${await request.text()}>\`)
);
`,
);
const place = placeOfFile({ project });
Deno.test.afterAll(() => Deno.remove(project, { recursive: true }));

Deno.test("the page of a project has a button for each of its functions, and calls none by itself", async () => {
  const page = await openPage(place);
  await says(page, "A new user is signed in. Call a function.");
  assertEquals(await page.locator("#timeline > li", { hasText: "greet" }).count(), 0);
  assertEquals(await page.locator("#calls button").allTextContents(), [
    "GET greet",
    "GET greet, 10 at once",
    "POST greet",
  ]);
  await press(page, "GET greet");
  await says(page, "GET greet was answered with 200.");
  assertEquals(await lastRun(page), ["request GET greet", "answer 200", "result done, 200"]);
  await press(page, "Age the sign-in");
  await says(page, "A function with requireRecentAuth() or requireAal() now asks who you are.");
  await page.context().close();
});

Deno.test("the page of a project sends the JSON body of its field with POST, and only JSON", async () => {
  const page = await openPage(place);
  const body = page.getByLabel("JSON body of POST");
  assertEquals(await body.inputValue(), "{}");
  await press(page, "POST greet");
  await says(page, "POST greet was answered with 200.");
  await answers(page, "application/json <{}>");
  await body.fill('[{ "name": "Ada" }, 1]');
  await press(page, "POST greet");
  await answers(page, 'application/json <[{ "name": "Ada" }, 1]>');
  await press(page, "GET greet");
  await answers(page, "null <>");

  const requests = recordRequests(page);
  await body.fill("{ name: 1 }");
  const hint = page.getByText("This is not JSON.");
  await hint.waitFor();
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 844 });
    assertEquals(await findViolations(page), [], `${width} px`);
    assertEquals(
      await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
      true,
    );
  }
  await press(page, "POST greet");
  await says(page, /The body of POST is not JSON\. .+/);
  assertEquals(await page.locator(":focus").getAttribute("id"), "post-body");
  assertEquals(requests, []);
  await body.fill("");
  await hint.waitFor({ state: "hidden" });
  await press(page, "POST greet");
  await answers(page, "null <>");
  await page.context().close();
});

/** The links of the recovery mail: to the page, as in this repository, and to Auth, as by default. */
const LINKS: Readonly<Record<string, (link: URL) => string>> = {
  "to the page": ({ href }) => href,
  "to Auth": ({ origin, searchParams }) => {
    const token = searchParams.get("token_hash") ?? "";
    const query = new URLSearchParams({ token, type: "recovery", redirect_to: origin });
    return `${origin}/auth/v1/verify?${query}`;
  },
};

for (const [where, linkOf] of Object.entries(LINKS)) {
  Deno.test(`the page of a project takes the link of a mail ${where}, and sets a password, without a function for it`, async () => {
    const page = await openPage(place);
    await visit(page, linkOf(new URL(await forgetPassword(place, page))));
    if (where === "to the page") await press(page, "Continue");
    await says(page, "Choose a new password.");
    assertEquals(page.url(), `${place.stack.url}/`);
    await page.getByRole("textbox", { name: "New password" }).fill("a-new-horse-entirely");
    await press(page, "Set it");
    await says(page, "The new password is set.");
    await press(page, "GET greet");
    await says(page, "GET greet was answered with 200.");
    await page.context().close();
  });
}

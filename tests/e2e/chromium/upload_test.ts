// Large uploads through the local stack: answered, refused or not, before the page gives up.
import { assertEquals } from "@std/assert";
import { createStackClient } from "../scenarios/client.ts";
import { openPage, placeOfFile } from "./visit.ts";

const place = placeOfFile();

/** Posts 10 MB of JSON to a function; the status and code of the answer. */
async function upload(path: string, token: string): Promise<string> {
  const page = await openPage(place);
  const answer = await page.evaluate(async ([url, token]) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ title: "x".repeat(10_000_000) }),
      signal: AbortSignal.timeout(20_000),
    });
    return `${response.status} ${(await response.json()).code}`;
  }, [`${place.stack.url}/functions/v1${path}`, token] as const);
  await page.close();
  return answer;
}

Deno.test("a page reads the answer to an upload of 10 MB that a function refuses", async () => {
  const { access_token: token } = await createStackClient(place.stack).signUp();
  assertEquals(await upload("/todos", "no-token"), "401 bad_jwt");
  assertEquals(await upload("/todos", token), "413 request_entity_too_large");
  assertEquals(await upload("/nowhere", token), "404 NOT_FOUND");
  await createStackClient(place.stack).auth("POST", "/logout", { token });
  assertEquals(await upload("/todos", token), "401 session_not_found");
});

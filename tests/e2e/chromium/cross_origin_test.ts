// A page of another origin: it reads every refusal, and it cannot touch the stack's controls.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { problemSchema } from "../../../shared/server/problem_schema.ts";
import { createStackClient } from "../scenarios/client.ts";
import { placeOfFile } from "./visit.ts";

const place = placeOfFile();
let elsewhere: Deno.HttpServer<Deno.NetAddr>;
Deno.test.beforeAll(() => {
  elsewhere = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    const headers = { "content-type": "text/html; charset=utf-8" };
    return new Response("<!doctype html><title>Another origin</title>", { headers });
  });
});
Deno.test.afterAll(() => elsewhere.shutdown());

async function openElsewhere() {
  const page = await place.browser.newPage();
  await page.goto(`http://127.0.0.1:${elsewhere.addr.port}/`);
  return page;
}

Deno.test("a page of another origin reads the body of a refusal, and its headers", async () => {
  const client = createStackClient(place.stack);
  const { access_token: token } = await client.signUp();
  await client.auth("POST", "/logout", { token });
  const page = await openElsewhere();
  const read = await page.evaluate(async ([url, token]) => {
    const headers = { Authorization: `Bearer ${token}`, "x-client-info": "a-page" };
    const answer = await fetch(`${url}/functions/v1/me`, { headers });
    const named = (name: string) => answer.headers.get(name) ?? "";
    return {
      status: answer.status,
      body: await answer.json(),
      challenge: named("www-authenticate"),
      id: named("x-request-id"),
    };
  }, [place.stack.url, token]);
  const problem = problemSchema.parse(read.body);
  assertEquals([read.status, problem.code, problem.action], [401, "session_not_found", "sign_in"]);
  assertEquals(read.id, problem.request_id);
  assertMatch(read.challenge, /^Bearer .*error="invalid_token"/);
  await page.close();
});

Deno.test("a page of another origin can neither turn Auth off nor read the mails", async () => {
  const page = await openElsewhere();
  const results = await page.evaluate(async (url) => {
    const body = JSON.stringify({ mode: "off" });
    const json = { "content-type": "application/json" };
    const tries = [
      fetch(`${url}/_local/auth`, { method: "POST", body, headers: json }),
      fetch(`${url}/_local/auth`, { method: "POST", body, mode: "no-cors" }),
      fetch(`${url}/_local/mail`, { headers: { accept: "application/json" } }),
      fetch(`${url}/_local/auth`),
    ];
    const done = await Promise.allSettled(tries);
    return done.map((one) => one.status === "fulfilled" ? one.value.type : "refused");
  }, place.stack.url);
  assertEquals(place.stack.faults.mode, "on");
  assert(results.every((one) => one === "refused" || one === "opaque"), results.join());
  await page.close();
});

import { assert, assertEquals } from "@std/assert";
import { createClient } from "@supabase/supabase-js";
import { createGetUser, STATELESS } from "../../../../shared/server/core/get_user.ts";
import { readProject } from "../../../../shared/server/core/project.ts";
import {
  alive,
  environment,
  fakeAuth,
  inFakeTime,
  json,
  refuses,
  settle,
  token,
  USER_ID,
} from "../../../support/server.ts";

const project = readProject(environment());

Deno.test("createGetUser() keeps the code, status, Retry-After and text that supabase-js loses", async () => {
  const answers: (() => Response)[] = [
    () => refuses(403, "session_not_found"),
    () => json(429, { code: "over_request_rate_limit", message: "x" }, { "Retry-After": "7" }),
    () => new Response("Bad Gateway", { status: 502, headers: { "Retry-After": "3" } }),
    () => new Response("<html>", { status: 404, headers: { "Content-Type": "text/html" } }),
    () => json(200, "null"),
    () => json(200, "{}"),
    () => new Response(null, { status: 204 }),
    () => new Response(null, { status: 304 }),
    () => new Response(null, { status: 302, headers: { Location: "https://evil.example" } }),
  ];
  for (const make of answers) {
    const expected = make();
    const { answer } = await createGetUser(project, fakeAuth(make).options.fetch)(token(), 1000);
    assert(answer.kind === "answer");
    assertEquals([answer.status, answer.text], [expected.status, await expected.text()]);
    assertEquals(answer.headers.get("retry-after"), expected.headers.get("retry-after"));
  }
});

Deno.test("createGetUser() returns the user that getUser() returned", async () => {
  const text = JSON.stringify({ id: USER_ID, email: "ada@example.com" });
  for (const headers of [{}, { "Content-Length": `${text.length}` }]) {
    const { options } = fakeAuth(() => json(200, text, headers));
    const { user, answer } = await createGetUser(project, options.fetch)(token(), 1000);
    assertEquals(user, { id: USER_ID, email: "ada@example.com" });
    assertEquals(answer.kind === "answer" && answer.status, 200);
  }
});

Deno.test("createGetUser() returns no user when the body of a 200 is cut, empty or not JSON", async () => {
  const cut = () =>
    new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode('{"id":'));
        controller.error(new Error("cut"));
      },
    });
  for (const body of [() => "", () => '{"id":', () => "<html>", () => "null", cut]) {
    for (const headers of [{}, { "Content-Length": "6" }]) {
      const type = { "Content-Type": "application/json" };
      const { options } = fakeAuth(() =>
        new Response(body(), { headers: { ...type, ...headers } })
      );
      const { user } = await createGetUser(project, options.fetch)(token(), 1000);
      assertEquals(user, null);
    }
  }
});

Deno.test("createGetUser() makes one call per check, and does not try again", async () => {
  for (const status of [401, 429, 500, 503, 504, 520]) {
    const { options, calls } = fakeAuth(() => new Response("", { status }));
    await createGetUser(project, options.fetch)(token(), 1000);
    assertEquals([status, calls.length], [status, 1]);
  }
});

Deno.test("createGetUser() returns each concurrent call its own answer", async () => {
  const gates = new Map<string, (response: Response) => void>();
  const { options } = fakeAuth((request) =>
    new Promise((resolve) => gates.set(request.headers.get("authorization") ?? "", resolve))
  );
  const getUser = createGetUser(project, options.fetch);
  const tokens = Array.from({ length: 20 }, (_, n) => token({ n }));
  const results = tokens.map((jwt) => getUser(jwt, 1000));
  await settle();
  assertEquals(gates.size, 20);
  for (const [n, jwt] of [...tokens.entries()].toReversed()) {
    gates.get(`Bearer ${jwt}`)!(n % 2 === 0 ? alive({ n }) : refuses(403, `code_${n}`));
  }
  for (const [n, { user, answer }] of (await Promise.all(results)).entries()) {
    assert(answer.kind === "answer");
    if (n % 2 === 0) assertEquals((user as { n: number }).n, n);
    else assertEquals(JSON.parse(answer.text).code, `code_${n}`);
  }
});

Deno.test("createGetUser() returns an answer when the call before ended in a network fault", async () => {
  const { options } = fakeAuth((_request, call) => {
    if (call === 1) throw new TypeError("down");
    return alive();
  });
  const getUser = createGetUser(project, options.fetch);
  assertEquals(await getUser(token(), 1000), {
    user: null,
    answer: { kind: "fault", reason: "network" },
    calls: 1,
  });
  assertEquals((await getUser(token(), 1000)).answer.kind, "answer");
});

Deno.test("createGetUser() answers in time when the connection or the body hangs", () =>
  inFakeTime(async (time) => {
    const hangs: (() => Response | Promise<Response>)[] = [
      () => new Promise(() => {}),
      () => new Response(new ReadableStream(), { headers: { "Content-Length": "10" } }),
      () => new Response(new ReadableStream(), { status: 403 }),
    ];
    for (const hang of hangs) {
      const result = createGetUser(project, fakeAuth(hang).options.fetch)(token(), 1000);
      await settle();
      time.tick(1000);
      assertEquals((await result).answer, { kind: "fault", reason: "timeout" });
    }
  }));

Deno.test("createGetUser() sends what a plain client's getUser(token) sends, and asks for no cached answer", async () => {
  const { options, calls } = fakeAuth();
  const jwt = token();
  await createGetUser(project, options.fetch)(jwt, 1000);
  const supabase = createClient(project.url, project.apiKey, {
    global: { fetch: options.fetch },
    auth: STATELESS,
  });
  assertEquals((await supabase.auth.getUser(jwt)).error, null);
  const [ours, theirs] = calls.map(({ method, url, headers }) => ({
    method,
    url,
    headers: [...headers],
  }));
  assertEquals(ours, {
    ...theirs!,
    headers: [...theirs!.headers, ["cache-control", "no-cache"]].sort(),
  });
  assertEquals(calls[0]!.redirect, "manual");
});

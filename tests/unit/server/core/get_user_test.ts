import { assert, assertEquals } from "@std/assert";
import { createClient } from "@supabase/supabase-js";
import { createCheck } from "../../../../shared/server/core/get_user.ts";
import { readProject } from "../../../../shared/server/core/project.ts";
import {
  alive,
  environment,
  fakeAuth,
  json,
  refuses,
  settle,
  token,
  USER_ID,
} from "../../../support/server.ts";

const project = readProject(environment());

Deno.test("createCheck() keeps what supabase-js would lose: code, status, Retry-After, text", async () => {
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
    const got = await createCheck(project, fakeAuth(make).options.fetch)(`Bearer ${token()}`, 1000);
    assert(got.kind === "answer");
    assertEquals([got.status, got.text], [expected.status, await expected.text()]);
    assertEquals(got.headers.get("retry-after"), expected.headers.get("retry-after"));
  }
});

Deno.test("createCheck() asks once for each check: nothing is tried again", async () => {
  for (const status of [401, 429, 500, 503, 504, 520]) {
    const { options, calls } = fakeAuth(() => new Response("", { status }));
    await createCheck(project, options.fetch)(`Bearer ${token()}`, 1000);
    assertEquals([status, calls.length], [status, 1]);
  }
});

Deno.test("createCheck() answers each of many concurrent checks with its own", async () => {
  const gates = new Map<string, (response: Response) => void>();
  const { options } = fakeAuth((request) =>
    new Promise((resolve) => gates.set(request.headers.get("authorization") ?? "", resolve))
  );
  const check = createCheck(project, options.fetch);
  const bearers = Array.from({ length: 20 }, (_, n) => `Bearer ${token({ n })}`);
  const answers = bearers.map((bearer) => check(bearer, 1000));
  await settle();
  assertEquals(gates.size, 20);
  for (const [n, bearer] of [...bearers.entries()].toReversed()) {
    gates.get(bearer)!(alive({ n }));
  }
  for (const [n, got] of (await Promise.all(answers)).entries()) {
    assert(got.kind === "answer");
    assertEquals(JSON.parse(got.text), {
      id: USER_ID,
      email: "ada@example.com",
      aud: "authenticated",
      n,
    });
  }
});

Deno.test("createCheck() is as good after a fault as before", async () => {
  const { options } = fakeAuth((_request, call) => {
    if (call === 1) throw new TypeError("down");
    return alive();
  });
  const check = createCheck(project, options.fetch);
  const bearer = `Bearer ${token()}`;
  assertEquals(await check(bearer, 1000), { kind: "fault", reason: "network" });
  assertEquals((await check(bearer, 1000)).kind, "answer");
});

Deno.test("createCheck() sends what supabase.auth.getUser(token) sends", async () => {
  const { options, calls } = fakeAuth();
  const jwt = token();
  await createCheck(project, options.fetch)(`Bearer ${jwt}`, 1000);
  const supabase = createClient(project.url, project.apiKey, {
    global: { fetch: options.fetch },
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  });
  assertEquals((await supabase.auth.getUser(jwt)).error, null);
  const [ours, theirs] = calls.map(({ method, url, headers }) => {
    headers.delete("x-client-info"); // who calls: Auth does not go by it
    return { method, url, headers: [...headers] };
  });
  assertEquals(ours, theirs);
});

/**
 * What the files of the pages must do, once they are served.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { apiKeys } from "../../supabase/local/keys.ts";
import { beginUpload } from "../support/raw_http.ts";
import { finish, type Running } from "./process.ts";
import { cronKey } from "../../supabase/local/keys.ts";
import { signWebhook } from "../../shared/testing/webhook.ts";
import { PROJECT_REF, type Reader, SENDERS, type User } from "./reader.ts";
import { stripeSignature } from "./stripe_stub.ts";

/** What an exercise works with. */
export interface Exercise {
  readonly reader: Reader;
  /** A user who is signed in. */
  readonly user: User;
  /** The file, below the project. */
  readonly file: string;
  /** Calls the function that the file is, below its name. */
  call(path: string, init?: RequestInit): Promise<Response>;
  /** The URL of the function. */
  readonly url: string;
  /** The header of the user's token. */
  readonly bearer: { readonly Authorization: string };
  /** The process of the function. */
  readonly process: Running | undefined;
}

/** By the path in the block's first line. */
export const EXERCISES: Readonly<Record<string, (exercise: Exercise) => Promise<void>>> = {
  async "supabase/functions/me/index.ts"({ reader, user, call, bearer }) {
    await assertRefused(await call(""), 401, "no_authorization");
    for (const method of ["GET", "POST"]) {
      const me = await json(await call("", { method, headers: bearer }), 200);
      assertEquals([me.email, typeof me.session.id], [user.email, "string"]);
    }
    await reader.signOut(user);
    await assertRefused(await call("", { headers: bearer }), 401, "session_not_found");
    await deploy(reader, "me");
  },

  async "src/api.ts"({ reader, user, file }) {
    const first = await openPage(reader, file, user);
    await first.untilPrinted(new RegExp(`^${RegExp.escape(user.email)}$`, "m"));
    await first.untilPrinted(new RegExp(`^${user.id}$`, "m"));
    assert(!first.printed.includes("location"), first.printed);
    // The session ends on another device, and the page is opened once more.
    await reader.signOut(user);
    const second = await openPage(reader, file, user);
    await second.untilPrinted(/^This session has ended\. Sign in again\.$/m);
    await second.untilPrinted(/^location\.assign \/login$/m);
  },

  async "supabase/functions/todos/index.ts"({ call, bearer }) {
    await assertRefused(await call(""), 401, "no_authorization");
    assertEquals(await json(await call("", { headers: bearer }), 200), []);
    assertEquals(await json(await call("/open", { headers: bearer }), 200), { open: 0 });
  },

  async "supabase/functions/add-todo/index.ts"({ call, bearer }) {
    const add = (body: unknown) => {
      const headers = { ...bearer, "Content-Type": "application/json" };
      return call("", { method: "POST", headers, body: JSON.stringify(body) });
    };
    assertEquals((await json(await add({ title: "tea" }), 201)).title, "tea");
    const { issues } = await assertRefused(await add({ title: "" }), 400, "validation_failed");
    assertEquals(issues[0].path, ["title"]);
  },

  async "supabase/functions/orders/index.ts"({ call, bearer }) {
    assertEquals((await json(await call("/1", { headers: bearer }), 200)).id, 1);
    await assertRefused(await call("/2", { headers: bearer }), 404, "not_found");
  },

  // The functions that use it show what it does.
  async "supabase/functions/_shared/problems.ts"() {},

  async "supabase/functions/checkout/index.ts"({ call, bearer }) {
    const order = (item: string) => call(`/${item}`, { method: "POST", headers: bearer });
    const sold = await assertRefused(await order("cake"), 409, "sold_out");
    assertEquals(sold.action, "fix_request");
    const refused = await order("tea");
    assertEquals(refused.headers.get("Link"), "<https://app.example/plans>; rel=help");
    const { action, plan } = await assertRefused(refused, 402, "payment_required");
    assertEquals([action, plan], ["none", "pro"]);
  },

  async "supabase/functions/basket/index.ts"({ reader, bearer }) {
    const [, checkout] = await serveFunction(reader, "checkout");
    await using project = serveProject(await reader.dev(), { checkout });
    const [, url] = await serveFunction(reader, "basket", { SUPABASE_URL: project.url });
    const order = async (item: string) =>
      await fetch(`${url}/basket/${item}`, { method: "POST", headers: bearer });
    await assertRefused(await fetch(`${url}/basket/tea`), 401, "no_authorization");
    await assertRefused(await order("cake"), 409, "sold_out");
    const { plan } = await assertRefused(await order("tea"), 402, "payment_required");
    assertEquals(plan, "pro");
    assertEquals(project.bearers, [bearer.Authorization, bearer.Authorization]);
  },

  async "supabase/functions/my-report/index.ts"({ reader, user, bearer }) {
    const keys = { default: "sb_secret_other", reports: "sb_secret_reports" };
    const [, report] = await serveFunction(reader, "report", secretKeys(keys));
    await using project = serveProject(await reader.dev(), { report });
    const env = { SUPABASE_URL: project.url };
    const [, url] = await serveFunction(reader, "my-report", { ...env, ...secretKeys(keys) });
    const post = { method: "POST", headers: bearer };
    const made = await json(await fetch(`${url}/my-report`, post), 200);
    assertEquals(made, { owner: user.id, made_by: "reports" });
    await assertRefused(
      await fetch(`${url}/my-report`, { method: "POST" }),
      401,
      "no_authorization",
    );
    // With another key than the one that the other function takes, it is this function's mistake.
    const wrong = secretKeys({ ...keys, reports: keys.default });
    const [, other] = await serveFunction(reader, "my-report", { ...env, ...wrong });
    await assertRefused(await fetch(`${other}/my-report`, post), 500, "internal_error");
  },

  async "supabase/functions/report/index.ts"({ reader, bearer }) {
    const keys = secretKeys({ default: "sb_secret_other", reports: "sb_secret_reports" });
    const [, url] = await serveFunction(reader, "report", keys);
    const call = (headers: HeadersInit) => fetch(`${url}/report`, { method: "POST", headers });
    await assertRefused(await call(bearer), 403, "insufficient_scope");
    await assertRefused(await call({ apikey: "sb_secret_other" }), 403, "api_key_not_allowed");
  },

  async "supabase/functions/shop/index.ts"({ call, bearer }) {
    const headers = { Origin: "https://shop.example" };
    const catalog = await call("/catalog", { headers });
    assertEquals(catalog.headers.get("Access-Control-Allow-Origin"), "https://shop.example");
    assertEquals(await json(catalog, 200), ["tea", "cake"]);
    const foreign = await call("/catalog", { headers: { Origin: "https://other.example" } });
    assertEquals(foreign.headers.get("Access-Control-Allow-Origin"), null);
    await json(foreign, 200);
    await assertRefused(await call("/cart"), 401, "no_authorization");
    await json(await call("/cart", { headers: bearer }), 200);
  },

  async "supabase/functions/catalog/index.ts"({ user, call, bearer }) {
    const anybody = await json(await call(""), 200);
    assertEquals(anybody.for, null);
    const signedIn = await json(await call("", { headers: bearer }), 200);
    assertEquals(signedIn.for, user.id);
    await assertRefused(await call("", { headers: { Authorization: "Bearer x" } }), 401, "bad_jwt");
  },

  async "supabase/functions/tidy/index.ts"({ user, call, bearer }) {
    const run = (headers: Record<string, string>) =>
      call("/jobs/delete-done", { method: "POST", headers });
    await assertRefused(await run({}), 401, "invalid_api_key");
    await assertRefused(await run(bearer), 403, "insufficient_scope");
    await assertRefused(await run({ apikey: "sb_secret_wrong" }), 401, "invalid_api_key");
    assertEquals(await json(await run({ apikey: apiKeys.secret }), 200), { by: "default" });
    await assertRefused(
      await call("", { headers: { apikey: apiKeys.secret } }),
      401,
      "no_authorization",
    );
    assertEquals(await json(await call("", { headers: bearer }), 200), { reader: user.id });
  },

  async "supabase/functions/feed/index.ts"({ reader, user, call, bearer }) {
    await json(await call("", { headers: bearer }), 200);
    await json(await call("/admin/stats", { headers: bearer }), 200);
    await reader.signOut(user);
    // Without a freshness, the session's end is seen at once.
    await assertRefused(await call("/admin/stats", { headers: bearer }), 401, "session_not_found");
  },

  async "supabase/functions/payout/index.ts"({ call, bearer }) {
    for (const method of ["POST", "DELETE"]) {
      const response = await call("", { method, headers: bearer });
      const problem = await assertRefused(response, 401, "insufficient_aal");
      assertEquals([problem.action, problem.required_aal], ["step_up", "aal2"]);
    }
  },

  async "supabase/functions/staff/index.ts"({ reader, user, call, bearer }) {
    const ask = (path: string, method = "GET") => call(path, { method, headers: bearer });
    const change = (app_metadata: unknown) =>
      reader.asProject("PUT", `/auth/v1/admin/users/${user.id}`, { app_metadata });
    await assertRefused(await call("/orders"), 401, "no_authorization");
    await assertRefused(await ask("/orders"), 403, "insufficient_scope");
    await change({ role: "support", roles: ["editor", "analyst"] });
    await json(await ask("/orders"), 200);
    await json(await ask("/reports"), 200);
    await change({ role: null, roles: ["editor"] });
    await assertRefused(await ask("/orders"), 403, "insufficient_scope");
    await assertRefused(await ask("/reports"), 403, "insufficient_scope");
    await json(await ask("/reviews", "POST"), 200);
    await assertRefused(await ask("/beta"), 403, "insufficient_scope");
  },

  async "supabase/functions/organizations/index.ts"({ reader, user, call, bearer }) {
    const [{ id }] = await reader.asProject("POST", "/rest/v1/organizations", { name: "Tea" });
    const ask = (below = "") => call(`/${id}${below}`, { headers: bearer });
    await assertRefused(await call(`/${id}`), 401, "no_authorization");
    await assertRefused(await ask(), 403, "insufficient_scope");
    const member = { organization_id: id, user_id: user.id };
    await reader.asProject("POST", "/rest/v1/members", member);
    assertEquals(await json(await ask(), 200), { id, name: "Tea" });
    await assertRefused(await ask("/invoices"), 403, "insufficient_scope");
    await reader.asProject("PATCH", `/rest/v1/members?user_id=eq.${user.id}`, { role: "admin" });
    await json(await ask("/invoices"), 200);
    await reader.asProject("DELETE", `/rest/v1/members?user_id=eq.${user.id}`);
    await assertRefused(await ask(), 403, "insufficient_scope");
  },

  async "supabase/functions/reports/index.ts"({ reader, user, call, bearer }) {
    await assertRefused(await call("/finance"), 401, "no_authorization");
    await assertRefused(await call("/finance", { headers: bearer }), 404, "not_found");
    const path = `/auth/v1/admin/users/${user.id}`;
    await reader.asProject("PUT", path, { app_metadata: { teams: ["finance"] } });
    await json(await call("/finance", { headers: bearer }), 200);
  },

  async "supabase/functions/sessions/index.ts"({ call, bearer }) {
    const response = await call("/others", { method: "DELETE", headers: bearer });
    assertEquals(response.status, 204);
    assertEquals((await call("/others", { method: "DELETE", headers: bearer })).status, 204);
  },

  async "supabase/functions/close-account/index.ts"({ call, bearer }) {
    await assertRefused(await call("", { method: "POST" }), 401, "no_authorization");
    assertEquals((await call("", { method: "POST", headers: bearer })).status, 204);
    await assertRefused(await call("", { method: "POST", headers: bearer }), 401, "user_not_found");
  },

  async "supabase/functions/newsletter/index.ts"({ call }) {
    const post = (Origin: string) => call("", { method: "POST", headers: { Origin } });
    await json(await post("https://app.example"), 200);
    await assertRefused(await post("https://other.example"), 403, "insufficient_scope");
  },

  async "supabase/functions/hooks/index.ts"({ call, bearer }) {
    const path = "/before-user-created";
    const send = async (email: string, secret: string) => {
      const { headers, body } = await signWebhook(path, { secret, body: { user: { email } } });
      return await call(path, { method: "POST", headers, body });
    };
    for (const secret of SENDERS.BEFORE_USER_CREATED_HOOK_SECRET.split("|")) {
      assertEquals(await json(await send("ada@example.com", secret), 200), {});
      const { error } = await json(await send("ada@elsewhere.example", secret), 200);
      assertEquals(error, { http_code: 403, message: "Use your work address." });
    }
    const other = `whsec_${btoa("the secret of somebody else")}`;
    const code = "webhook_signature_invalid";
    await assertRefused(await send("ada@example.com", other), 401, code);
    const unsigned = await call(path, { method: "POST", headers: bearer, body: "{}" });
    await assertRefused(unsigned, 401, "webhook_signature_missing");
  },

  async "supabase/functions/payments/index.ts"({ call }) {
    const object = { client_reference_id: crypto.randomUUID() };
    const body = JSON.stringify({
      id: "evt_1",
      type: "checkout.session.completed",
      data: { object },
    });
    const send = (signature: string) =>
      call("", { method: "POST", headers: { "Stripe-Signature": signature }, body });
    const now = Math.floor(Date.now() / 1000);
    const secret = SENDERS.STRIPE_WEBHOOK_SECRET;
    assertEquals(await json(await send(stripeSignature(body, secret, now)), 200), {
      received: "evt_1",
    });
    for (const signature of ["", "t=1", stripeSignature(body, secret, now - 301)]) {
      await assertRefused(await send(signature), 401, "webhook_signature_invalid");
    }
  },

  async "supabase/functions/jobs/index.ts"({ call, bearer }) {
    const post = (path: string, headers: Record<string, string>, body: unknown = {}) =>
      call(path, {
        method: "POST",
        headers: { ...headers, "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
    const cron = { apikey: cronKey };
    assertEquals(await json(await post("/remove-done", cron), 200), { removed: 0 });
    const record = { id: "1", title: "tea" };
    const inserted = { type: "INSERT", table: "todos", record };
    assertEquals(await json(await post("/todo-added", cron, inserted), 200), { added: "1" });
    await assertRefused(await post("/todo-added", cron), 400, "validation_failed");
    assertEquals((await post("/remove-done", bearer)).ok, false);
    await assertRefused(await post("/remove-done", {}), 401, "invalid_api_key");
  },

  async "supabase/functions/plain/index.ts"({ user, call, bearer }) {
    await assertRefused(await call(""), 401, "no_authorization");
    assertEquals(await (await call("", { headers: bearer })).text(), `Hello ${user.email}`);
  },

  async "supabase/functions/watched/index.ts"({ user, call, bearer, process }) {
    await json(await call("", { headers: bearer }), 200);
    await assertRefused(await call(""), 401, "no_authorization");
    assert(process);
    await process.untilPrinted(/"refused"[^]*\n/);
    const lines = process.printed.split("\n").filter((line) => line.includes('"outcome"'));
    const [admitted, refused] = lines.map((line) => JSON.parse(line));
    assertEquals([admitted.outcome, admitted.upstream_calls], ["admitted", 1]);
    assertEquals([refused.outcome, refused.code], ["refused", "no_authorization"]);
    assertEquals(
      Object.keys(admitted).sort(),
      [
        "client_id",
        "code",
        "guard",
        "key_name",
        "kind",
        "ms",
        "outcome",
        "recheck",
        "request_id",
        "source",
        "upstream_calls",
      ],
    );
    assert(!lines.join().includes(user.email));
  },

  async "supabase/functions/clock/index.ts"({ reader, user, call, bearer }) {
    await assertRefused(await call(""), 401, "no_authorization");
    const stream = await call("", { headers: bearer });
    assertEquals(stream.headers.get("Content-Type"), "text/event-stream");
    await reader.signOut(user);
    const [first, last] = (await stream.text()).trim().split("\n\n");
    assertMatch(String(first), /^event: time\ndata: \d{4}-/);
    const [, data] = /^event: problem\ndata: (.*)$/.exec(String(last)) ?? [];
    const { code, action } = JSON.parse(String(data));
    assertEquals([code, action], ["session_not_found", "sign_in"]);
  },

  async "supabase/functions/echo/index.ts"({ reader, user, url, call, bearer }) {
    const origin = { Origin: "https://app.example" };
    await assertRefused(await call("", { headers: origin }), 401, "no_authorization");
    assertEquals((await call("", { headers: { ...bearer, ...origin } })).status, 204);
    const foreign = await call("", { headers: { ...bearer, Origin: "https://other.example" } });
    await assertRefused(foreign, 403, "insufficient_scope");
    const protocols = ["echo", `jwt-${user.accessToken}`];
    // Deno's own option, which the types of the DOM hide.
    const options = { protocols, headers: origin } as unknown as string[];
    const socket = new WebSocket(url.replace("http", "ws"), options);
    const closed = new Promise((resolve) => socket.onclose = resolve);
    const said = new Promise((resolve) => socket.onmessage = resolve);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    assertEquals(socket.protocol, "echo");
    socket.send("tea");
    assertEquals((await said as MessageEvent).data, "tea");
    await reader.signOut(user);
    const { code, reason } = await closed as CloseEvent;
    assertEquals([code, reason], [3000, "session_not_found"]);
  },

  async "supabase/functions/upload/index.ts"({ reader, user, file, url, call, bearer }) {
    const refused = await beginUpload(url);
    assertMatch(refused, /^HTTP\/1\.1 401 [^]*"code":"no_authorization"/);
    const large = { method: "POST", headers: bearer, body: new Uint8Array(21 * 1024 * 1024) };
    await assertRefused(await call("", large), 413, "request_entity_too_large");

    // The stack has no Storage.
    const dev = await reader.dev();
    const stored = new Map<string, [bytes: number, authorization: string | null]>();
    const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
    await using storage = Deno.serve(options, async (request) => {
      const { pathname } = new URL(request.url);
      if (!pathname.startsWith("/storage/")) {
        return await fetch(`${dev}${pathname}`, { headers: request.headers });
      }
      const bytes = (await request.arrayBuffer()).byteLength;
      stored.set(pathname, [bytes, request.headers.get("Authorization")]);
      return Response.json({ Id: "1", Key: pathname.replace("/storage/v1/object/", "") });
    });
    const config = `${reader.project}/supabase/functions/me/deno.json`;
    const project = { SUPABASE_URL: `http://127.0.0.1:${storage.addr.port}` };
    const [, other] = await reader.serve(config, file, project);
    const body = new Uint8Array(10 * 1024 * 1024);
    const answer = await fetch(`${other}/upload`, { method: "POST", headers: bearer, body });
    const { path } = await json(answer, 201);
    assertMatch(path, new RegExp(`^${user.id}/[0-9a-f-]{36}$`));
    assertEquals([...stored], [
      [`/storage/v1/object/uploads/${path}`, [body.length, bearer.Authorization]],
    ]);
  },

  async "supabase/functions/_shared/tracing.ts"() {
    // The function `traced` uses it.
  },

  async "supabase/functions/traced/index.ts"({ user, call, bearer, process }) {
    assert(process);
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
    const headers = { ...bearer, traceparent, "X-Request-Id": "r-1" };
    const admitted = await call("", { headers });
    await json(admitted, 200);
    const timing = admitted.headers.get("Server-Timing") ?? "";
    const [, spanId] = new RegExp(`traceparent;desc="00-${traceId}-([0-9a-f]{16})-01"`)
      .exec(timing) ?? [];
    assert(spanId, timing);
    await assertRefused(
      await call("", { headers: { "X-Request-Id": "r-2" } }),
      401,
      "no_authorization",
    );
    const broken = await call("/broken", { headers: { ...headers, "X-Request-Id": "r-3" } });
    await assertRefused(broken, 500, "internal_error");
    await process.untilPrinted(/"r-3"[^]*status: \{ code: 2[^]*links: \[\]\n\}/);

    const spans = process.printed.split(/^\{\n/m).slice(1);
    const find = (...patterns: RegExp[]) => {
      const found = spans.filter((span) => patterns.every((pattern) => pattern.test(span)));
      assertEquals(found.length, 1, `${patterns}\n${process.printed}`);
      return found[0]!;
    };
    const check = find(/name: "auth"/, /"edge_auth.request_id": "r-1"/);
    assertMatch(check, new RegExp(`traceId: "${traceId}"[^]*spanId: "${spanId}"`));
    assertMatch(check, /"edge_auth.outcome": "admitted"/);
    assertMatch(check, /"edge_auth.upstream_calls": 1/);
    assert(!check.includes("edge_auth.code"), check);
    const request = find(/name: "GET"/, /"edge_auth.request_id": "r-1"/);
    assertMatch(request, new RegExp(`[^n]id: "${spanId}"`));
    assertMatch(request, /"http.response.status_code": 200/);
    assertMatch(
      find(/name: "auth"/, /"edge_auth.request_id": "r-2"/),
      /"edge_auth.code": "no_authorization"/,
    );
    assertMatch(find(/name: "GET"/, /"edge_auth.request_id": "r-3"/), /out of tea/);
    const line = `{"request_id":"r-3","code":"internal_error","trace_id":"${traceId}"}`;
    assert(process.printed.includes(line), process.printed);
    assert(!process.printed.includes(user.email), process.printed);
  },

  async "supabase/functions/tracked/index.ts"({ call, bearer, process }) {
    assert(process);
    await assertRefused(await call(""), 401, "no_authorization");
    const headers = { ...bearer, "X-Request-Id": "r-1" };
    await assertRefused(await call("", { headers }), 500, "internal_error");
    const pattern = /no_such_table.* \{ tags: \{ request_id: "(.+)", code: "(.+)" \} \}/;
    const [, request_id, code] = await process.untilPrinted(pattern);
    assertEquals([request_id, code], ["r-1", "internal_error"]);
  },

  async "supabase/functions/status/index.ts"({ call }) {
    assertEquals(await json(await call(""), 200), { status: "ok" });
  },

  async "supabase/functions/titles/index.ts"({ user, call, bearer }) {
    await assertRefused(await call(""), 401, "no_authorization");
    const read = async (headers: Record<string, string>) =>
      (await json(await call("", { headers }), 200)).for;
    assertEquals([await read(bearer), await read({ apikey: apiKeys.secret })], [user.id, null]);
  },

  async "supabase/functions/profile/index.ts"({ call, bearer }) {
    await assertRefused(await call(""), 401, "no_authorization");
    assertEquals(await json(await call("", { headers: bearer }), 200), []);
  },

  async "supabase/functions/new-todo/index.ts"({ call, bearer }) {
    const headers = { ...bearer, "Content-Type": "application/json" };
    const add = (body: string) => call("", { method: "POST", headers, body });
    assertEquals(await json(await add('{"title":"tea"}'), 201), { title: "tea" });
    await assertRefused(await add("{"), 400, "bad_json");
  },

  async "supabase/functions/me/index_test.ts"({ reader, file }) {
    const config = `${reader.project}/supabase/functions/me/deno.json`;
    const args = ["test", "-A", "--no-check", "--no-lock", `--config=${config}`, file];
    const output = await finish(reader.deno, {
      args,
      cwd: reader.project,
      env: { NO_COLOR: "1" },
    });
    assertMatch(output, /ok \| 1 passed/);
  },
};

/** Serves a function of the project. */
async function serveFunction(
  reader: Reader,
  name: string,
  env: Record<string, string> = {},
): Promise<[Running, string]> {
  const folder = `${reader.project}/supabase/functions/${name}`;
  return await reader.serve(`${folder}/deno.json`, `supabase/functions/${name}/index.ts`, env);
}

/** The variable in which Supabase gives a function the secret keys of the project. */
function secretKeys(keys: Readonly<Record<string, string>>): Record<string, string> {
  return { SUPABASE_SECRET_KEYS: JSON.stringify(keys) };
}

/**
 * The gateway of a project whose functions are served here, before the local stack.
 *
 * @param stack The URL of the stack, which answers everything else.
 * @param functions The URLs of the functions, by their names.
 */
function serveProject(stack: string, functions: Readonly<Record<string, string>>) {
  const bearers: (string | null)[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const { pathname, search } = new URL(request.url);
    const path = /^\/functions\/v1(\/([\w-]+).*)$/.exec(pathname);
    const base = functions[path?.[2] ?? ""];
    if (base !== undefined) bearers.push(request.headers.get("Authorization"));
    const target = base === undefined ? stack + pathname : base + path![1];
    return fetch(new Request(target + search, request));
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    bearers,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

// deno-lint-ignore no-explicit-any -- JSON of many shapes; each is asserted where it is used
async function json(response: Response, status: number): Promise<any> {
  const text = await response.text();
  assertEquals(response.status, status, text);
  return JSON.parse(text);
}

/** A refusal in the one shape. */
async function assertRefused(response: Response, status: number, code: string) {
  const problem = await json(response, status);
  assertEquals([problem.code, problem.status], [code, status]);
  for (const member of ["message", "action", "request_id"]) {
    assertEquals(typeof problem[member], "string", member);
  }
  assertEquals(typeof problem.replay, "boolean");
  return problem;
}

/** Deploys a function of the project, and looks at what was uploaded. */
async function deploy(reader: Reader, name: string): Promise<void> {
  const before = reader.api.deployment.uploads.length;
  const args = ["functions", "deploy", name, "--use-api", `--remote=${PROJECT_REF}`, "--yes"];
  const cli = `${reader.folder}/bin/supabase`;
  const output = await finish(cli, { args, cwd: reader.project });
  assert(!/^\s*warn/im.test(output), output);
  const [upload, ...others] = reader.api.deployment.uploads.slice(before);
  assertEquals([upload?.slug, upload?.metadata.verify_jwt, others.length], [name, false, 0]);
  const uploaded = [...upload!.files.keys()];
  for (
    const file of [`functions/${name}/index.ts`, "functions/_shared/edge-auth/server/auth.ts"]
  ) {
    assert(uploaded.some((path) => path.endsWith(file)), `${file} is not in ${uploaded}`);
  }
  assert(!uploaded.some((path) => path.includes("/browser/")), String(uploaded));
}

/**
 * What a module finds in a browser, as far as supabase-js and the page use it. The session is in
 * localStorage, as after a sign-in, where it stays for the whole visit.
 */
function browser(session: unknown): string {
  return `
const stored = new Map([["sb-127-auth-token", ${JSON.stringify(JSON.stringify(session))}]]);
const define = (name, value) => {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
};
define("window", globalThis);
define("document", Object.assign(new EventTarget(), { visibilityState: "visible" }));
define("localStorage", {
  getItem: (key) => stored.get(key) ?? null,
  setItem: (key, value) => void stored.set(key, String(value)),
  removeItem: (key) => void stored.delete(key),
});
define("location", {
  href: "https://app.example/",
  origin: "https://app.example",
  assign: (url) => console.log("location.assign " + url),
});
`;
}

/** Opens a page that loads a module, and waits until the module has run. */
async function openPage(reader: Reader, file: string, { session }: User): Promise<Running> {
  const page = `${await Deno.makeTempDir({ dir: reader.folder })}/page.ts`;
  const module = JSON.stringify(`${reader.project}/${file}`);
  const text = `${browser(session)}await import(${module});\nconsole.log("loaded");\n`;
  // A page stays open.
  await Deno.writeTextFile(page, `${text}await new Promise(() => setInterval(() => {}, 1e6));\n`);
  const config = `${reader.project}/browser.json`;
  const args = ["run", "-A", "--no-check", "--no-lock", `--config=${config}`, page];
  const process = reader.start(args, reader.project);
  await process.untilPrinted(/^loaded$/m);
  return process;
}

import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { Hono } from "hono";
import { z } from "zod";
import { body, edgeFunction, ProblemError } from "../../../shared/mod.ts";
import {
  authHookError,
  webhook,
  type WebhookEnv,
  type WebhookOptions,
} from "../../../shared/server/webhook.ts";
import {
  fakeAuth,
  FakeTime,
  signWebhook,
  type SignWebhookOptions,
} from "../../../shared/testing/mod.ts";
import { assertRefusal, logged, REFUSALS, SECRET as API_KEY } from "../../support/server.ts";

/** The example of the Standard Webhooks libraries, all of which have it in their tests. */
const PUBLISHED = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
  timestamp: 1614265330,
  body: '{"test": 2432232314}',
  signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};
const { secret: SECRET } = PUBLISHED;
const OTHER = `whsec_${btoa("thirty-two bytes of another key!")}`;
const at = (seconds: number) => new FakeTime(new Date(seconds * 1000).toISOString());

const { webhook_signature_invalid: INVALID, webhook_signature_missing: MISSING } = REFUSALS;
const TOO_LARGE = {
  status: 413,
  code: "request_entity_too_large",
  action: "fix_request",
  replay: false,
};

/** A function with one route behind `webhook()`, which answers with what it was told. */
function receiver(options: WebhookOptions = { secret: SECRET }) {
  let ran = 0;
  const app = edgeFunction("hooks", { public: ["/*"] });
  app.post("/", webhook(options), async (c) => {
    ran++;
    return c.json({ ...c.var.webhook, text: await c.req.text() });
  });
  const send = async (request: Request | Promise<Request>) => app.fetch(await request);
  return { send, ran: () => ran };
}

/** Signs a message, with the published secret unless told otherwise. */
const signed = (options: Partial<SignWebhookOptions> = {}) =>
  signWebhook("/hooks", { secret: SECRET, body: { n: 1 }, ...options });

/** The same request with other headers; one that is `null` is left out. */
function withHeaders(request: Request, headers: Record<string, string | null>): Request {
  const changed = new Headers(request.headers);
  for (const [name, value] of Object.entries(headers)) {
    if (value === null) changed.delete(name);
    else changed.set(name, value);
  }
  return new Request(request, { headers: changed });
}

Deno.test("webhook() admits the published example of Standard Webhooks", async () => {
  using _ = at(PUBLISHED.timestamp);
  const { send } = receiver();
  const { id, timestamp, body } = PUBLISHED;
  const request = new Request("http://localhost/hooks", {
    method: "POST",
    headers: {
      "webhook-id": id,
      "webhook-timestamp": String(timestamp),
      "webhook-signature": PUBLISHED.signature,
    },
    body,
  });
  assertEquals(await (await send(request)).json(), { id, timestamp, text: body });
});

Deno.test("webhook() admits a recorded call of Supabase Auth with either of its two secrets", async () => {
  const { secrets, request: { headers, ...init } } = JSON.parse(
    await Deno.readTextFile(new URL("../../recordings/auth-hook-2.196.json", import.meta.url)),
  );
  using _ = at(Number(headers["webhook-timestamp"]));
  const call = () => new Request("http://localhost/hooks", { ...init, headers });
  for (const secret of [secrets[0], secrets[1], secrets, secrets.join("|")]) {
    const response = await receiver({ secret }).send(call());
    assertEquals([response.status, (await response.json()).text], [200, init.body]);
  }
  await assertRefusal(await receiver({ secret: OTHER }).send(call()), INVALID);
});

Deno.test("webhook() hands the body on to body(), c.req.json(), text() and arrayBuffer()", async () => {
  const app = new Hono();
  const check = webhook({ secret: SECRET });
  const Payload = z.strictObject({ name: z.string() });
  app.post("/body", check, body(Payload), (c) => c.json(c.req.valid("json").name));
  app.post("/json", check, async (c) => c.json((await c.req.json()).name));
  app.post("/text", check, async (c) => c.json(JSON.parse(await c.req.text()).name));
  app.post("/bytes", check, async (c) => c.json((await c.req.arrayBuffer()).byteLength));
  const payload = { secret: SECRET, body: { name: "Zoë" } };
  for (const path of ["/body", "/json", "/text"]) {
    assertEquals(await (await app.fetch(await signWebhook(path, payload))).json(), "Zoë", path);
  }
  const bytes = await (await app.fetch(await signWebhook("/bytes", payload))).json();
  assertEquals(bytes, new TextEncoder().encode('{"name":"Zoë"}').length);
});

Deno.test("webhook() gives the route the types of c.var.webhook, before and behind body()", () => {
  const app = edgeFunction("hooks", { public: ["/*"] });
  const check = webhook({ secret: SECRET });
  app.post("/a", check, (c) => c.json(c.var.webhook.id satisfies string));
  app.post("/b", check, body(z.object({ n: z.number() })), (c) => {
    const { webhook: { timestamp }, requestId } = c.var;
    return c.json([timestamp satisfies number, requestId satisfies string, c.req.valid("json").n]);
  });
  const byLibrary = webhook({ verify: () => ({ type: "paid" as const }) });
  app.post("/c", byLibrary, (c) => c.json(c.var.webhook.event.type satisfies "paid"));
  new Hono<WebhookEnv>().use(check).post("/", (c) => c.text(c.var.webhook.id));
  // @ts-expect-error: a message that a library has verified has no id
  app.post("/d", byLibrary, (c) => c.json(c.var.webhook.id));
});

Deno.test("webhook() takes secrets with either prefix, in a list, and with | or spaces between them", async () => {
  const bare = SECRET.replace("whsec_", "");
  const forms = [
    SECRET,
    `v1,${SECRET}`,
    [SECRET],
    [OTHER, SECRET],
    `${OTHER}|${SECRET}`,
    `v1,${OTHER}|v1,${SECRET}`,
    ` ${OTHER}\n${SECRET} `,
    `|${SECRET}|`,
  ];
  for (const secret of forms) {
    assertEquals((await receiver({ secret }).send(signed())).status, 200, JSON.stringify(secret));
  }
  const wrong: unknown[] = [
    "",
    " ",
    [],
    "|",
    bare,
    "whsec_",
    "v1,whsec_",
    "whsec_c2hvcnQ=", // 5 bytes
    `whsec_${bare.slice(1)}`, // 23 bytes
    `whsec_${bare}===`,
    `WHSEC_${bare}`,
    `v2,whsec_${bare}`,
    `whsec_${bare}!`,
    "whsec_<base64-secret>",
    "BEFORE_USER_CREATED_HOOK_SECRET",
    `${SECRET}|${bare}`,
    "v1a,whpk_abc:whsk_def",
    Array(6).fill(SECRET),
    [1],
    1,
    null,
    {},
    { env: "" },
    { env: "A-B" },
    { env: 1 },
  ];
  for (const secret of wrong) {
    const error = assertThrows(
      () => webhook({ secret } as WebhookOptions),
      TypeError,
      "webhook(): secret must be",
    );
    assert(!error.message.includes(bare.slice(0, 8)), "the message holds a part of the secret");
  }
});

Deno.test("webhook() refuses options that are unknown, wrong, missing or too many when it is built", () => {
  const verify = () => {};
  const wrong: [unknown, string][] = [
    [{}, "give secret, or verify"],
    [{ secret: SECRET, verify }, "give secret, or verify"],
    [{ verify: "stripe" }, "verify must be a function"],
    [{ secret: SECRET, maxBytes: 0 }, "maxBytes must be"],
    [{ secret: SECRET, tolerance: 10 }, "the option tolerance is unknown"],
    [null, "the options must be an object"],
  ];
  for (const [options, message] of wrong) {
    assertThrows(() => webhook(options as WebhookOptions), TypeError, message);
  }
});

Deno.test("webhook() reads the secret from the environment when a request comes", async () => {
  const { send } = receiver({ secret: { env: "WEBHOOK_TEST_SECRET" } });
  for (const value of [SECRET, `v1,${SECRET}`, `${OTHER}|${SECRET}`]) {
    using _ = fakeAuth({ env: { WEBHOOK_TEST_SECRET: value } }).install();
    assertEquals((await send(signed())).status, 200);
  }
  using _ = fakeAuth({ env: { WEBHOOK_TEST_SECRET: OTHER } }).install();
  await assertRefusal(await send(signed()), INVALID);
});

Deno.test("webhook() answers auth_misconfigured, with one line without the value, when the variable is wrong", async () => {
  const cases: [name: string, value: string, line: string][] = [
    ["WEBHOOK_TEST_NONE", " ", "the variable WEBHOOK_TEST_NONE is not set"],
    [
      "WEBHOOK_TEST_BARE",
      "c2VjcmV0LXRoYXQtaXMtbm90LXByZWZpeGVk",
      "WEBHOOK_TEST_BARE must hold whsec_",
    ],
    [
      "WEBHOOK_TEST_V1A",
      "v1a,whpk_c2VjcmV0:whsk_c2VjcmV0",
      "WEBHOOK_TEST_V1A holds an asymmetric key",
    ],
  ];
  for (const [name, value, line] of cases) {
    const { send, ran } = receiver({ secret: { env: name } });
    const log = await logged(async () => {
      using _ = fakeAuth({ env: { [name]: value } }).install();
      for (let i = 0; i < 3; i++) {
        await assertRefusal(await send(signed()), REFUSALS.auth_misconfigured);
      }
    });
    assertEquals(ran(), 0);
    assertEquals(log.split("\n").length, 1, log);
    assertStringIncludes(log, line);
    assert(!log.includes("c2VjcmV0"), log);
    using _ = fakeAuth({ env: { [name]: SECRET } }).install();
    assertEquals((await send(signed())).status, 200, "it goes on once the variable is right");
  }
});

Deno.test("webhook() answers webhook_signature_missing when any of the three headers is missing", async () => {
  const { send, ran } = receiver();
  for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"]) {
    for (const value of [null, ""]) {
      await assertRefusal(await send(withHeaders(await signed(), { [name]: value })), MISSING);
    }
  }
  await assertRefusal(
    await send(new Request("http://localhost/hooks", { method: "POST" })),
    MISSING,
  );
  assertEquals(ran(), 0);
});

Deno.test("webhook() answers webhook_signature_invalid when anything that is signed has changed", async () => {
  const { send, ran } = receiver();
  const request = await signed();
  const later = String(Number(request.headers.get("webhook-timestamp")) + 1);
  const changed = [
    signed({ secret: OTHER }),
    new Request(request, { body: '{"n":2}' }),
    new Request(request, { body: '{"n":1} ' }),
    new Request(request, { body: "" }),
    withHeaders(await signed(), { "webhook-id": crypto.randomUUID() }),
    withHeaders(await signed(), { "webhook-timestamp": later }),
  ];
  for (const one of changed) await assertRefusal(await send(one), INVALID);
  assertEquals(ran(), 0);
});

Deno.test("webhook() answers webhook_signature_invalid for an id or a timestamp of another form", async () => {
  const { send } = receiver();
  const now = Math.floor(Date.now() / 1000);
  // Signed as they are, so that only their form can be what is refused.
  for (const id of ["a.b", "a,b", "a b", ".", "x".repeat(257)]) {
    await assertRefusal(await send(signed({ id })), INVALID);
  }
  const timestamps = [`${now}x`, `${now}.5`, `+${now}`, `-${now}`, `${now}, ${now}`, "1e9", "now"];
  for (const timestamp of timestamps) {
    const headers = { "webhook-timestamp": timestamp };
    await assertRefusal(await send(signed({ timestamp: now, headers })), INVALID);
  }
});

Deno.test("webhook() answers webhook_signature_invalid when a signed text is divided in another way", async () => {
  // `id.1.2.5` can be read as the id `id.1`, the timestamp 2 and the body 5.
  const { send } = receiver();
  const now = Math.floor(Date.now() / 1000);
  const genuine = await signed({ id: "msg", timestamp: 1, body: `${now}.5` });
  const forged = new Request("http://localhost/hooks", {
    method: "POST",
    headers: {
      "webhook-id": "msg.1",
      "webhook-timestamp": String(now),
      "webhook-signature": genuine.headers.get("webhook-signature")!,
    },
    body: "5",
  });
  await assertRefusal(await send(forged), INVALID);
});

Deno.test("webhook() answers webhook_signature_invalid for a header that was sent twice", async () => {
  const { send } = receiver();
  for (const name of ["webhook-id", "webhook-timestamp"]) {
    const request = await signed();
    request.headers.append(name, request.headers.get(name)!);
    await assertRefusal(await send(request), INVALID);
  }
});

Deno.test("webhook() admits when one of several signatures matches, and reads no other kind", async () => {
  const { send } = receiver();
  const good = (await signed({ id: "a" })).headers.get("webhook-signature")!;
  const wrong = `v1,${"A".repeat(43)}=`;
  const withSignature = (value: string) =>
    signed({ id: "a", headers: { "webhook-signature": value } });
  for (
    const value of [`${wrong} ${good}`, `${good} ${wrong}`, `${wrong}, ${good}`, `v1a,xyz ${good}`]
  ) {
    assertEquals((await send(withSignature(value))).status, 200, value);
  }
  const bare = good.slice("v1,".length);
  const others = [
    wrong,
    bare,
    `v2,${bare}`,
    `v1a,${bare}`,
    `V1,${bare}`,
    `v1=${bare}`,
    `v1,${bare.slice(0, -2)}`,
    `v1,${bare}=`,
    `v1,x${bare}`,
    "v1,",
    "v1",
    ",",
    "v1,undefined",
    Array(2_000).fill(wrong).join(" "),
  ];
  for (const value of others) await assertRefusal(await send(withSignature(value)), INVALID);
});

Deno.test("webhook() answers webhook_outside_window beyond five minutes on either side, without reading the body", async () => {
  using time = new FakeTime();
  const { send, ran } = receiver();
  const now = time.now / 1000;
  for (const timestamp of [now - 300, now - 299, now, now + 300]) {
    assertEquals((await send(signed({ timestamp }))).status, 200, String(timestamp - now));
  }
  assertEquals(ran(), 4);
  for (const timestamp of [now - 301, now + 301, 0, 999_999_999_999, now * 1000]) {
    const request = await signed({ timestamp });
    const expected = timestamp > 999_999_999_999 ? INVALID : REFUSALS.webhook_outside_window;
    await assertRefusal(await send(request), expected);
    assertEquals(request.bodyUsed, false);
  }
  assertEquals(ran(), 4);
});

Deno.test("webhook() admits the same message again within the window, with the same id", async () => {
  using time = new FakeTime();
  const { send } = receiver();
  const message = { id: "msg_1", timestamp: time.now / 1000 };
  assertEquals((await (await send(signed(message))).json()).id, "msg_1");
  time.tick(300_000);
  assertEquals((await (await send(signed(message))).json()).id, "msg_1");
  time.tick(1_000);
  await assertRefusal(await send(signed(message)), REFUSALS.webhook_outside_window);
});

Deno.test("webhook() answers 413 for a body above maxBytes, whatever Content-Length says", async () => {
  const { send, ran } = receiver({ secret: SECRET, maxBytes: 100 });
  assertEquals((await send(signed({ body: "x".repeat(100) }))).status, 200);

  const announced = await signed({ body: "x", headers: { "Content-Length": "101" } });
  await assertRefusal(await send(announced), TOO_LARGE);
  assertEquals(announced.bodyUsed, false);

  for (const headers of [{}, { "Content-Length": "1", "Transfer-Encoding": "chunked" }]) {
    let chunks = 0;
    let isCancelled = false;
    const endless = new ReadableStream({
      pull(controller) {
        chunks++;
        controller.enqueue(new Uint8Array(64));
      },
      cancel: () => void (isCancelled = true),
    });
    const request = await signed({ headers });
    await assertRefusal(await send(new Request(request, { body: endless })), TOO_LARGE);
    assert(isCancelled && chunks < 10, `${chunks} chunks`);
  }
  assertEquals(ran(), 1);
});

Deno.test("webhook() verifies a body that comes in chunks, also within a character", async () => {
  const { send } = receiver();
  const text = '{"name":"Zoë €𝄞"}';
  const bytes = new TextEncoder().encode(text);
  const request = await signed({ body: text });
  const chunked = new ReadableStream({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const response = await send(new Request(request, { body: chunked }));
  assertEquals((await response.json()).text, text);
});

Deno.test("webhook() answers webhook_signature_invalid when the body breaks off", async () => {
  const { send, ran } = receiver();
  const request = await signed();
  const broken = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"n":'));
      controller.error(new Error("gone"));
    },
  });
  await assertRefusal(await send(new Request(request, { body: broken })), INVALID);
  assertEquals(ran(), 0);
});

Deno.test("webhook() admits a signed body that is empty or not JSON, and hands on the text that was signed", async () => {
  const { send } = receiver();
  for (const text of ["", "{", "a=1&b=2", "\u0000"]) {
    assertEquals((await (await send(signed({ body: text }))).json()).text, text);
  }
  // Bytes that are no UTF-8 are read as U+FFFD: only if that is what was signed, they are admitted.
  const invalid = { body: Uint8Array.of(0x78, 0xff) };
  await assertRefusal(await send(new Request(await signed({ body: "x" }), invalid)), INVALID);
  const response = await send(new Request(await signed({ body: "x\ufffd" }), invalid));
  assertEquals((await response.json()).text, "x\ufffd");
});

Deno.test("webhook() throws an error that says what to do when the body was read before it", async () => {
  const app = edgeFunction("hooks", { public: ["/*"] });
  app.use(async (c, next) => {
    await c.req.raw.text();
    await next();
  });
  app.post("/", webhook({ secret: SECRET }), (c) => c.text("admitted"));
  const log = await logged(async () => {
    const expected = { ...REFUSALS.internal_error, replay: false };
    await assertRefusal(await app.fetch(await signed()), expected);
  });
  assertStringIncludes(log, "Put webhook() before that.");
});

Deno.test("webhook() admits no user and no API key", async () => {
  using auth = fakeAuth().install();
  const { send, ran } = receiver();
  const ada = auth.signIn();
  for (
    const headers of [ada.headers, { apikey: API_KEY }, { Authorization: `Bearer ${API_KEY}` }]
  ) {
    const init = { method: "POST", headers, body: "{}" };
    await assertRefusal(await send(new Request("http://localhost/hooks", init)), MISSING);
  }
  assertEquals([ran(), auth.calls.length], [0, 0]);
});

/** A stand-in for the library of a provider: its header holds `<timestamp>:<length of the body>`. */
class ProviderError extends Error {
  override readonly name = "ProviderSignatureError";
}
function constructEvent(body: string, header: string | null): { type: string } {
  if (header !== `sig:${body.length}`) throw new ProviderError(`no match for ${header}`);
  return JSON.parse(body);
}

function provider(verify: (body: string, headers: Headers) => unknown) {
  const app = edgeFunction("hooks", { public: ["/*"] });
  app.post("/", webhook({ verify, maxBytes: 100 }), async (c) => {
    return c.json({ event: c.var.webhook.event, again: await c.req.json() });
  });
  return async (text: string, signature = `sig:${text.length}`) =>
    await app.request("/hooks", {
      method: "POST",
      headers: { "provider-signature": signature },
      body: text,
    });
}

Deno.test("webhook({ verify }) gives the route what the provider's library returns", async () => {
  const send = provider((body, headers) => constructEvent(body, headers.get("provider-signature")));
  const event = { type: "paid" };
  assertEquals(await (await send(JSON.stringify(event))).json(), { event, again: event });
  const asynchronous = provider((body) => Promise.resolve(body.length));
  assertEquals((await (await asynchronous("{}")).json()).event, 2);
});

Deno.test("webhook({ verify }) refuses what the provider's library refuses, and logs its name once", async () => {
  const send = provider((body, headers) => constructEvent(body, headers.get("provider-signature")));
  const log = await logged(async () => {
    for (const signature of ["", "sig:3", "eyJhbGciOiJIUzI1NiJ9.e30.x"]) {
      await assertRefusal(await send('{"type":"paid"}', signature), INVALID);
    }
  });
  assertEquals(
    log,
    "edge-auth: a webhook was refused, because verify() threw a value of the kind " +
      "ProviderSignatureError, whose text is not logged. If the sender is genuine, check that its " +
      "secret is set.",
  );
  await assertRefusal(await send("x".repeat(101)), TOO_LARGE);
});

Deno.test("webhook({ verify }) refuses when verify rejects, returns false, throws what is no Error, or throws a ProblemError", async () => {
  await logged(async () => {
    const rejects = provider(() => Promise.reject(new Error("no")));
    await assertRefusal(await rejects("{}"), INVALID);
    const text = provider(() => {
      throw "no";
    });
    await assertRefusal(await text("{}"), INVALID);
  });
  for (const says of [false, Promise.resolve(false)]) {
    await assertRefusal(await provider(() => says)("{}"), INVALID);
  }
  const own = provider(() => {
    throw new ProblemError("not_found");
  });
  assertEquals((await (await own("{}")).json()).code, "not_found");
});

Deno.test("webhook({ verify }) refuses when verify returns nothing, and says so once", async () => {
  for (const nothing of [undefined, null]) {
    const send = provider(() => nothing);
    const log = await logged(async () => {
      await assertRefusal(await send("{}"), INVALID);
      await assertRefusal(await send("{}"), INVALID);
    });
    assertEquals(
      log,
      `edge-auth: a webhook was refused, because verify() returned ${nothing} and not the event.`,
    );
  }
});

Deno.test("authHookError() builds the body that Auth takes for a refusal", () => {
  assertEquals(authHookError("No.", 422), { error: { http_code: 422, message: "No." } });
  for (const message of ["", " ", undefined]) {
    assertThrows(() => authHookError(message as string), TypeError, "message must not be empty");
  }
  for (const status of [0, 200, 399, 600, 403.5, NaN]) {
    assertThrows(() => authHookError("No.", status), TypeError, "status must be");
  }
});

Deno.test("signWebhook() signs with each secret, as Auth does", async () => {
  const request = await signed({ secret: `v1,${SECRET}|v1,${OTHER}`, id: "a" });
  assertMatch(request.headers.get("webhook-signature")!, /^v1,\S{44}, v1,\S{44}$/);
  assertEquals((await receiver({ secret: OTHER }).send(request)).status, 200);
});

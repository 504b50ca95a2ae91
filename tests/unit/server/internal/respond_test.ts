import { assert, assertEquals } from "@std/assert";
import { type Context, Hono } from "hono";
import { respond, type RespondOptions } from "../../../../shared/server/internal/respond.ts";
import { assertRefusal, REFUSALS } from "../../../support/server.ts";

async function answer(
  code: string,
  options: RespondOptions,
  init: RequestInit = {},
  before?: (c: Context) => void,
) {
  const app = new Hono().get("/", (c) => {
    before?.(c);
    return respond(c, code, options);
  });
  return await app.request("/", init);
}
const credential = { source: "credential", replay: true } as const;

Deno.test("respond() writes the whole shape", async () => {
  const response = await answer("session_not_found", credential, {
    headers: { "X-Request-Id": "r1" },
  });
  assertEquals(await response.clone().json(), {
    code: "session_not_found",
    message: "This session has ended. Sign in again.",
    status: 401,
    action: "sign_in",
    replay: true,
    request_id: "r1",
  });
  await assertRefusal(response, REFUSALS.session_not_found);
});

Deno.test("respond() challenges with acr_values and max_age where they are required", async () => {
  const aal = await answer("insufficient_aal", { ...credential, required_aal: "aal2" });
  assertEquals(
    aal.headers.get("WWW-Authenticate"),
    'Bearer realm="supabase", error="insufficient_user_authentication", ' +
      'error_description="Confirm your second factor to continue.", acr_values="aal2"',
  );
  const old = await answer("authentication_too_old", { ...credential, max_age: 300 });
  assert(old.headers.get("WWW-Authenticate")?.endsWith(', max_age="300"'));
});

Deno.test("respond() never lets a handler challenge, replay or say 401", async () => {
  for (
    const code of [
      "no_authorization",
      "bad_jwt",
      "session_not_found",
      "insufficient_aal",
      "token_expired",
    ]
  ) {
    const response = await answer(code, { source: "handler", replay: true });
    assert(response.status !== 401);
    assertEquals(response.headers.get("WWW-Authenticate"), null);
    assertEquals((await response.json()).replay, false);
  }
});

Deno.test("respond() passes on no text that is no code", async () => {
  for (const code of ["Not A Code", "", "__proto__", "x".repeat(65), "a\nb"]) {
    await assertRefusal(await answer(code, credential), REFUSALS.auth_unavailable);
    const handler = await answer(code, { source: "handler" });
    await assertRefusal(handler, { ...REFUSALS.internal_error, replay: false });
  }
});

Deno.test("respond() takes over nothing that describes or would cache an earlier answer", async () => {
  const stale = {
    "Accept-Ranges": "bytes",
    "Cache-Control": "public, max-age=9",
    "CDN-Cache-Control": "max-age=9",
    "Content-Disposition": "attachment",
    "Content-Encoding": "gzip",
    "Content-Language": "tlh",
    "Content-Length": "3",
    "Content-Location": "/x",
    "Content-Range": "bytes 0-2/3",
    "Content-Type": "image/png",
    ETag: '"x"',
    Expires: "Thu, 31 Dec 2099 23:59:59 GMT",
    "Last-Modified": "Thu, 31 Dec 2009 23:59:59 GMT",
    Location: "/x",
    "Retry-After": "99",
    "Surrogate-Control": "max-age=9",
    "WWW-Authenticate": "Basic",
  };
  const response = await answer("not_found", { source: "handler" }, {}, (c) => {
    c.res = new Response("png", { status: 206, headers: { ...stale, "X-Kept": "yes" } });
  });
  for (const name of Object.keys(stale)) {
    const expected = { "Cache-Control": "no-store", "Content-Type": "application/json" }[name] ??
      null;
    assertEquals([name, response.headers.get(name)], [name, expected]);
  }
  assertEquals([response.status, response.headers.get("X-Kept")], [404, "yes"]);
  await response.body?.cancel();
});

Deno.test("respond() adds its own headers, such as Allow", async () => {
  const response = await answer("method_not_allowed", {
    source: "handler",
    headers: { Allow: "GET, HEAD" },
  });
  assertEquals([response.status, response.headers.get("Allow")], [405, "GET, HEAD"]);
  await response.body?.cancel();
});

Deno.test("respond() keeps every cookie that a middleware set", async () => {
  const response = await answer("not_found", { source: "handler" }, {}, (c) => {
    c.header("Set-Cookie", "a=1", { append: true });
    c.header("Set-Cookie", "b=2", { append: true });
  });
  assertEquals(response.headers.getSetCookie(), ["a=1", "b=2"]);
  await response.body?.cancel();
});

Deno.test("respond() exposes what a page needs also where somebody else decided about CORS", async () => {
  const response = await answer("not_found", { source: "handler" }, {}, (c) => {
    c.header("Access-Control-Allow-Origin", "https://app.example");
    c.header("Access-Control-Expose-Headers", "X-Theirs");
  });
  assertEquals(response.headers.get("Access-Control-Allow-Origin"), "https://app.example");
  assertEquals(
    response.headers.get("Access-Control-Expose-Headers"),
    "X-Theirs, Retry-After, Server-Timing, WWW-Authenticate, X-Request-Id",
  );
  await response.body?.cancel();
});

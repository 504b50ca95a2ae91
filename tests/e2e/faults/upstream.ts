// What a function can meet instead of Auth's answer about a live session: by status, body, header and
// timing. One row per behaviour; what becomes of each stands in README.md, made by table.ts.
import { alive, json, refuses, refusesOld } from "../../support/fake_auth.ts";
import { USER_ID } from "../../support/tokens.ts";

/** One way in which Auth, or something on the way to it, can behave. */
export interface Fault {
  readonly name: string;
  readonly answer: (request: Request) => Response | Promise<Response>;
}

const html = (status: number, headers: Record<string, string> = {}) =>
  new Response("<html><title>Error</title></html>", {
    status,
    headers: { "Content-Type": "text/html", ...headers },
  });
const text = (status: number, headers: Record<string, string>) =>
  new Response("Unauthorized", { status, headers: { "Content-Type": "text/plain", ...headers } });
const later = (ms: number, answer: () => Response) =>
  new Promise<Response>((resolve) => setTimeout(() => resolve(answer()), ms));
const stream = (chunks: number, bytes: number, end: "breaks" | "hangs") => {
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (sent++ < chunks) controller.enqueue(new Uint8Array(bytes).fill(0x20));
      else if (end === "breaks") controller.error(new TypeError("connection reset"));
      else await new Promise(() => {});
    },
  });
  return new Response(body, { headers: { "Content-Type": "application/json" } });
};

const ANSWERS: Readonly<Record<string, Fault["answer"]>> = {
  "a live session": () => alive(),
  "a live session after 2.9 s": () => later(2900, () => alive()),
  // Auth refuses.
  "403 session_not_found": () => refuses(403, "session_not_found"),
  "403 session_not_found, legacy shape": () => refusesOld(403, "session_not_found"),
  "403 user_not_found": () => refuses(403, "user_not_found"),
  "403 user_banned": () => refuses(403, "user_banned"),
  "403 bad_jwt": () => refuses(403, "bad_jwt"),
  "400 validation_failed": () => refuses(400, "validation_failed"),
  "403 a code that is new": () => refuses(403, "brand_new_code"),
  "200 and banned_until in the user": () => alive({ banned_until: "2126-01-01T00:00:00Z" }),
  // Not Auth, in Auth's clothes.
  "403 session_not_found without Auth's mark": () =>
    json(403, { code: "session_not_found", message: "x" }),
  "403 x-sb-error-code, and another body": () =>
    json(403, { error: "denied" }, { "x-sb-error-code": "session_not_found" }),
  "403 two codes": () =>
    json(403, { code: "session_not_found", message: "x" }, { "x-sb-error-code": "bad_jwt" }),
  "404 session_not_found": () => refuses(404, "session_not_found"),
  "408 request_timeout": () => refuses(408, "request_timeout"),
  "500 session_not_found": () => refuses(500, "session_not_found"),
  "401 no_authorization": () => refuses(401, "no_authorization"),
  "403 as text/html": () =>
    new Response('{"code":"session_not_found","message":"x"}', {
      status: 403,
      headers: { "Content-Type": "text/html" },
    }),
  // Out of a cache.
  "200 with Age: 0": () => json(200, { id: USER_ID }, { Age: "0" }),
  "200 with Age: 300": () => json(200, { id: USER_ID }, { Age: "300" }),
  "403 session_not_found with Age: 300": () => refuses(403, "session_not_found", { Age: "300" }),
  "status 304": () => new Response(null, { status: 304 }),
  // Another 200.
  "200 {}": () => json(200, {}),
  "200 null": () => json(200, "null"),
  "200 []": () => json(200, "[]"),
  "200 cut off": () => json(200, `{"id":"${USER_ID}"`),
  "200 empty": () => new Response("", { headers: { "Content-Type": "application/json" } }),
  "200 the page of a captive portal": () => html(200),
  "200 {user: …}": () => json(200, { user: { id: USER_ID } }),
  "200 another user": () => json(200, { id: "33333333-3333-4333-8333-333333333333" }),
  "200 without a type": () => new Response(new TextEncoder().encode(`{"id":"${USER_ID}"}`)),
  "201 the user": () => json(201, { id: USER_ID }),
  "status 204": () => new Response(null, { status: 204 }),
  "a user of 3 MiB": () => json(200, { id: USER_ID, pad: "x".repeat(3 * 1024 * 1024) }),
  // Redirects.
  "status 301": () =>
    new Response(null, { status: 301, headers: { Location: "https://x.example/" } }),
  "302 to a sign-in page": () =>
    new Response(null, { status: 302, headers: { Location: "https://x.example/login" } }),
  "status 307": () =>
    new Response(null, { status: 307, headers: { Location: "https://x.example/" } }),
  // Limits.
  "status 429": () => refuses(429, "over_request_rate_limit"),
  "429 with Retry-After: 30": () =>
    refuses(429, "over_request_rate_limit", { "Retry-After": "30" }),
  "429 a page": () => html(429),
  "429 session_not_found": () => refuses(429, "session_not_found"),
  // The gateway.
  "401 Invalid API key": () => json(401, { message: "Invalid API key", hint: "x" }),
  "401 Legacy API keys are disabled": () => json(401, { message: "Legacy API keys are disabled" }),
  "401 Unauthorized": () => json(401, { message: "Unauthorized" }),
  "401 text of Envoy itself": () => text(401, { Server: "envoy" }),
  "401 text that Envoy passes on": () =>
    text(401, { Server: "envoy", "X-Envoy-Upstream-Service-Time": "3" }),
  "401 text of somebody else": () => text(401, { Server: "nginx" }),
  "401 a page": () => html(401),
  "401 {msg: Invalid JWT}": () => json(401, { msg: "Invalid JWT" }),
  "403 the page of a firewall": () => html(403),
  "404 text": () => new Response("404 page not found\n", { status: 404 }),
  "status 405": () => new Response(null, { status: 405 }),
  "413 a page": () => html(413),
  "status 431": () => new Response(null, { status: 431 }),
  // Down.
  "500 unexpected_failure": () =>
    json(500, { code: 500, error_code: "unexpected_failure", msg: "x" }),
  "502 a page": () => html(502),
  "503 a page": () => html(503),
  "503 with Retry-After: 9": () => html(503, { "Retry-After": "9" }),
  "504 request_timeout": () => refuses(504, "request_timeout"),
  "520 a page": () => html(520),
  "522 a page": () => html(522),
  "540 the project is paused": () => json(540, { message: "Project paused" }),
  "status 599": () => new Response(null, { status: 599 }),
  "no connection": () => Promise.reject(new TypeError("connection refused")),
  "no connection, then a live session": (() => {
    let calls = 0;
    return () => ++calls % 2 === 1 ? Promise.reject(new TypeError("reset")) : alive();
  })(),
  "no answer": () => new Promise(() => {}),
  "a body that never ends": () => stream(3, 10, "hangs"),
  "a body that breaks": () => stream(3, 10, "breaks"),
  "a body without end, as fast as it is read": () => stream(Infinity, 65_536, "hangs"),
};

/** Every behaviour, in the order of the page. */
export const FAULTS: readonly Fault[] = Object.entries(ANSWERS).map(([name, answer]) => ({
  name,
  answer,
}));

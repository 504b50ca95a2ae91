/**
 * Requests that their sender has signed: hooks of Supabase Auth, and other senders of Standard
 * Webhooks. A separate entry point, because it needs the package `standardwebhooks`: functions that
 * receive no webhook do not load it.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
import { ProblemError } from "../problems/problem_error.ts";
import type { OwnCode } from "../problems/table.ts";
import type { OnDecision } from "./core/decision.ts";
import { fromThrown } from "./internal/handler_error.ts";
import { logOnce } from "./internal/log.ts";
import { checkOptions, functionOption, integer } from "./internal/options.ts";
import { readText, requireUnreadBody } from "./internal/read_text.ts";
import { respond } from "./internal/respond.ts";
import { reportWebhook, setOnDecision } from "./internal/on_decision.ts";
import { checkSecret, verifierOf, type WebhookSecret } from "./internal/webhook_secret.ts";

export type { WebhookSecret } from "./internal/webhook_secret.ts";

/** Options of {@linkcode webhook} for senders of Standard Webhooks, such as Supabase Auth. */
export interface WebhookOptions {
  /**
   * The secret that the sender signs with, as `whsec_…` or as Supabase shows it, `v1,whsec_…`; or
   * `{ env: "NAME" }`, the variable that holds it. While it is rotated, a list, or both in the
   * variable with a `|` between them: a signature made with either is accepted.
   */
  readonly secret: WebhookSecret;
  readonly verify?: undefined;
  /** The largest body that is read, in bytes. @default {1048576} */
  readonly maxBytes?: number | undefined;
  /** Is called with every decision, for logs and metrics, instead of that of `edgeFunction()`. */
  readonly onDecision?: OnDecision | undefined;
}

/** Options of {@linkcode webhook} for senders with a library of their own, such as Stripe. */
export interface VerifyWebhookOptions<Event> {
  readonly secret?: undefined;
  /**
   * Checks the signature with the sender's library.
   *
   * @param body The text of the body, as it was sent.
   * @param headers The headers of the request.
   * @returns What was signed, for `c.var.webhook.event`. If the signature is wrong, it throws or
   * returns `false`, which is 401 `webhook_signature_invalid`; a `ProblemError` is answered as it is.
   */
  readonly verify: (body: string, headers: Headers) => Event | Promise<Event>;
  /** The largest body that is read, in bytes. @default {1048576} */
  readonly maxBytes?: number | undefined;
  /** Is called with every decision, for logs and metrics, instead of that of `edgeFunction()`. */
  readonly onDecision?: OnDecision | undefined;
}

/** What {@linkcode webhook} tells the handler about a message: `c.var.webhook`. */
export interface SignedMessage {
  /** `webhook-id`. The same when the sender tries again, except for Auth, which makes a new one. */
  readonly id: string;
  /** `webhook-timestamp`: when it was signed, in seconds since 1970. */
  readonly timestamp: number;
}

/** `c.var.webhook` of a message that the sender's library has verified. */
export interface VerifiedEvent<Event> {
  /** What `verify` has returned. */
  readonly event: Event;
}

/** The Hono environment of a route behind {@linkcode webhook}. */
export interface WebhookEnv<Message = SignedMessage> {
  Variables: { webhook: Message };
}

const DEFAULT_MAX_BYTES = 1024 * 1024;

/** Five minutes, as the specification suggests; the package has no option for it. */
const WINDOW_SECONDS = 5 * 60;

const RULES = {
  secret: checkSecret,
  verify: functionOption,
  maxBytes: integer(1, Number.MAX_SAFE_INTEGER),
  onDecision: functionOption,
};

/**
 * Admits requests that their sender has signed, and nobody else: no user, and no API key. The routes
 * behind it are `public`, since nobody is signed in there. It reads the body, which `body()` and
 * `c.req.json()` can read again.
 *
 * A message is accepted from five minutes before to five minutes after the time it was signed at. In
 * that time, somebody who has seen a message can send it again. Where it must not count twice, store
 * `c.var.webhook.id` in a unique column.
 *
 * | request | answer |
 * | --- | --- |
 * | a header is missing | 401 `webhook_signature_missing` |
 * | no signature matches, or a header is malformed or sent twice | 401 `webhook_signature_invalid` |
 * | signed more than five minutes ago, or dated more than five minutes ahead | 401 `webhook_outside_window` |
 * | a body above `maxBytes` | 413 `request_entity_too_large` |
 * | the variable is missing or holds something else | 500 `auth_misconfigured`, and one line in the log |
 *
 * @param options See {@linkcode WebhookOptions} and {@linkcode VerifyWebhookOptions}.
 * @returns The middleware; the handler finds `id` and `timestamp`, or the `event` of `verify`, in
 * `c.var.webhook`.
 * @throws {TypeError} An option is wrong.
 *
 * @see {@link https://www.standardwebhooks.com | Standard Webhooks}
 *
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import { Webhook } from "standardwebhooks";
 * import { assertEquals } from "@std/assert";
 *
 * const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
 * const app = new Hono().post("/", webhook({ secret }), (c) => c.text(c.var.webhook.id));
 *
 * const now = new Date();
 * const headers = {
 *   "webhook-id": "msg_1",
 *   "webhook-timestamp": `${Math.floor(now.getTime() / 1000)}`,
 *   "webhook-signature": new Webhook(secret).sign("msg_1", now, "{}"),
 * };
 * const signed = await app.request("/", { method: "POST", headers, body: "{}" });
 * assertEquals(await signed.text(), "msg_1");
 *
 * const unsigned = await app.request("/", { method: "POST", body: "{}" });
 * assertEquals((await unsigned.json()).code, "webhook_signature_missing");
 * ```
 */
export function webhook(options: WebhookOptions): MiddlewareHandler<WebhookEnv>;
export function webhook<Event>(
  options: VerifyWebhookOptions<Event>,
): MiddlewareHandler<WebhookEnv<VerifiedEvent<Event>>>;
export function webhook(
  options: WebhookOptions | VerifyWebhookOptions<unknown>,
): MiddlewareHandler {
  checkOptions("webhook()", options, RULES);
  const { secret, verify, maxBytes = DEFAULT_MAX_BYTES, onDecision } = options;
  if ((secret === undefined) === (verify === undefined)) {
    throw new TypeError("webhook(): give secret, or verify for a sender with its own library");
  }
  const check = secret === undefined ? withLibrary(verify!) : withSecret(secret);

  return async function webhook(c, next) {
    const beganMs = performance.now();
    setOnDecision(c, onDecision);
    let read: Checked;
    try {
      read = await check(c, maxBytes);
    } catch (thrown) {
      reportWebhook(c, fromThrown(thrown, false).code, beganMs);
      throw thrown;
    }
    reportWebhook(c, "code" in read ? read.code : null, beganMs);
    if ("code" in read) {
      const source = read.code === "request_entity_too_large" ? "handler" : "credential";
      return respond(c, read.code, { source, replay: true });
    }
    c.set("webhook", read.message);
    await next();
    return;
  };
}

/** The body that Auth takes for a refusal, from every hook that it calls over HTTP. */
export interface AuthHookError {
  readonly error: { readonly http_code: number; readonly message: string };
}

/**
 * The body with which a hook of Supabase Auth refuses. Send it with status 200: with any other
 * status, the user gets a 500 of Auth without your message.
 *
 * @param message What the user reads: Auth passes it on. Without a message, Auth would take the
 * answer for a success.
 * @param httpCode The status of Auth's answer. @default {403}
 * @returns The body.
 * @throws {TypeError} The message is empty, or the status is not from 400 to 599.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(authHookError("Sign up with your work address."), {
 *   error: { http_code: 403, message: "Sign up with your work address." },
 * });
 * ```
 */
export function authHookError(message: string, httpCode = 403): AuthHookError {
  if (typeof message !== "string" || message.trim() === "") {
    throw new TypeError("authHookError(): the message must not be empty");
  }
  if (!Number.isInteger(httpCode) || httpCode < 400 || httpCode > 599) {
    throw new TypeError("authHookError(): the status must be a whole number from 400 to 599");
  }
  return { error: { http_code: httpCode, message } };
}

/** The result of a check: the message for the handler, or the code of a refusal. */
type Checked = { readonly message: unknown } | { readonly code: Refusal };

type Refusal =
  | Extract<OwnCode, `webhook_${string}` | "auth_misconfigured">
  | "request_entity_too_large";

type Check = (c: Context, maxBytes: number) => Promise<Checked>;

const MISSING: Checked = { code: "webhook_signature_missing" };
const INVALID: Checked = { code: "webhook_signature_invalid" };

function withSecret(secret: WebhookSecret): Check {
  const getVerifier = verifierOf(secret);
  return async function checkSignature(c, maxBytes) {
    const isSigned = getVerifier();
    if (isSigned === undefined) return { code: "auth_misconfigured" };
    const id = c.req.header("webhook-id");
    const timestamp = c.req.header("webhook-timestamp");
    const signature = c.req.header("webhook-signature");
    if (!id || !timestamp || !signature) return MISSING;
    // A header that was sent twice arrives with a comma. The signed text is id.timestamp.body: a full
    // stop in the id would make it ambiguous. The package ignores what follows a timestamp's digits.
    if (!/^[^\s.,]{1,256}$/.test(id) || !/^\d{1,12}$/.test(timestamp)) return INVALID;
    if (!SIGNATURES.test(signature)) return INVALID;
    const nowSeconds = Math.floor(Date.now() / 1000);
    if (Math.abs(nowSeconds - Number(timestamp)) > WINDOW_SECONDS) {
      return { code: "webhook_outside_window" };
    }
    const body = await readBody(c, maxBytes);
    if (typeof body !== "string") return body;
    const headers = {
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": signature,
    };
    return isSigned(body, headers) ? { message: { id, timestamp: Number(timestamp) } } : INVALID;
  };
}

/** At least one HMAC-SHA256 in base64; Auth separates several with a comma and a space. */
const SIGNATURES = /(?:^| )v1,[A-Za-z0-9+/]{43}=(?:,? |$)/;

function withLibrary(verify: VerifyWebhookOptions<unknown>["verify"]): Check {
  return async function checkWithLibrary(c, maxBytes) {
    const body = await readBody(c, maxBytes);
    if (typeof body !== "string") return body;
    try {
      const event = await verify(body, c.req.raw.headers);
      if (event === undefined || event === null) {
        logOnce(`a webhook was refused, because verify() returned ${event} and not the event`);
        return INVALID;
      }
      return event === false ? INVALID : { message: { event } };
    } catch (error) {
      if (error instanceof ProblemError) throw error;
      // The sender's mistake, or the function's own, such as a secret that is not set.
      const name = error instanceof Error ? error.name : typeof error;
      logOnce(
        `a webhook was refused, because verify() threw a value of the kind ${name}, whose text is not ` +
          "logged. If the sender is genuine, check that its secret is set",
      );
      return INVALID;
    }
  };
}

/** The body, or why there is none. */
async function readBody(c: Context, maxBytes: number): Promise<string | Checked> {
  requireUnreadBody("webhook()", c);
  try {
    return await readText(c, maxBytes) ?? { code: "request_entity_too_large" };
  } catch {
    return INVALID; // it broke off, so nobody can tell whether it was signed
  }
}

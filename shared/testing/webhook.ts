/** Options of {@linkcode signWebhook}. */
export interface SignWebhookOptions {
  /** As of `webhook()`: `whsec_…` or `v1,whsec_…`. Several, separated by `|`, each make a signature. */
  readonly secret: string;
  /** An object is sent as JSON, a text as it is. @default {""} */
  readonly body?: unknown;
  /** The id of the message. @default a new UUID */
  readonly id?: string | undefined;
  /** When it was signed, in seconds since 1970. @default now */
  readonly timestamp?: number | undefined;
  /** More headers, or others instead of those of the signature. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * Signs a request as Supabase Auth and other senders of Standard Webhooks do, for tests of routes
 * behind `webhook()`. With another secret or an old `timestamp`, it is one that is refused.
 *
 * @param path Its path, which begins with the name of the function: `/hooks/before-user-created`.
 * @param options See {@linkcode SignWebhookOptions}.
 * @returns A POST request.
 *
 * @see {@link https://www.standardwebhooks.com | Standard Webhooks}
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const request = await signWebhook("/hooks", {
 *   secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
 *   body: '{"test": 2432232314}',
 *   id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
 *   timestamp: 1614265330,
 * });
 * assertEquals(
 *   request.headers.get("webhook-signature"),
 *   "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
 * );
 * ```
 */
export async function signWebhook(path: string, options: SignWebhookOptions): Promise<Request> {
  const { secret, body = "", headers = {} } = options;
  const { id = crypto.randomUUID(), timestamp = Math.floor(Date.now() / 1000) } = options;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const signatures = await Promise.all(
    secret.split("|").map((one) => sign(one, `${id}.${timestamp}.${text}`)),
  );
  return new Request(new URL(path, "http://localhost"), {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(timestamp),
      "webhook-signature": signatures.join(", "), // as Auth joins them
      ...headers,
    },
    body: text,
  });
}

async function sign(secret: string, text: string): Promise<string> {
  const key = await crypto.subtle.importKey(
    "raw",
    Uint8Array.from(atob(secret.replace(/^(?:v1,)?whsec_/, "")), (char) => char.charCodeAt(0)),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const hmac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text));
  return `v1,${btoa(String.fromCharCode(...new Uint8Array(hmac)))}`;
}

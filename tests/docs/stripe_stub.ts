/**
 * Stands for Stripe's package in the recipe: the same names, types and signature, without the rest.
 * https://docs.stripe.com/webhooks#verify-manually
 *
 * @module
 */
import { createHmac, timingSafeEqual } from "node:crypto";

/** What Stripe sends. */
export type StripeEvent =
  & { readonly id: string }
  & (
    | {
      readonly type: "checkout.session.completed";
      readonly data: { readonly object: { readonly client_reference_id: string | null } };
    }
    | { readonly type: "payment_intent.succeeded"; readonly data: { readonly object: object } }
  );

/** The value of the header `Stripe-Signature`. */
export function stripeSignature(body: string, secret: string, timestamp: number): string {
  const hmac = createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");
  return `t=${timestamp},v1=${hmac}`;
}

/** The client, as far as the recipe uses it. */
export default class Stripe {
  constructor(key: string) {
    if (!key) throw new Error("Neither apiKey nor config.authenticator provided");
  }

  readonly webhooks = {
    // deno-lint-ignore require-await -- as Stripe's, which uses SubtleCrypto
    async constructEventAsync(body: string, header: string, secret: string): Promise<StripeEvent> {
      const timestamp = Number(/^t=(\d+)/.exec(header)?.[1]);
      const expected = new TextEncoder().encode(stripeSignature(body, secret, timestamp));
      const given = new TextEncoder().encode(header);
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
        throw new Error("No signatures found matching the expected signature for payload.");
      }
      if (Date.now() / 1000 - timestamp > 300) {
        throw new Error("Timestamp outside the tolerance zone");
      }
      return JSON.parse(body);
    },
  };
}

import { forgeries, oddities } from "./forge.ts";
import { post, signUp } from "./person.ts";
import type { Scene } from "./scenes.ts";

const headers = [
  "user/live",
  "user/live-lower-case-scheme",
  "user/no-header",
  "user/basic-scheme",
  "user/scheme-only",
  "user/two-spaces",
  "user/two-tokens",
  "user/bearer-bearer",
  "user/raw-token",
  "user/publishable-key",
  "user/anon-key",
  "user/service-role-key",
  "user/aud-header",
  "user/options",
  "user/head",
  "user/unknown-path",
  "user/wrong-method",
  "logout/no-header",
  "admin/no-header",
  "admin/not-admin",
];

/** Requests whose headers, path or method are what matters. */
export const plain: Scene = {
  name: "headers, paths and methods around a live token",
  ids: [...headers, "user/unknown-api-version", "user/bad-api-version", "jwks", "health"],
  async play({ stack, play }) {
    const { access_token: token } = await signUp(stack);
    for (const id of headers) await play(id, { token });
    await play("user/unknown-api-version", { token: "not-a-jwt" });
    await play("user/bad-api-version", { token: "not-a-jwt" });
    await play("jwks");
    await play("health");
  },
};

const refused = [
  "not-a-jwt",
  "two-segments",
  "payload-not-json",
  "expired",
  "expired-one-second",
  "tampered",
  "wrong-secret",
  "unknown-kid",
  "known-kid-bad-signature",
  "hs256-with-public-key",
  "alg-none",
  "no-sub",
  "empty-sub",
  "sub-not-uuid",
  "unknown-sub",
  "no-aud",
  "session-id-unknown",
  "session-id-not-uuid",
  "nbf-future",
];
const taken = [
  "legacy-hs256",
  "wrong-aud",
  "aud-array",
  "session-id-nil",
  "no-session-id",
  "session-of-another-user",
  "iat-future",
  "no-exp",
  "other-issuer",
];

/** Tokens that were made for the occasion. */
export const forged: Scene = {
  name: "forged and odd tokens",
  ids: [...refused, ...taken].map((name) => `user/${name}`),
  async play({ stack, play }) {
    const session = await signUp(stack);
    const somebody = await signUp(stack);
    const token = session.access_token;
    const made = {
      ...await forgeries(token),
      ...await oddities(token, somebody.access_token),
    };
    // A refresh first: the user's times are then all set, as they were when this was recorded.
    await post(stack, "/token?grant_type=refresh_token", { refresh_token: session.refresh_token });
    for (const [name, odd] of Object.entries(made)) await play(`user/${name}`, { token: odd });
  },
};

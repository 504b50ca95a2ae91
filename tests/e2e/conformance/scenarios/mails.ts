import { base64url } from "jose";
import type { RunningStack } from "../../../../supabase/local/stack.ts";
import type { RecordedScenario } from "../scenario.ts";
import { post, signIn, signUp } from "../users.ts";

const REDIRECT = "redirect_to=http://localhost:3000/done";
const FOREIGN_REDIRECT = "redirect_to=http://127.0.0.1:3000/done";
const VERIFIER = "40d7c11f039f297c243718b9cd73a9170629213c7fb50eb1c6eaac7a91b2e2d8440a7ad92e26ea5b";
const HOUR_MS = 60 * 60 * 1000;

function lastTokenHash(stack: RunningStack): string {
  const hash = stack.mails.at(-1)?.tokenHash;
  if (!hash) throw new Error("There is no mail with a token.");
  return hash;
}

const recovery: RecordedScenario = {
  name: "a recovery, and its link a second time",
  async run({ stack, compare, compareAs }) {
    const old = await signIn(stack, await signUp(stack));
    const { email } = old.user;
    await compare("recover/ask", { body: { email } });
    const token_hash = lastTokenHash(stack);
    const link = `/verify?token=${token_hash}&type=recovery&`;
    const location = String(await compare("recover/link", { path: link + REDIRECT }));
    const token = new URLSearchParams(new URL(location).hash.slice(1)).get("access_token")!;
    await compare("user/recovery-session", { token });
    await compare("recover/new-password", { token });
    await compare("after-recovery/recovery-session", { token });
    await compareAs(old, "after-recovery/old-session");
    await compare("recover/link-again", { path: link + REDIRECT });
    await compare("recover/link-foreign-redirect", { path: link + FOREIGN_REDIRECT });
    await compare("verify/token-hash-expired", { body: { type: "recovery", token_hash } });
    await compare("verify/wrong-otp", { body: { type: "email", email, token: "000000" } });
    await compare("verify/no-type", { body: { token_hash } });
  },
};

const pkce: RecordedScenario = {
  name: "a recovery link of a PKCE flow",
  async run({ stack, compare, advance }) {
    const { user: { email } } = await signUp(stack);
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(VERIFIER));
    await post(stack, `/recover?${REDIRECT}`, {
      code_challenge: base64url.encode(new Uint8Array(digest)),
      code_challenge_method: "s256",
      email,
    });
    const path = `/verify?token=${lastTokenHash(stack)}&type=recovery&${REDIRECT}`;
    const location = String(await compare("pkce/link", { path }));
    await compare("pkce/link-again", { path });
    const auth_code = new URL(location).searchParams.get("code");
    const wrong = "x".repeat(50);
    await compare("pkce/bad-verifier", { body: { auth_code, code_verifier: wrong } });
    advance(HOUR_MS);
    await compare("pkce/expired", { body: { auth_code, code_verifier: VERIFIER } });
    advance(-HOUR_MS);
    await compare("pkce/unknown-code");
    await compare("pkce/no-code");
  },
};

const oauth: RecordedScenario = {
  name: "OAuth callbacks without a flow",
  async run({ compare }) {
    await compare("oauth/callback-no-state");
    await compare("oauth/callback-bad-state");
    await compare("oauth/callback-unknown-state");
    await compare("oauth/unsupported-provider");
  },
};

export const mails: readonly RecordedScenario[] = [recovery, pkce, oauth];

import type { RunningStack } from "../../../supabase/local/stack.ts";
import { post, signIn, signUp } from "./person.ts";
import type { Scene } from "./scenes.ts";

const done = "redirect_to=http://localhost:3000/done";
const verifier = "40d7c11f039f297c243718b9cd73a9170629213c7fb50eb1c6eaac7a91b2e2d8440a7ad92e26ea5b";

function lastMail(stack: RunningStack) {
  const mail = stack.mails.at(-1);
  if (!mail?.tokenHash) throw new Error("There is no mail with a token.");
  return { ...mail, tokenHash: mail.tokenHash };
}

const recovery: Scene = {
  name: "a recovery, and its link a second time",
  ids: [
    "recover/ask",
    "recover/link",
    "user/recovery-session",
    "recover/new-password",
    "after-recovery/recovery-session",
    "after-recovery/old-session",
    "recover/link-again",
    "recover/link-foreign-redirect",
    "verify/token-hash-expired",
    "verify/wrong-otp",
    "verify/no-type",
  ],
  async play({ stack, play }) {
    const old = await signIn(stack, await signUp(stack));
    const { email } = old.user;
    await play("recover/ask", { body: { email } });
    const { tokenHash } = lastMail(stack);
    const link = `/verify?token=${tokenHash}&type=recovery&`;
    const location = String(await play("recover/link", { path: link + done }));
    const token = new URLSearchParams(new URL(location).hash.slice(1)).get("access_token")!;
    await play("user/recovery-session", { token });
    await play("recover/new-password", { token });
    await play("after-recovery/recovery-session", { token });
    await play("after-recovery/old-session", { token: old.access_token });
    await play("recover/link-again", { path: link + done });
    const foreign = "redirect_to=http://127.0.0.1:3000/done";
    await play("recover/link-foreign-redirect", { path: link + foreign });
    const used = { type: "recovery", token_hash: tokenHash };
    await play("verify/token-hash-expired", { body: used });
    await play("verify/wrong-otp", { body: { type: "email", email, token: "000000" } });
    await play("verify/no-type", { body: { token_hash: tokenHash } });
  },
};

const pkce: Scene = {
  name: "a recovery link of a PKCE flow",
  ids: [
    "pkce/link",
    "pkce/link-again",
    "pkce/bad-verifier",
    "pkce/expired",
    "pkce/unknown-code",
    "pkce/no-code",
  ],
  async play({ stack, play, wait }) {
    const { user } = await signUp(stack);
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    const code_challenge = new Uint8Array(digest)
      .toBase64({ alphabet: "base64url", omitPadding: true });
    await post(stack, `/recover?${done}`, {
      code_challenge,
      code_challenge_method: "s256",
      email: user.email,
    });
    const path = `/verify?token=${lastMail(stack).tokenHash}&type=recovery&${done}`;
    const location = String(await play("pkce/link", { path }));
    await play("pkce/link-again", { path });
    const auth_code = new URL(location).searchParams.get("code");
    const wrong = "x".repeat(50);
    await play("pkce/bad-verifier", { body: { auth_code, code_verifier: wrong } });
    wait(60 * 60 * 1000);
    await play("pkce/expired", { body: { auth_code, code_verifier: verifier } });
    wait(-60 * 60 * 1000);
    await play("pkce/unknown-code");
    await play("pkce/no-code");
  },
};

const oauth: Scene = {
  name: "OAuth that never began",
  ids: [
    "oauth/callback-no-state",
    "oauth/callback-bad-state",
    "oauth/callback-unknown-state",
    "oauth/unsupported-provider",
  ],
  async play({ play }) {
    for (const id of this.ids) await play(id);
  },
};

export const mails: readonly Scene[] = [recovery, pkce, oauth];

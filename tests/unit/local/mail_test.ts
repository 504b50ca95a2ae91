import { assert, assertEquals, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { mailLines } from "../../../supabase/local/banner.ts";
import { decodeClaims } from "../../../supabase/local/jwt.ts";
import { answerMailPage, escapeHtml } from "../../../supabase/local/mail/page.ts";
import { fillTemplate, type Mail } from "../../../supabase/local/mail/outbox.ts";
import { bootStack, type RunningStack } from "../../../supabase/local/stack.ts";
import { newAddress, post, type Session, signUp } from "../../e2e/conformance/users.ts";

let stack: RunningStack;
Deno.test.beforeAll(async () => {
  stack = await bootStack({ port: 0, functions: false, settings: { templates: {} } });
});
Deno.test.afterAll(() => stack.close());

const mail: Mail = {
  at: "2026-11-23T00:00:00.000Z",
  to: `"<script>"@example.com`,
  subject: "A & B",
  type: "recovery",
  code: "123456",
  link: "http://127.0.0.1:3000/confirm?a=1&b=2",
  html: "",
};

function page(headers: Record<string, string> = {}, path = "/_local/mail"): Response {
  return answerMailPage(new Request(`http://127.0.0.1:54321${path}`, { headers }), [mail]);
}

Deno.test("answerMailPage() escapes mails in HTML", async () => {
  const answer = page();
  assertStrictEquals(answer.headers.get("content-type"), "text/html; charset=utf-8");
  assertStringIncludes(answer.headers.get("content-security-policy")!, "default-src 'none'");
  const html = await answer.text();
  assert(!html.includes("<script>"));
  assertStringIncludes(html, escapeHtml(mail.to));
  assertStringIncludes(html, `href="http://127.0.0.1:3000/confirm?a=1&amp;b=2"`);
});

Deno.test("answerMailPage() answers JSON when the Accept header names it", async () => {
  assertEquals(await page({ accept: "application/json" }).json(), [mail]);
});

Deno.test("answerMailPage() refuses requests of other sites", () => {
  for (const site of ["cross-site", "same-site"]) {
    assertStrictEquals(page({ "sec-fetch-site": site }).status, 403, site);
  }
  assertStrictEquals(page({ origin: "http://127.0.0.1:3000" }).status, 403);
  assertStrictEquals(page({ "sec-fetch-site": "none" }).status, 200);
  assertStrictEquals(page({ origin: "http://127.0.0.1:54321" }).status, 200);
  assertStrictEquals(page({}, "/_local/other").status, 404);
});

Deno.test("mailLines() names address, subject, code and link", () => {
  const text = mailLines(mail);
  for (const part of [mail.to, mail.subject, mail.code, mail.link!]) {
    assertStringIncludes(text, part);
  }
});

Deno.test("fillTemplate() replaces the variables that have a value", () => {
  assertStrictEquals(
    fillTemplate("{{ .Token }} {{.Token}} {{ .Other }}", { Token: "1" }),
    "1 1 {{ .Other }}",
  );
});

Deno.test("Outbox writes Auth's link with redirect_to when there is no template", async () => {
  const { user } = await signUp(stack);
  const place = "http://localhost:3000/done";
  await post(stack, `/recover?redirect_to=${place}`, { email: user.email });
  const { to, type, link, tokenHash } = stack.mails.at(-1)!;
  assertEquals([to, type], [user.email, "recovery"]);
  const url = new URL(link!);
  assertStrictEquals(url.origin + url.pathname, `${stack.url}/auth/v1/verify`);
  assertStrictEquals(url.searchParams.get("token"), tokenHash);
  assertStrictEquals(url.searchParams.get("redirect_to"), place);
});

Deno.test("Outbox replaces a redirect_to that is not allowed by the site URL", async () => {
  const { user } = await signUp(stack);
  await post(stack, `/recover?redirect_to=https://evil.example`, { email: user.email });
  const url = new URL(stack.mails.at(-1)!.link!);
  assertStrictEquals(url.searchParams.get("redirect_to"), "http://127.0.0.1:3000");
});

Deno.test("Outbox writes the project's templates", async () => {
  const html = `<a href="{{ .SiteURL }}/go?token_hash={{ .TokenHash }}&amp;type=recovery">go</a>`;
  const templates = { recovery: { subject: "For {{ .Email }}", html } };
  await using own = await bootStack({ port: 0, functions: false, settings: { templates } });
  const { user } = await signUp(own);
  await post(own, "/recover", { email: user.email });
  const { subject, link, tokenHash } = own.mails.at(-1)!;
  assertStrictEquals(subject, `For ${user.email}`);
  assertStrictEquals(link, `http://127.0.0.1:3000/go?token_hash=${tokenHash}&type=recovery`);
});

Deno.test("answerAuth() accepts the code and the hash of a mail with type email", async () => {
  const { user } = await signUp(stack);
  await post(stack, "/otp", { email: user.email });
  const { code } = stack.mails.at(-1)!;
  const byCode = { type: "email", email: user.email, token: code };
  const first = await post<Session>(stack, "/verify", byCode);
  assertStrictEquals(decodeClaims(first.access_token).sub, user.id);
  await post(stack, "/otp", { email: user.email });
  const byHash = { type: "email", token_hash: stack.mails.at(-1)!.tokenHash };
  const second = await post<Session>(stack, "/verify", byHash);
  const claims = decodeClaims(second.access_token);
  assertEquals(claims.amr, [{ method: "otp", timestamp: claims.iat }]);
});

Deno.test("answerAuth() exchanges the code of a PKCE mail link once", async () => {
  const { user } = await signUp(stack);
  const verifier = crypto.randomUUID() + crypto.randomUUID();
  const challenge = { code_challenge: verifier, code_challenge_method: "plain" };
  await post(stack, "/recover", { email: user.email, ...challenge });
  const { link, tokenHash } = stack.mails.at(-1)!;
  assert(tokenHash!.startsWith("pkce_"));
  const followed = await fetch(link!, { redirect: "manual" });
  await followed.body?.cancel();
  const code = new URL(followed.headers.get("location")!).searchParams.get("code");
  const body = { auth_code: code, code_verifier: verifier };
  const session = await post<Session>(stack, "/token?grant_type=pkce", body);
  const claims = decodeClaims(session.access_token);
  assertEquals([claims.sub, claims.amr], [
    user.id,
    [{ method: "recovery", timestamp: claims.iat }],
  ]);
  const again = await fetch(`${stack.url}/auth/v1/token?grant_type=pkce`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  assertStrictEquals((await again.json()).error_code, "flow_state_not_found");
});

Deno.test("answerAuth() accepts a nonce once when an old session changes the password", async () => {
  const rules = { securePasswordChange: true, requireCurrentPassword: true };
  await using strict = await bootStack({ port: 0, functions: false, settings: rules });
  const own = await signUp(strict);
  const sessionId = String(decodeClaims(own.access_token).session_id);
  await strict.store.setCreatedAt(sessionId, new Date(0));
  const headers = { authorization: `Bearer ${own.access_token}` };
  const auth = `${strict.url}/auth/v1`;
  await (await fetch(`${auth}/reauthenticate`, { headers })).body?.cancel();
  const nonce = strict.mails.at(-1)!.code;
  const change = async (password: string, current: string) => {
    const body = JSON.stringify({ password, current_password: current, nonce });
    const answer = await fetch(`${auth}/user`, { method: "PUT", headers, body });
    return [answer.status, (await answer.json()).error_code];
  };
  assertEquals(await change("another-long-password", "correct-horse-battery"), [200, undefined]);
  assertEquals(await change("a-third-long-password", "another-long-password"), [
    422,
    "reauthentication_not_valid",
  ]);
});

Deno.test("answerAuth() answers a recovery of an unknown address like any other, and sends no mail", async () => {
  const before = stack.mails.length;
  assertEquals(await post(stack, "/recover", { email: newAddress() }), {});
  assertStrictEquals(stack.mails.length, before);
});

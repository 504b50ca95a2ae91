/** Mailed tokens: codes, hashes and links. */

import type { MailContext } from "../mail/outbox.ts";
import { type AuthCall, type AuthContext, AuthError, type Difference, text } from "./call.ts";
import { pkceMark } from "./pkce.ts";
import { isSession, reissue } from "./tokens.ts";

const MAIL_PATHS = ["/signup", "/otp", "/magiclink", "/recover", "/resend", "/user"];

/** Whether a pattern of the redirect list matches: `**` any text, `*` text without `.` and `/`. */
function matches(pattern: string, url: string): boolean {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*\*|\*|\?/g, (glob) => glob === "**" ? ".*" : glob === "*" ? "[^./]*" : "[^./]");
  return new RegExp(`^${source}$`).test(url);
}

/** The target of a redirect: `redirect_to` if it is allowed, else the site. */
export function allowedRedirect(redirectTo: string | null, auth: AuthContext): string {
  const { siteUrl, redirectUrls } = auth.settings;
  if (!redirectTo || !URL.canParse(redirectTo)) return siteUrl;
  const url = new URL(redirectTo);
  const site = new URL(siteUrl);
  const web = url.protocol === "http:" || url.protocol === "https:";
  const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  const own = url.origin === site.origin || (web && loopback);
  const listed = redirectUrls.some((pattern) => matches(pattern, redirectTo.split("#")[0] ?? ""));
  return own || listed ? redirectTo : siteUrl;
}

/** The context of the mails that a call causes. */
export function mailContext(call: AuthCall, auth: AuthContext): MailContext | undefined {
  if (!MAIL_PATHS.includes(call.path) || call.method === "GET") return undefined;
  const mark = pkceMark(call, auth);
  const redirectTo = allowedRedirect(call.query.get("redirect_to"), auth);
  return mark ? { redirectTo, mark } : { redirectTo };
}

/** Lite has neither the type `email` nor the prefix of a PKCE token. */
async function liteProof(body: Record<string, unknown>, auth: AuthContext): Promise<string> {
  const hash = text(body.token_hash)?.replace(/^pkce_/, "");
  let type = body.type;
  if (type === "email") {
    const email = text(body.email);
    const user = hash
      ? await auth.store.userByTokenHash(hash)
      : email
      ? await auth.store.userByEmail(email)
      : undefined;
    type = user?.confirmation_token ? "signup" : "magiclink";
  }
  return JSON.stringify({ ...body, type, ...(hash === undefined ? {} : { token_hash: hash }) });
}

/** A code or a token hash that a page posts. */
export const postedTokens: Difference = {
  auth: "a wrong code is otp_expired; the type `email` is both a sign-up and a magic link",
  rows: ["verify/wrong-otp"],
  async before(call, auth) {
    if (call.path !== "/verify" || call.method !== "POST") return;
    call.liteRequest = { ...call.liteRequest, body: await liteProof(call.body, auth) };
  },
  async after(call, answer) {
    const byCode = call.path === "/verify" && call.body.token_hash === undefined;
    if (answer.ok || !byCode) return answer;
    const { error_code: code } = await answer.clone().json();
    if (code !== "otp_expired") return answer;
    throw new AuthError(403, code, "Token has expired or is invalid");
  },
};

function seeOther(location: string, headers: HeadersInit = {}): Response {
  const answer = new Response(null, { status: 303, headers });
  answer.headers.set("location", location);
  return answer;
}

function sorted(values: Record<string, string>): URLSearchParams {
  const query = new URLSearchParams(values);
  query.sort();
  return query;
}

function failedLink(target: string, code: string, message: string, pkce: boolean): Response {
  const about = { error: "access_denied", error_code: code, error_description: message };
  const url = new URL(target);
  if (pkce) {
    for (const [name, value] of Object.entries(about)) {
      url.searchParams.set(name, value);
    }
  }
  return seeOther(`${pkce ? url.href : target}#${sorted({ ...about, sb: "" })}`);
}

async function followLink(call: AuthCall, auth: AuthContext): Promise<Response | void> {
  const token = call.query.get("token");
  const type = call.query.get("type");
  if (!token || !type) return; // Lite refuses these requests as Auth does.
  const target = allowedRedirect(call.query.get("redirect_to"), auth);
  const pkce = token.startsWith("pkce_");
  const hash = token.replace(/^pkce_/, "");
  const body = await liteProof({ type, token_hash: hash }, auth);
  const answer = await auth.lite({ method: "POST", path: "/verify", body });
  const session: unknown = await answer.json();
  if (!isSession(session)) {
    const { error_code: code, msg } = session as { error_code: string; msg: string };
    return failedLink(target, code, msg, pkce);
  }
  const own = await reissue(session, pkce ? type : "otp", auth);
  if (pkce) {
    const url = new URL(target);
    url.searchParams.set("code", auth.flows.issue(hash, own));
    return seeOther(url.href);
  }
  const fragment = sorted({
    access_token: own.access_token,
    expires_at: String(own.expires_at),
    expires_in: String(own.expires_in),
    refresh_token: own.refresh_token,
    sb: "",
    token_type: "bearer",
    type,
  });
  return seeOther(`${target}#${fragment}`, sessionHeaders(answer));
}

function sessionHeaders(answer: Response): Record<string, string> {
  const own = [...answer.headers].filter(([name]) => name.startsWith("sb-auth-"));
  return Object.fromEntries(own);
}

/** The link of a mail. */
export const links: Difference = {
  auth: "a link redirects to redirect_to, with session, code or error where Auth puts them",
  rows: [],
  async before(call, auth) {
    if (call.path !== "/verify" || call.method !== "GET") return;
    return await followLink(call, auth);
  },
};

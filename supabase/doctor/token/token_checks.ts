/** What the token itself says. */

import { decodeJsonPart, decodeToken, readSession } from "../library.ts";
import { isLoopback } from "../checks/config.ts";
import { keyKind } from "../checks/key_kind.ts";
import { signedBy } from "../checks/published.ts";
import type { Check } from "../finding.ts";
import type { Inspection } from "./inspection.ts";

/** Something that is no token. */
export const malformed: Check<Inspection> = {
  id: "token-malformed",
  why:
    "Auth answers 403 bad_jwt, or 401 no_authorization: the session may well be alive, its token did not arrive.",
  fix:
    "Pass `session.access_token` whole; not the refresh token, not the cookie, not the session's JSON.",
  *look({ token }) {
    if (keyKind(token) !== undefined || decodeToken(token) !== null) return;
    const message = token === ""
      ? "There is no token."
      : "This is no token of a user: not three parts of base64url, or without `sub`.";
    yield { severity: "error", message };
  },
};

/** A key where a token belongs. */
export const isApiKey: Check<Inspection> = {
  id: "token-is-api-key",
  why:
    "A key says which app calls, never which user. supabase-js sends it as the bearer whenever it holds no session: at its start, after a sign-out, or in a client of its own.",
  fix: "Wait for INITIAL_SESSION before the first call, and call with the client that signed in.",
  *look({ token }) {
    const kind = keyKind(token);
    if (kind === undefined) return;
    const leaked = kind === "secret" || kind === "service_role";
    const message = `This is a ${kind} key, not a user's token.` +
      (leaked ? " If a browser or an app sent it, it has leaked: rotate it." : "");
    yield { severity: "error", message };
  },
};

/** Past its end. */
export const expired: Check<Inspection> = {
  id: "token-expired",
  why:
    "An expired token says nothing about its session: a refresh renews it, if the session lives.",
  fix:
    "Call `supabase.auth.refreshSession()`. If it happens often, look at clocks, at tabs that sleep, and at code that keeps a token instead of asking getSession().",
  *look({ token, now }) {
    const exp = decodeToken(token)?.claims.exp;
    if (typeof exp !== "number" || exp > now) return;
    yield { severity: "error", message: `The token expired ${duration(now - exp)} ago.` };
  },
};

/** Without a session to look up. */
export const withoutSession: Check<Inspection> = {
  id: "token-without-session",
  why:
    "Auth skips its session check for such a token: it answers 200 and can never revoke it. edge-auth refuses it as session_required.",
  fix: "Find out who mints it: only somebody with the signing key or secret can.",
  *look({ token }) {
    const claims = decodeToken(token)?.claims;
    if (claims === undefined || readSession(claims) !== null) return;
    yield { severity: "warning", message: "The token has no usable session_id, or no exp." };
  },
};

/** From elsewhere. */
export const elsewhere: Check<Inspection> = {
  id: "token-of-another-project",
  why:
    "Auth answers bad_jwt for a token that another project or stack signed, or user_not_found where both share a key.",
  fix:
    "Take SUPABASE_URL, the key and the sign-in from one project; clear the browser's storage after you switched.",
  *look({ token, url, kids }) {
    const claims = decodeToken(token)?.claims;
    if (claims === undefined || url === undefined) return;
    const asked = new URL(url).hostname;
    const issuer = URL.parse(typeof claims.iss === "string" ? claims.iss : "")?.hostname;
    const hosted = /^[a-z]{20}\.supabase\.(?:co|in)$/;
    if (issuer !== undefined && issuer !== asked && hosted.test(issuer) && hosted.test(asked)) {
      yield { severity: "error", message: `The token is from ${issuer}, and ${asked} was asked.` };
    } else if (issuer !== undefined && isLoopback(issuer) && hosted.test(asked)) {
      yield {
        severity: "error",
        message: "The token is from a local stack, not from a hosted project.",
      };
    } else if (signedBy(token) !== undefined && !isLoopback(asked)) {
      yield { severity: "error", message: `The token is ${signedBy(token)}.` };
    }
    const { alg, kid } = decodeJsonPart(token.split(".")[0] ?? "") ?? {};
    if (typeof alg !== "string" || alg.startsWith("HS") || typeof kid !== "string") return;
    if (kids === undefined || kids.includes(kid)) return;
    const message =
      "Auth has no key of the name that signed this token: another project or stack, or a key that was revoked.";
    yield { severity: "error", message };
  },
};

/** What it is, in a line. Without ids and addresses. */
export const says: Check<Inspection> = {
  id: "token-says",
  why:
    "The claims are what the token was minted with; only Auth knows whether its session still lives.",
  fix: "Nothing.",
  *look({ token, now }) {
    const claims = decodeToken(token)?.claims;
    if (claims === undefined || keyKind(token) !== undefined) return;
    const session = readSession(claims);
    const { alg } = decodeJsonPart(token.split(".")[0] ?? "") ?? {};
    const methods = session?.amr.map((one) => one.method).join(", ");
    const parts = [
      `signed with ${/^[A-Z]{2}\d{3}$|^EdDSA$/.test(String(alg)) ? alg : "an unknown algorithm"}`,
      typeof claims.iat === "number" ? `issued ${duration(now - claims.iat)} ago` : "no iat",
      typeof claims.exp === "number" && claims.exp > now
        ? `good for ${duration(claims.exp - now)}`
        : "past its end, or without one",
      session === null
        ? "no session"
        : `a session of ${/^aal\d$/.test(session.aal) ? session.aal : "unknown strength"}`,
      methods && /^[\w, /-]{1,80}$/.test(methods) ? `by ${methods}` : "",
    ];
    yield { severity: "info", message: `The token: ${parts.filter(Boolean).join(", ")}.` };
  },
};

/** "90 s", "12 min", "3 h", "4 days"; a negative one is none. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 120) return `${whole} s`;
  if (whole < 7200) return `${Math.round(whole / 60)} min`;
  return whole < 172_800 ? `${Math.round(whole / 3600)} h` : `${Math.round(whole / 86_400)} days`;
}

/** All of this file. */
export const tokenChecks: readonly Check<Inspection>[] = [
  malformed,
  isApiKey,
  expired,
  withoutSession,
  elsewhere,
  says,
];

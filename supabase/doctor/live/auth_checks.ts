/** Auth, its keys and its gateway, as they answer now. */

import { bodyOf, isApiKeyRefusal, readKeySet } from "../library.ts";
import type { Check, Hit } from "../finding.ts";
import { compareVersions, readVersion } from "../project/versions.ts";
import type { Observation } from "./observation.ts";

/** Seconds that edge-auth lets two clocks differ. */
const SKEW = 30;

/** Whether Auth is there at all. */
export const authUnreachable: Check<Observation> = {
  id: "auth-unreachable",
  why:
    "While Auth cannot be asked, nobody can be told to be signed in. Code that takes that for 401 signs everybody out; edge-auth answers 503 with Retry-After.",
  fix:
    "Check the URL, the network, and the project's status page; a paused project has to be restored.",
  *look({ health }) {
    if (health.kind === "fault") {
      yield { severity: "error", message: `No answer from Auth (${health.reason}).` };
    } else if (health.status !== 200 && !isApiKeyRefusal(health)) {
      yield { severity: "error", message: `GET /auth/v1/health answers ${health.status}.` };
    }
  },
};

/** The key that every call carries. */
export const apiKeyRefused: Check<Observation> = {
  id: "api-key-refused",
  why:
    "Every call to Auth fails before Auth sees it. supabase-js shows it as an AuthApiError 401 without a code, which looks like a lost session.",
  fix:
    "Set SUPABASE_URL and SUPABASE_PUBLISHABLE_KEYS (or SUPABASE_ANON_KEY) from the same project.",
  *look({ health, hasKey }) {
    if (!isApiKeyRefusal(health)) return;
    const message = hasKey
      ? "The gateway refuses the API key of this environment."
      : "The gateway wants an API key, and no variable of this environment has one.";
    yield { severity: "error", message };
  },
};

/** What Auth can do. */
export const authVersion: Check<Observation> = {
  id: "auth-version",
  why:
    "Before 2.195 GET /user answers 200 for a banned user, so that a hand-written check lets them in; edge-auth reads `banned_until` there.",
  fix: "Update Auth: hosted by an upgrade of the project, self-hosted by the image.",
  *look({ health }) {
    if (health.kind === "fault" || health.status !== 200) return;
    const told = bodyOf(health)?.version;
    const text = typeof told === "string"
      ? /v?\d+\.\d+\.\d+/.exec(told.replace(/.*\bv/, "v"))?.[0]
      : undefined;
    const version = text === undefined ? undefined : readVersion(text);
    if (version === undefined) {
      yield { severity: "info", message: "Auth's version is unknown: bans may be invisible." };
    } else if (compareVersions(version, [2, 195, 0]) < 0) {
      yield { severity: "warning", message: `Auth ${version.join(".")} does not show bans.` };
    }
  },
};

/** The public keys. */
export const jwks: Check<Observation> = {
  id: "jwks",
  why:
    "Whoever verifies tokens with other keys than Auth signs with refuses every living session; after a rotation of the keys that happens at once, and to all.",
  fix:
    "Take SUPABASE_JWKS from `<url>/auth/v1/.well-known/jwks.json`. Hosted functions get it from the platform: deploy them again.",
  *look({ jwks, ownKeys, health }): Generator<Hit> {
    if (isApiKeyRefusal(health) || health.kind === "fault") return;
    const served = jwks.kind === "answer" && jwks.status === 200
      ? readKeySet(jwks.text)
      : undefined;
    if (served === undefined) {
      yield { severity: "error", message: "The key set of Auth cannot be read." };
      return;
    }
    const theirs = kidsOf(served);
    if (theirs.length === 0) {
      const message = "Auth's key set is empty: tokens are signed with a shared secret (HS256).";
      const fix =
        "Nothing has to be done. With asymmetric signing keys, forged tokens are refused without a call.";
      yield { severity: "info", message, fix };
      return;
    }
    if (ownKeys === undefined) {
      const message = "SUPABASE_JWKS is not set here: whether it matches is unknown.";
      yield { severity: "info", message };
      return;
    }
    const ours = kidsOf(ownKeys);
    const missing = theirs.filter((kid) => !ours.includes(kid));
    if (missing.length === 0) return;
    const none = missing.length === theirs.length;
    yield {
      severity: none ? "error" : "warning",
      message: none
        ? "SUPABASE_JWKS has none of Auth's keys."
        : `SUPABASE_JWKS lacks ${missing.length} of Auth's ${theirs.length} keys.`,
    };
  },
};

function kidsOf(keys: readonly JsonWebKey[]): string[] {
  return keys.flatMap((key) => {
    const { kid } = key as { kid?: unknown };
    return typeof kid === "string" ? [kid] : [];
  });
}

/** Two clocks. */
export const clockSkew: Check<Observation> = {
  id: "clock-skew",
  why:
    "A clock that is ahead calls living tokens expired and refreshes without end; one that is behind sends expired ones.",
  fix: "Let this machine set its clock by NTP.",
  *look({ health, sent, received }) {
    if (health.kind === "fault") return;
    const date = Date.parse(health.headers.get("date") ?? "");
    if (Number.isNaN(date)) {
      yield { severity: "info", message: "Auth tells no Date: whether clocks agree is unknown." };
      return;
    }
    // Date has whole seconds, so Auth's clock was somewhere in [date, date + 1 s).
    const ahead = Math.floor((sent - (date + 1000)) / 1000);
    const behind = Math.floor((date - received) / 1000);
    const seconds = Math.max(ahead, behind);
    if (seconds <= SKEW) return;
    const message = `This machine's clock is ${seconds} s ${
      ahead > 0 ? "ahead of" : "behind"
    } Auth's.`;
    yield { severity: "error", message };
  },
};

/** A gateway that lets anybody through. */
export const gatewayAcceptsAnyKey: Check<Observation> = {
  id: "gateway-accepts-any-key",
  why: "A wrong key goes unnoticed here, and shows as lost sessions where the gateway does look.",
  fix: "Self-hosted: turn key authentication on in the gateway. The CLI's local one never looks.",
  *look({ wrongKey, loopback }) {
    if (wrongKey.kind === "fault" || wrongKey.status >= 300) return;
    const message = "The gateway lets a wrong API key through.";
    yield { severity: loopback ? "info" : "warning", message };
  },
};

/** What a check costs. */
export const roundTrip: Check<Observation> = {
  id: "round-trip",
  why:
    "A strict check asks Auth once for each request (a burst shares a call), so it takes at least this long.",
  fix:
    "Keep strict where it matters. On routes that can live with an answer a few seconds old, `freshness: 10` costs nothing while it lasts.",
  *look({ roundTrips }) {
    if (roundTrips.length === 0) return;
    const median = roundTrips.toSorted((a, b) => a - b)[Math.floor(roundTrips.length / 2)]!;
    const ms = median < 10 ? median.toFixed(1) : median.toFixed(0);
    const message = `Auth answers in ${ms} ms from here (median of ${roundTrips.length}). Within ` +
      "`freshness` a request saves that.";
    yield { severity: "info", message };
  },
};

/** All of this file. */
export const authChecks: readonly Check<Observation>[] = [
  authUnreachable,
  apiKeyRefused,
  authVersion,
  jwks,
  clockSkew,
  gatewayAcceptsAnyKey,
  roundTrip,
];

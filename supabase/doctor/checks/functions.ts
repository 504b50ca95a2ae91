/** How functions are mounted, and who may call them: each is classed once, by what it runs. */

import type { Check, Hit } from "../finding.ts";
import type { ClassedFunction } from "../project/functions.ts";
import type { Project } from "../project/workspace.ts";
import type { CallerCheck } from "../source/caller_check.ts";

/** What the checks of functions see: one project, and its functions as they were read. */
export interface FunctionsInput {
  readonly project: Project;
  readonly classed: readonly ClassedFunction[];
}

const mountsEdgeAuth = ({ facts }: ClassedFunction) => facts.by === "edge-auth";

/** Functions that check nobody, and that are not declared public. */
function unguarded({ classed }: FunctionsInput): ClassedFunction[] {
  return classed.filter(({ facts, publicBecause }) =>
    facts.check === "none" && publicBecause === undefined
  );
}

/** The flag that may turn the gateway's check off, where that is not certain. */
function mayBeOff({ noVerifyJwt: flag }: ClassedFunction): string | undefined {
  return flag === undefined || flag.isCertain
    ? undefined
    : `${flag.file}:${flag.line} may deploy it with --no-verify-jwt`;
}

/** Why the gateway checks nothing. */
function offBy({ noVerifyJwt: flag }: ClassedFunction): string {
  return flag === undefined
    ? "verify_jwt is off"
    : `verify_jwt is off, because ${flag.file}:${flag.line} deploys it with --no-verify-jwt`;
}

/** What is known of the gateway's check where it is not off. */
function onBy(one: ClassedFunction): string {
  const flag = mayBeOff(one);
  if (one.verifyJwt === "on") return `verify_jwt is on${flag === undefined ? "" : `, but ${flag}`}`;
  return flag === undefined
    ? "verify_jwt is not written, so it is on unless it is deployed otherwise"
    : `verify_jwt is not written, and ${flag}`;
}

/** Names of functions that are meant for everybody. */
const PUBLIC =
  /(?:^|-)(?:contact|wait-?list|otp|sso|oidc|log-?in|sign-?in|sign-?up|(?:forgot|reset)-password|password-reset|magic-link|recovery|availability|exists|report-(?:issue|bug|problem)|bug-report|feedback|support-(?:request|ticket|form|message))(?:-|$)|^(?:public|newsletter|subscribe|unsubscribe|rss|sitemap|submit|embed|widget|health|ping|pixel|og)(?:-|$)|-(?:newsletter|subscribe|unsubscribe|rss|feed|xml|sitemap|embed|widget|ping|pixel|callback|preview|health(?:-?check)?|auth)$|^(?:auth|feed|callback)$|-(?:shared?|public)-/;

/** Names of functions that are often meant for people, or machines, without an account. */
const OFTEN_PUBLIC =
  /(?:^|-)(?:webhooks?|inbound|zapier|callback|status|checkout|payments?|pix|donat\w+|chat|chatbot|assistant|book|booking|reserv\w+|register|registration|sign-?up|sign-?in|log-?in|oauth|auth|otp|password|forgot|invite|invitation|track|tracking|lead|guest|visitor|onboard\w*|exchange|verify|confirm|accept|claim|redeem|unlock|join|feedback|survey|quiz|demo|apply|application|share|preview|telemetry|analytics|log|error-(?:report\w*|log\w*|monitor))(?:-|$)/;

/** A function's name as its words, joined by dashes: `sendOTP_code` is `send-otp-code`. */
function wordsOf(name: string): string {
  return name.replaceAll(/([a-z\d])([A-Z])/g, "$1-$2").replaceAll("_", "-").toLowerCase();
}

/** Whether a function's name says that it is meant for everybody: surely, perhaps, or not. */
function publicByName({ name }: ClassedFunction): "surely" | "perhaps" | undefined {
  const words = wordsOf(name);
  if (
    /(?:^|-)(?:admin|internal|cron|sync|import|fetch|cleanup|backfill|migrate)(?:-|$)/.test(words)
  ) return undefined;
  return PUBLIC.test(words) ? "surely" : OFTEN_PUBLIC.test(words) ? "perhaps" : undefined;
}

/** Why it is not certain that a function should check its callers, and does not. */
function doubtOf(one: ClassedFunction): string {
  const { facts } = one;
  if (facts.doubt !== undefined) return ` Whether it checks more is unknown: ${facts.doubt}.`;
  if (facts.changesUsers) return "";
  if (facts.power !== undefined && !facts.writes) {
    return " It only reads: whether everybody may see that is not known here.";
  }
  return publicByName(one) !== undefined || facts.limitsCallers
    ? " Whether it is meant to be public is not seen here."
    : "";
}

/** Whether all that is known says that everybody may call a function. */
function isMeantForAll(one: ClassedFunction): boolean {
  const { managesUsers, changesUsers, writes } = one.facts;
  const meant = publicByName(one);
  return meant === "surely" ? !changesUsers : meant === "perhaps" && !managesUsers && !writes;
}

/** Everybody may do what only the service may. */
export const openServiceFunction: Check<FunctionsInput> = {
  id: "function-open-service",
  why:
    "Row level security does not hold for the service. Whoever knows the address of the function, and that is everybody who has seen the app, does with it what the function does.",
  fix:
    "Check the caller first: mount edge-auth, or ask `getUser(token)`; for machines compare a secret or check a signature. If it is meant to be public, say why above its first line: `// edge-auth: public, because …`.",
  *look(input) {
    for (const one of unguarded(input)) {
      const { power, file, line } = one.facts;
      const doubt = doubtOf(one);
      if (one.verifyJwt !== "off" || power === undefined) continue;
      yield {
        severity: isMeantForAll(one) ? "info" : doubt === "" ? "error" : "warning",
        file,
        line,
        message: `${one.name} acts with ${power}, and checks nobody: ${offBy(one)}, and no ` +
          `check of the caller is seen in what it runs.${doubt}`,
      };
    }
  },
};

/** The gateway's check, which the key of every page passes. */
export const anonKeyEnough: Check<FunctionsInput> = {
  id: "function-anon-key-enough",
  why:
    "The gateway's JWT check lets the anon key in, and that is in every page: it keeps nobody out who has seen the app. It never asks whether a session is alive either.",
  fix:
    "Check the caller in the function: mount edge-auth, or ask `getUser(token)`. If everybody may call it, say why above its first line: `// edge-auth: public, because …`.",
  *look(input) {
    for (const one of unguarded(input)) {
      if (one.verifyJwt === "off" || !one.facts.hasEffects) continue;
      const { facts } = one;
      const { power, file, line } = facts;
      const acts = power === undefined ? "" : ` It acts with ${power}.`;
      yield {
        severity: facts.doubt !== undefined || isMeantForAll(one) ? "info" : "warning",
        ...(power === undefined ? { file: one.entry, line: 1 } : { file, line }),
        message:
          `${one.name} relies on the gateway alone (${onBy(one)}): the anon key is enough to ` +
          `call it.${acts}${doubtOf(one)}`,
      };
    }
  },
};

/** A token that anybody can write. */
export const unverifiedJwt: Check<FunctionsInput> = {
  id: "function-jwt-unverified",
  why:
    "Decoding a JWT checks nothing: anybody writes one with any `sub` and any role in it, and is taken for that user.",
  fix:
    "Ask Auth, `getUser(token)`, or mount edge-auth; `getClaims(token)` at least checks the signature.",
  *look({ classed }) {
    for (const one of classed) {
      const { name, verifyJwt, facts } = one;
      const flag = mayBeOff(one);
      if (facts.check !== "reads_jwt_unverified") continue;
      if (verifyJwt !== "off" && flag === undefined) continue;
      const isDoubtful = flag !== undefined || facts.doubt?.startsWith("it reads the header");
      yield {
        severity: isDoubtful ? "warning" : "error",
        file: facts.file,
        line: facts.line,
        message: `${name} reads a JWT without verifying it (${facts.by}), and ${
          flag ?? offBy(one)
        }.`,
      };
    }
  },
};

/** A function that is open, and does nothing with the service's power. */
export const middleware: Check<FunctionsInput> = {
  id: "function-without-auth",
  why:
    "A function that does not ask who calls admits everybody, also users whose session has ended.",
  fix:
    "If only users may call it, build it with `edgeFunction(name)`. If it is meant to be public, say why above its first line: `// edge-auth: public, because …`.",
  *look(input) {
    const others = input.classed.some(mountsEdgeAuth);
    for (const one of unguarded(input)) {
      const { power, spends, doubt } = one.facts;
      if (one.verifyJwt !== "off" || power !== undefined) continue;
      const costs = spends !== undefined && doubt === undefined && !isMeantForAll(one);
      yield {
        severity: others || costs ? "warning" : "info",
        file: one.entry,
        line: 1,
        message: `${one.name} checks nobody${
          others ? ", while other functions here mount edge-auth" : `: ${offBy(one)}`
        }.${spends === undefined ? "" : ` It uses ${spends}.`}${doubtOf(one)}`,
      };
    }
  },
};

const SAYS: Partial<Record<CallerCheck, (by: string) => string>> = {
  verifies_signature: (by) =>
    `verifies the token's signature only, by ${by}: a user who signed out passes until the token's exp`,
  webhook_signature: (by) => `checks a webhook's signature, by ${by}`,
  compares_secret: (by) => `compares a secret, by ${by}`,
  passes_token_on: (by) =>
    `passes the caller's token on (${by}): the database checks its signature`,
  reads_jwt_unverified: (by) =>
    `reads the JWT without verifying it, by ${by}: the gateway's verify_jwt is the only check`,
};

/** How the others check. */
export const callerCheck: Check<FunctionsInput> = {
  id: "function-caller-check",
  why:
    "Only Auth knows whether a session is alive. A signature says that a token was good when it was minted; a secret or a webhook's signature names a machine.",
  fix: "Nothing, if that is meant. Where users who signed out must not get in, ask Auth.",
  *look({ classed }) {
    for (const { name, entry, facts, verifyJwt, noVerifyJwt: flag } of classed) {
      const isDecoded = facts.check === "reads_jwt_unverified";
      if (isDecoded && (verifyJwt === "off" || flag !== undefined)) continue;
      const says = SAYS[facts.check]?.(facts.by) ??
        (facts.check === "asks_auth" && facts.by.startsWith("the official")
          ? `leaves the check to ${facts.by}`
          : undefined);
      if (says === undefined) continue;
      yield { severity: "info", file: entry, line: 1, message: `${name} ${says}.` };
    }
  },
};

/** A sender without a JWT, in front of a gateway that wants one. */
export const webhookBehindGateway: Check<FunctionsInput> = {
  id: "webhook-behind-gateway",
  why:
    "Senders of webhooks sign their requests and have no JWT of the project. With verify_jwt the gateway answers them 401, and the function never runs.",
  fix:
    "Write `verify_jwt = false` under `[functions.<name>]`: this function checks the signature of its callers itself.",
  *look({ classed, project }) {
    for (const { name, entry, facts, verifyJwt, noVerifyJwt: flag } of classed) {
      if (facts.check !== "webhook_signature" || verifyJwt === "off" || flag) continue;
      // A signature in the body may be that of the app's own users.
      const isOfWebhook = facts.readsSignature || /hook/i.test(name) ||
        /^constructEvent| of /.test(facts.by);
      if (!isOfWebhook) continue;
      const written = verifyJwt === "on"
        ? "is true"
        : "is not written, so it is on unless it is deployed otherwise";
      yield {
        severity: "warning",
        ...place(project, name, entry),
        message: `${name} checks a webhook's signature (${facts.by}), and verify_jwt ${written}.`,
      };
    }
  },
};

function place({ config }: Project, name: string, entry: string): Partial<Hit> {
  return config === undefined
    ? { file: entry, line: 1 }
    : { file: config.path, line: config.lineOf(["functions", name, "verify_jwt"]) };
}

/** The gateway's own check, in front of one that does more. */
export const verifyJwt: Check<FunctionsInput> = {
  id: "verify-jwt",
  why:
    "`verify_jwt = true`, which is the default, answers before the function does: in another JSON shape, without the function's CORS headers, and without asking whether the session is alive.",
  fix:
    "Write `verify_jwt = false` under `[functions.<name>]` of supabase/config.toml: this function checks its callers itself.",
  *look({ classed, project }) {
    for (const one of classed) {
      const { name, entry, facts, verifyJwt, noVerifyJwt: flag } = one;
      const isWritten = verifyJwt === "on";
      if (facts.check !== "asks_auth" || verifyJwt === "off" || (flag && !isWritten)) continue;
      const severity = !mountsEdgeAuth(one) ? "info" : isWritten && !flag ? "error" : "warning";
      const message = isWritten
        ? `verify_jwt is true for the function ${name}: the gateway answers first.`
        : `verify_jwt is not written down for the function ${name}: the gateway answers first.`;
      yield { severity, message, ...place(project, name, entry) };
    }
  },
};

/** A name in config.toml that leads nowhere. */
export const missingEntry: Check<FunctionsInput> = {
  id: "function-entry-missing",
  why: "The function is not served, or not as it is here: its callers get 404 or an old version.",
  fix: "Correct `entrypoint`; it is relative to the folder supabase/.",
  *look({ project: { functions, config } }) {
    for (const { name, entry } of functions) {
      if (entry !== undefined || !config) continue;
      if (config.get("functions", name, "enabled") === false) continue;
      const line = config.lineOf(["functions", name, "entrypoint"]);
      const message = `The entrypoint of the function ${name} is not there.`;
      yield { severity: "error", file: config.path, line, message };
    }
  },
};

/** All of this file. */
export const functionChecks: readonly Check<FunctionsInput>[] = [
  openServiceFunction,
  anonKeyEnough,
  unverifiedJwt,
  middleware,
  callerCheck,
  webhookBehindGateway,
  verifyJwt,
  missingEntry,
];

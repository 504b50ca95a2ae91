/** A function, as it answers those it has to refuse. */

import { problemSchema } from "../../../shared/server/problem_schema.ts";
import { type AuthAnswer, bodyOf } from "../library.ts";
import type { Check } from "../finding.ts";
import type { FunctionAnswers, Observation } from "./observation.ts";

/** Whether it can be called. */
export const functionUnreachable: Check<Observation> = {
  id: "function-unreachable",
  why: "What the function does with a dead session cannot be known while it is not there.",
  fix: "Check the name, and deploy it: `supabase functions deploy`.",
  *look({ function: one }) {
    if (one === undefined || one.withoutToken.kind === "answer" && !isAbsent(one.withoutToken)) {
      return;
    }
    const why = one.withoutToken.kind === "fault"
      ? one.withoutToken.reason
      : `status ${one.withoutToken.status}`;
    yield { severity: "error", message: `The function ${one.name} is not there (${why}).` };
  },
};

/** The platform's own words for a function that is not there, or does not start. */
function isAbsent(answer: AuthAnswer): boolean {
  return answer.kind === "answer" &&
    /^(?:NOT_FOUND|BOOT_ERROR)$/.test(String(bodyOf(answer)?.code));
}

/** How it refuses. */
export const refusalShape: Check<Observation> = {
  id: "function-refusal-shape",
  why:
    "A client that cannot read a refusal cannot tell a lost session from an outage, and signs out, or does not.",
  fix: "Mount edge-auth, and write `verify_jwt = false` for the function.",
  *look({ function: one }) {
    if (one === undefined || isAbsent(one.withoutToken)) return;
    const asked = [
      ["no token", one.withoutToken],
      ["a token that is none", one.withGarbage],
    ] as const;
    for (const [what, answer] of asked) {
      if (answer.kind === "fault") continue;
      if (answer.status < 400) {
        const message =
          `The function ${one.name} answers ${answer.status} to ${what}: it is public, or checks nothing.`;
        yield { severity: "info", message };
        continue;
      }
      const wrong = misshapen(answer);
      if (wrong === undefined) continue;
      const severity = wrong.gateway ? "error" : "warning";
      yield { severity, message: `${one.name} refuses ${what} ${wrong.how}.` };
    }
  },
};

function misshapen(answer: AuthAnswer): { gateway: boolean; how: string } | undefined {
  if (answer.kind === "fault") return undefined;
  const body = bodyOf(answer);
  if (
    /^UNAUTHORIZED_/.test(String(body?.code)) || body?.msg === "Error: Missing authorization header"
  ) {
    return { gateway: true, how: "at the gateway: verify_jwt is on" };
  }
  if (body === null) return { gateway: false, how: "with something that is no JSON" };
  if (!problemSchema.safeParse(body).success) {
    return { gateway: false, how: "in another JSON shape than edge-auth's" };
  }
  if (answer.status === 401 && !answer.headers.has("www-authenticate")) {
    return { gateway: false, how: "without WWW-Authenticate" };
  }
  return undefined;
}

/** Who may read it. */
export const corsOrigin: Check<Observation> = {
  id: "cors-origin",
  why:
    'Without CORS headers on a preflight or a refusal, the page sees a network error and no reason: a lost session looks like "offline".',
  fix:
    'Let the page in: `edgeFunction(name, { cors: { origins: ["https://…"] } })`, CORS before the check of the token.',
  *look({ function: one, origin }) {
    if (origin === undefined) return;
    if (one === undefined) {
      const message =
        "No function was named (--function): whether CORS lets the page in is unknown.";
      yield { severity: "info", message };
      return;
    }
    if (isAbsent(one.withoutToken)) return;
    for (const message of refusals(one, origin)) yield { severity: "error", message };
  },
};

function* refusals({ name, preflight, withoutToken }: FunctionAnswers, origin: string) {
  if (preflight.kind === "answer") {
    const allowed = (preflight.headers.get("access-control-allow-headers") ?? "").toLowerCase();
    if (preflight.status >= 300 || !lets(preflight, origin)) {
      yield `${name} answers a preflight from ${origin} with ${preflight.status} and does not let it in.`;
    } else if (!allowed.split(/\s*,\s*/).includes("authorization")) {
      yield `${name} does not allow the header Authorization (an asterisk does not cover it).`;
    }
  }
  if (withoutToken.kind === "answer" && withoutToken.status >= 400 && !lets(withoutToken, origin)) {
    yield `${name} refuses without CORS headers, so ${origin} cannot read why.`;
  }
}

function lets(answer: AuthAnswer, origin: string): boolean {
  if (answer.kind === "fault") return false;
  const allowed = answer.headers.get("access-control-allow-origin");
  return allowed === "*" || allowed === origin;
}

/** All of this file. */
export const functionAnswerChecks: readonly Check<Observation>[] = [
  functionUnreachable,
  refusalShape,
  corsOrigin,
];

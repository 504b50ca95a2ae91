import { resign, withClaims, withoutSignature } from "./forged_tokens.ts";
import { type Answer, ORIGIN, type Probe, type Session } from "./probe.ts";

/** What came out of a check. */
export type Outcome =
  | { readonly result: "kept" }
  | { readonly result: "broken"; readonly detail: string }
  | { readonly result: "not_tried"; readonly detail: string };

/** Something that a function must do, and how it is tried. */
export interface Check {
  readonly id: string;
  /** The number of the guarantee in SECURITY.md. */
  readonly guarantee: number;
  /** What holds if it is kept. */
  readonly title: string;
  run(context: CheckContext): Promise<Outcome>;
}

/** What a check works with. */
export interface CheckContext {
  readonly probe: Probe;
  /** A session that lives as long as the checks. */
  live: Session;
  /** What the function answers to it. */
  readonly admitted: Answer;
  /** The refusals so far, by what was tried. */
  readonly refusals: Map<string, Answer>;
}

const KEPT: Outcome = { result: "kept" };
const broken = (detail: string): Outcome => ({ result: "broken", detail });
const notTried = (detail: string): Outcome => ({ result: "not_tried", detail });

/** How often a sign-out is tried: an answer from a memory shows only now and then. */
const ROUNDS = 3;
/** How many calls follow a sign-out at once. */
const BURST = 8;

/** The check without which nothing is proven. */
export const REVOKED = "revoked-token";

/** Every check, in the order in which they run. */
export const CHECKS: readonly Check[] = [
  {
    id: "forged-signature",
    guarantee: 1,
    title: "a token with another signature is refused",
    run: ({ probe, live, refusals }) => refuses(probe, refusals, "forged", resign(live.token)),
  },
  {
    id: "forged-claims",
    guarantee: 1,
    title: "a token with another user's id in it is refused",
    run: ({ probe, live, refusals }) =>
      refuses(probe, refusals, "forged claims", withClaims(live.token, { sub: UNKNOWN_USER })),
  },
  {
    id: "alg-none",
    guarantee: 1,
    title: "a token that says it needs no signature is refused",
    run: ({ probe, live, refusals }) =>
      refuses(probe, refusals, "alg none", withoutSignature(live.token)),
  },
  {
    id: "expired-token",
    guarantee: 1,
    title: "an expired token is refused",
    run: () => Promise.resolve(notTried("no token of this run is old enough")),
  },
  {
    id: REVOKED,
    guarantee: 2,
    title: "a revoked token is refused",
    async run({ probe, refusals }) {
      for (let round = 0; round < ROUNDS; round++) {
        const { token } = await probe.signIn();
        const before = await probe.callAs(token);
        if (!isAdmitted(before)) return notTried(`a new session was answered ${show(before)}`);
        if (!await probe.signOut(token, "local")) return notTried("Auth did not sign out");
        const burst = await Promise.all(Array.from({ length: BURST }, () => probe.callAs(token)));
        const outcome = judge(burst, "after the sign-out");
        if (outcome.result !== "kept") return outcome;
        refusals.set("revoked", burst[0]!);
      }
      return KEPT;
    },
  },
  {
    id: "revoked-elsewhere",
    guarantee: 2,
    title: "a token is refused when another device has signed out everywhere",
    async run(context) {
      const { probe } = context;
      if (probe.target.user !== undefined) {
        return notTried("it would end every session of the user that was given");
      }
      const [phone, laptop] = [await probe.signIn(), await probe.signIn()];
      const before = await probe.callAs(phone.token);
      if (!isAdmitted(before)) return notTried(`a new session was answered ${show(before)}`);
      if (!await probe.signOut(laptop.token, "global")) return notTried("Auth did not sign out");
      const answer = await probe.callAs(phone.token);
      context.live = await probe.signIn(); // the sign-out has ended that session too
      return judge([answer], "after the sign-out");
    },
  },
  {
    id: "outage",
    guarantee: 3,
    title: "an outage of Auth is neither an admission nor a 401",
    run: () => Promise.resolve(notTried("nobody outside can stop Auth")),
  },
  {
    id: "no-credentials",
    guarantee: 4,
    title: "a caller without credentials is refused",
    async run({ probe, refusals }) {
      const answer = await probe.call();
      if (!isAdmitted(answer)) refusals.set("no credentials", answer);
      return judge([answer], "without credentials");
    },
  },
  {
    id: "unusable-credential",
    guarantee: 4,
    title: "an unusable token beside a good API key is refused",
    run: ({ probe, refusals }) => refuses(probe, refusals, "unusable", "not-a-jwt"),
  },
  {
    id: "key-as-bearer",
    guarantee: 4,
    title: "an API key in the place of a token is no user",
    run: ({ probe, refusals }) => refuses(probe, refusals, "API key", probe.target.key),
  },
  {
    id: "two-tokens",
    guarantee: 4,
    title: "a header with two tokens is refused",
    async run({ probe, live }) {
      const authorization = `Bearer ${resign(live.token)}, Bearer ${live.token}`;
      return judge([await probe.call({ authorization })], "with two tokens");
    },
  },
  {
    id: "one-shape",
    guarantee: 5,
    title: "every refusal is JSON with a code, and all have the same members",
    run({ refusals }) {
      if (refusals.size === 0) return Promise.resolve(notTried("there was no refusal"));
      const shapes = new Map<string, string>();
      for (const [name, answer] of refusals) {
        const type = answer.headers.get("content-type") ?? "no content type";
        const { json } = answer;
        if (!/\bjson\b/.test(type) || typeof json !== "object" || json === null) {
          return Promise.resolve(broken(`${name}: ${show(answer)} is ${type}`));
        }
        if (typeof (json as { code?: unknown }).code !== "string") {
          return Promise.resolve(broken(`${name}: ${show(answer)} has no code`));
        }
        shapes.set(Object.keys(json).sort().join(", "), name);
      }
      const [[one, first] = [], [other, second] = []] = [...shapes];
      if (other === undefined) return Promise.resolve(KEPT);
      return Promise.resolve(broken(`${first} has ${one}; ${second} has ${other}`));
    },
  },
  {
    id: "refusals-cors",
    guarantee: 5,
    title: "a page can read every refusal",
    run: ({ refusals }) =>
      every(
        refusals,
        "has no Access-Control-Allow-Origin",
        ({ headers }) =>
          ["*", ORIGIN].includes(headers.get("access-control-allow-origin") ?? "") ||
          // The function names the pages that may call it, and this one is none of them.
          /\borigin\b/i.test(headers.get("vary") ?? ""),
      ),
  },
  {
    id: "refusals-no-store",
    guarantee: 5,
    title: "no cache keeps a refusal",
    run: ({ refusals }) =>
      every(
        refusals,
        "has no Cache-Control: no-store",
        ({ headers }) => /\bno-store\b/i.test(headers.get("cache-control") ?? ""),
      ),
  },
  {
    id: "refusals-request-id",
    guarantee: 5,
    title: "every refusal has a request id",
    run: ({ refusals }) =>
      every(
        refusals,
        "has no request id",
        ({ headers, json }) => headers.has("x-request-id") || "request_id" in Object(json),
      ),
  },
  {
    id: "preflight",
    guarantee: 5,
    title: "a preflight is answered without credentials",
    async run({ probe }) {
      const answer = await probe.call({
        method: "OPTIONS",
        headers: {
          "Access-Control-Request-Method": probe.target.method,
          "Access-Control-Request-Headers": "apikey, authorization",
        },
      });
      if (!isAdmitted(answer)) return broken(`it is answered ${show(answer)}`);
      return answer.headers.has("access-control-allow-origin") ||
          /\borigin\b/i.test(answer.headers.get("vary") ?? "")
        ? KEPT
        : broken("it has no Access-Control-Allow-Origin");
    },
  },
  {
    id: "failures-shape",
    guarantee: 5,
    title: "an unknown route and a wrong method have the same shape",
    async run({ probe, live }) {
      const calls = {
        "an unknown route": await probe.callAs(live.token, { path: `/${crypto.randomUUID()}` }),
        "a wrong method": await probe.callAs(live.token, { method: "PATCH", body: "{}" }),
      };
      for (const [name, answer] of Object.entries(calls)) {
        if (isAdmitted(answer)) continue; // the function has one handler for everything
        if (typeof (Object(answer.json) as { code?: unknown }).code !== "string") {
          return broken(`${name}: ${show(answer)} is not JSON with a code`);
        }
      }
      return KEPT;
    },
  },
  {
    id: "keeps-answering",
    guarantee: 5,
    title: "nothing a caller sends ends the function",
    async run({ probe, live }) {
      const json = { "Content-Type": "application/json" };
      await probe.callAs(live.token, { method: "POST", headers: json, body: "{" });
      await probe.callAs(live.token, {
        method: "POST",
        headers: json,
        body: new Uint8Array([0xff, 0xfe, 0xfd]),
      });
      await probe.call({ authorization: `Bearer ${"x".repeat(12_000)}` });
      await probe.call({ authorization: `Bearer ${withClaims(live.token, { sub: null })}` });
      const answer = await probe.callAs(live.token);
      return isAdmitted(answer) ? KEPT : broken(`afterwards it answers ${show(answer)}`);
    },
  },
  {
    id: "not-for-shared-caches",
    guarantee: 5,
    title: "no shared cache keeps an answer to a signed-in caller",
    run({ admitted: { headers } }) {
      const control = headers.get("cache-control") ?? "";
      const isShared = /\b(?:public|s-maxage)\b/i.test(control);
      return Promise.resolve(isShared ? broken(`it has Cache-Control: ${control}`) : KEPT);
    },
  },
  {
    id: "banned-user",
    guarantee: 6,
    title: "a banned or deleted user is refused",
    run: () => Promise.resolve(notTried("it needs a secret key")),
  },
  {
    id: "every-method",
    guarantee: 7,
    title: "no method goes past the check",
    async run({ probe }) {
      for (const method of ["HEAD", "GET", "POST", "PUT", "PATCH", "DELETE"]) {
        const answer = await probe.call({
          method,
          ...(!["HEAD", "GET"].includes(method) && { body: "{}" }),
        });
        if (isAdmitted(answer)) return broken(`${method} is answered ${answer.status}`);
      }
      return KEPT;
    },
  },
  {
    id: "nothing-leaks",
    guarantee: 8,
    title: "no refusal holds the token, the key, the address or Auth's own words",
    run({ probe, live, refusals }) {
      const secrets = {
        "a part of the token": live.token.split(".")[1]!.slice(0, 24),
        "the API key": probe.target.key,
        "the e-mail address": live.email,
        "Auth's words": "in JWT does not exist",
        "Auth's own words": "unable to parse or verify",
      };
      for (const [name, answer] of refusals) {
        const whole = answer.text + JSON.stringify([...answer.headers]);
        for (const [what, secret] of Object.entries(secrets)) {
          if (whole.includes(secret)) return Promise.resolve(broken(`${name}: it holds ${what}`));
        }
      }
      return Promise.resolve(KEPT);
    },
  },
];

const UNKNOWN_USER = "00000000-0000-4000-8000-000000000000";

/** Whether the handler ran, as far as one can see from outside. */
export function isAdmitted({ status }: Answer): boolean {
  return status >= 200 && status < 400;
}

/** Tries one bearer token that has to be refused. */
async function refuses(
  probe: Probe,
  refusals: Map<string, Answer>,
  name: string,
  token: string,
): Promise<Outcome> {
  const answer = await probe.callAs(token);
  if (!isAdmitted(answer)) refusals.set(name, answer);
  return judge([answer], "with it");
}

function judge(answers: readonly Answer[], when: string): Outcome {
  const admitted = answers.find(isAdmitted);
  if (admitted !== undefined) return broken(`${when} the function answers ${show(admitted)}`);
  const failed = answers.find(({ status }) => status === 0 || status >= 500 || status === 429);
  return failed === undefined ? KEPT : notTried(`${when} the function answers ${show(failed)}`);
}

function every(
  refusals: ReadonlyMap<string, Answer>,
  problem: string,
  isRight: (answer: Answer) => boolean,
): Promise<Outcome> {
  for (const [name, answer] of refusals) {
    if (!isRight(answer)) return Promise.resolve(broken(`${name}: ${show(answer)} ${problem}`));
  }
  return Promise.resolve(refusals.size === 0 ? notTried("there was no refusal") : KEPT);
}

function show({ status, json }: Answer): string {
  if (status === 0) return "nothing";
  const { code } = Object(json) as { code?: unknown };
  return typeof code === "string" && /^[\w-]{1,64}$/.test(code) ? `${status} ${code}` : `${status}`;
}

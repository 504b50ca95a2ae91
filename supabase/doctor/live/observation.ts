/** The edge to a running project: asks, and keeps the answers for the checks. */

import { type AuthAnswer, boundedFetch, readKeySet } from "../library.ts";
import { isLoopback } from "../checks/config.ts";

/** What the doctor is to ask, and with what. */
export interface Question {
  /** Of the project, without a slash at its end. */
  readonly url: string;
  /** The publishable or anon key; without one, a hosted gateway answers nothing. */
  readonly apiKey: string | undefined;
  /** SUPABASE_JWKS, where it is set. */
  readonly jwks?: string | undefined;
  readonly origin?: string | undefined;
  readonly functionName?: string | undefined;
  readonly fetch?: typeof globalThis.fetch;
  /**
   * How long one answer may take, in milliseconds.
   *
   * @default {10_000}
   */
  readonly timeoutMs?: number;
}

/** What a function answers to those it has to refuse. */
export interface FunctionAnswers {
  readonly name: string;
  readonly withoutToken: AuthAnswer;
  readonly withGarbage: AuthAnswer;
  readonly preflight: AuthAnswer;
}

/** What was seen of a running project. */
export interface Observation {
  readonly loopback: boolean;
  readonly hasKey: boolean;
  readonly health: AuthAnswer;
  /** By this machine's clock, in milliseconds since the epoch. */
  readonly sent: number;
  readonly received: number;
  /** Milliseconds of a few calls to Auth. */
  readonly roundTrips: readonly number[];
  readonly jwks: AuthAnswer;
  /** The keys of SUPABASE_JWKS; `undefined` where it is not set. */
  readonly ownKeys: readonly JsonWebKey[] | undefined;
  readonly wrongKey: AuthAnswer;
  readonly origin: string | undefined;
  readonly function: FunctionAnswers | undefined;
}

const TIMEOUT_MS = 10_000;
const CALLS = 5;

/** Asks a running project. Sends no user's token; the only key it sends is a public one. */
export async function observe(question: Question): Promise<Observation> {
  const {
    url,
    apiKey,
    jwks,
    origin,
    functionName,
    fetch = globalThis.fetch,
    timeoutMs = TIMEOUT_MS,
  } = question;
  const key: Record<string, string> = apiKey === undefined ? {} : { apikey: apiKey };
  const get = (path: string, headers: Record<string, string>, method = "GET") =>
    boundedFetch(fetch, `${url}${path}`, { method, headers }, timeoutMs);

  const sent = Date.now();
  const health = await get("/auth/v1/health", key);
  const received = Date.now();
  const roundTrips: number[] = [];
  for (let i = 0; i < CALLS && health.kind === "answer"; i++) {
    const began = performance.now();
    await get("/auth/v1/health", key);
    roundTrips.push(performance.now() - began);
  }
  // Nobody there: the others would take their time to say the same.
  const further = health.kind === "fault" ? () => Promise.resolve(health) : get;
  const page: Record<string, string> = origin === undefined ? {} : { Origin: origin };
  const at = `/functions/v1/${functionName}`;
  return {
    loopback: isLoopback(new URL(url).hostname),
    hasKey: apiKey !== undefined,
    health,
    sent,
    received,
    roundTrips,
    jwks: await further("/auth/v1/.well-known/jwks.json", key),
    ownKeys: jwks === undefined ? undefined : readKeySet(jwks) ?? [],
    wrongKey: await further("/auth/v1/settings", { apikey: "not-a-key-of-this-project" }),
    origin,
    function: functionName === undefined ? undefined : {
      name: functionName,
      withoutToken: await further(at, { ...key, ...page }),
      withGarbage: await further(at, { ...key, ...page, Authorization: "Bearer not-a-token" }),
      preflight: await further(at, {
        Origin: origin ?? "https://page.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "apikey, authorization, content-type, x-client-info",
      }, "OPTIONS"),
    },
  };
}

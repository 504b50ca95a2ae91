// Strictness, budgets and the number of calls, over random interleavings of arrivals, sign-outs,
// and answers that are quick, slow, or never come. Time is fake; a failure names its seed.
import { assert, assertEquals } from "@std/assert";
import { auth, type AuthEnv } from "../../../../shared/mod.ts";
import { Hono } from "hono";
import {
  alive,
  bearer,
  fakeAuth,
  type FakeTime,
  inFakeTime,
  refuses,
  settle,
  token,
} from "../../../support/server.ts";

const TIMEOUT = 1000;
const STEP = 10;
const RUNS = 80;

/** mulberry32: small, and the same everywhere. */
function random(seed: number): () => number {
  return () => {
    seed = seed + 0x6D2B79F5 | 0;
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 4294967296;
  };
}

interface Arrival {
  readonly at: number;
  status?: number;
  answeredAt?: number;
}

interface Call {
  readonly at: number;
  /** When Auth looks at the session: somewhere between the call and the answer. */
  readonly looksAt: number;
  /** `Infinity` for never. */
  readonly answersAt: number;
  readonly answer: PromiseWithResolvers<Response>;
  alive?: boolean;
  done?: boolean;
  /** When it was given up. */
  abortedAt?: number;
}

/** One run: a user who signs out at some timestamp, while requests of one token come in. */
async function simulate(fakeTime: FakeTime, seed: number, freshness: "strict" | number) {
  const next = random(seed);
  const calls: Call[] = [];
  const arrivals: Arrival[] = [];
  const epoch = performance.now();
  let time = epoch;
  const signedOutAt = epoch + STEP * Math.floor(next() * 60);
  const { options } = fakeAuth(({ signal }) => {
    const slow = next();
    const latency = slow < 0.15 ? Infinity : slow < 0.5 ? STEP * Math.ceil(next() * 60) : STEP;
    const at = performance.now();
    const wait = latency === Infinity ? 0 : STEP * Math.floor(next() * latency / STEP);
    const call: Call = {
      at,
      looksAt: at + wait,
      answersAt: at + latency,
      answer: Promise.withResolvers<Response>(),
    };
    signal.addEventListener("abort", () => call.abortedAt = performance.now());
    calls.push(call);
    return call.answer.promise;
  });
  const app = new Hono<AuthEnv>()
    .use(auth({ ...options, timeout: TIMEOUT, patience: seed % 2 === 0 ? 100 : 0, freshness }))
    .get("/", (c) => c.text("in"));
  const headers = bearer(token({ session_id: crypto.randomUUID() }));

  for (; time <= epoch + 60 * STEP + 2 * TIMEOUT; time += STEP) {
    for (const call of calls) {
      if (call.looksAt <= time) call.alive ??= time < signedOutAt;
      if (call.answersAt > time || call.done) continue;
      call.done = true;
      call.answer.resolve(call.alive ? alive() : refuses(403, "session_not_found"));
    }
    await settle(4);
    if (time <= epoch + 60 * STEP && next() < 0.4) {
      for (let burst = Math.ceil(next() * 4); burst > 0; burst--) {
        const arrival: Arrival = { at: time };
        arrivals.push(arrival);
        void Promise.resolve(app.request("/", { headers })).then(({ status }) => {
          arrival.status = status;
          arrival.answeredAt = performance.now();
        });
      }
    }
    await settle(4);
    fakeTime.tick(STEP);
    await settle(2);
  }
  for (const call of calls) call.answer.resolve(alive()); // lets go of what hangs
  await settle();
  return { arrivals, calls, signedOutAt };
}

/** How many of these calls were under way at once, at most. */
function mostAtOnce(calls: readonly Call[]): number {
  const end = (call: Call) => Math.min(call.answersAt, call.abortedAt ?? Infinity);
  return Math.max(
    0,
    ...calls.map(({ at }) => calls.filter((c) => c.at <= at && end(c) > at).length),
  );
}

Deno.test("auth() admits no request that arrives after a sign-out, keeps every timeout, and makes at most two calls at once", async () => {
  await inFakeTime(async (fakeTime) => {
    let admitted = 0, refused = 0, faults = 0;
    for (let seed = 1; seed <= RUNS; seed++) {
      const { arrivals, calls, signedOutAt } = await simulate(fakeTime, seed, "strict");
      for (const { at, status, answeredAt = Infinity } of arrivals) {
        const story =
          `seed ${seed}: arrived ${at}, signed out ${signedOutAt}, answered ${answeredAt}`;
        assert(answeredAt - at <= TIMEOUT + STEP, `waited too long; ${story}`);
        if (status === 200) assert(at < signedOutAt, `admitted after the sign-out; ${story}`);
        if (status === 401) assert(answeredAt >= signedOutAt, `refused too early; ${story}`);
        assert(status === 200 || status === 401 || status === 503, `${status}; ${story}`);
        if (status === 200) admitted++;
        else if (status === 401) refused++;
        else faults++;
      }
      assert(mostAtOnce(calls) <= 2, `seed ${seed}: ${mostAtOnce(calls)} calls at once`);
    }
    // The runs would prove nothing if one of the three never happened.
    assert(admitted > 100 && refused > 100 && faults > 100, `${admitted} ${refused} ${faults}`);
  });
});

Deno.test("auth() with freshness admits by an answer whose check began no longer ago than that", async () => {
  await inFakeTime(async (fakeTime) => {
    let byMemory = 0;
    for (let seed = 1; seed <= RUNS; seed++) {
      const freshness = 0.2; // seconds
      const { arrivals, calls } = await simulate(fakeTime, seed, freshness);
      for (const { at, status, answeredAt = Infinity } of arrivals) {
        if (status !== 200) continue;
        const good = calls.filter((call) => call.alive && call.answersAt <= answeredAt);
        const newest = Math.max(-Infinity, ...good.map((call) => call.at));
        assert(newest >= at - freshness * 1000, `seed ${seed}: arrived ${at}, newest ${newest}`);
        if (newest < at) byMemory++;
      }
    }
    assert(byMemory > 100, `${byMemory}`);
  });
});

Deno.test("auth() makes one call when 8 requests arrive in one turn", async () => {
  const { options, calls } = fakeAuth();
  const app = new Hono<AuthEnv>().use(auth(options)).get("/", (c) => c.text("in"));
  const burst = Array.from({ length: 8 }, () => app.request("/", { headers: bearer(token()) }));
  const statuses = (await Promise.all(burst)).map(({ status }) => status);
  assertEquals([statuses, calls.length], [Array(8).fill(200), 1]);
});

// What arrives at a function: each kind of traffic, sent over loopback HTTP to one subject.
import type { AuthServer } from "./auth_server.ts";
import { type Connection, requestBytes } from "./http_client.ts";
import type { Plan } from "./plan.ts";
import { dice, zipf } from "./stats.ts";
import type { TokenKind } from "./tokens.ts";

/** One turn of one subject. */
export interface Turn {
  /** Milliseconds from the first byte sent to the last byte read: of a request, or of a burst. */
  readonly latencies: readonly number[];
  readonly requests: number;
  readonly seconds: number;
  /** Answers with 200. */
  readonly admitted: number;
  /** The most calls to Auth that one burst made. */
  readonly most_calls: number;
  /** Calls that were counted during the turn, for traffic that has to look in between. */
  readonly calls: number;
}

/** A kind of traffic. */
export interface Traffic {
  readonly name: TrafficName;
  readonly title: string;
  readonly connections: number;
  /** Whether it says something about a subject that checks nothing. */
  readonly for_all: boolean;
  turn(connections: readonly Connection[], delay: number): Promise<Turn>;
}

/** The names of the traffics in the results. */
export type TrafficName =
  | "one_user"
  | "zipf"
  | "burst8"
  | "bad_signature"
  | "unknown_kid"
  | "hs256"
  | "no_jwt"
  | "expired"
  | "dead";

const FLOODS: readonly { name: TrafficName & TokenKind; title: string }[] = [
  { name: "bad_signature", title: "flood: known kid, bad signature" },
  { name: "unknown_kid", title: "flood: random kid" },
  { name: "hs256", title: "flood: HS256 without the secret" },
  { name: "no_jwt", title: "flood: no JWT" },
  { name: "expired", title: "flood: expired" },
];

/** Prepares every traffic. Users are the same for all subjects; forged tokens are never repeated. */
export async function prepareTraffic(auth: AuthServer, plan: Plan): Promise<Traffic[]> {
  const one = (await liveRequests(auth, 1))[0] ?? new Uint8Array();
  const many = await liveRequests(auth, plan.zipf_users);
  const user = zipf(many.length, dice(4));
  const dead = (await auth.tokens("dead", 1)).map(requestBytes)[0] ?? new Uint8Array();
  const until = (ms: number) => {
    const end = performance.now() + ms;
    return () => performance.now() < end;
  };
  const times = (count: number) => () => count-- > 0;
  const floodSize = (delay: number) => delay > 0 ? plan.slow_flood : plan.flood;
  return [
    {
      name: "one_user",
      title: "one user, one request after another",
      connections: 1,
      for_all: true,
      turn: (connections) => stream(connections, until(plan.turn_ms), () => one),
    },
    {
      name: "zipf",
      title: `${plan.zipf_users} users (Zipf), 8 connections`,
      connections: 8,
      for_all: true,
      turn: (connections) => stream(connections, until(plan.turn_ms), () => many[user()] ?? one),
    },
    {
      name: "burst8",
      title: "page load of a new user: 8 requests at once",
      connections: 8,
      for_all: true,
      async turn(connections) {
        return await bursts(connections, await liveRequests(auth, plan.bursts), auth);
      },
    },
    ...FLOODS.map(({ name, title }): Traffic => ({
      name,
      title: `${title}, 8 connections`,
      connections: 8,
      for_all: false,
      async turn(connections, delay) {
        const requests = (await auth.tokens(name, floodSize(delay))).map(requestBytes);
        let next = 0;
        return await stream(
          connections,
          () => next < requests.length,
          () => requests[next++] ?? dead,
        );
      },
    })),
    {
      name: "dead",
      title: "a dead session in a loop",
      connections: 1,
      for_all: false,
      turn: (connections, delay) => stream(connections, times(floodSize(delay)), () => dead),
    },
  ];
}

async function liveRequests(auth: AuthServer, count: number): Promise<Uint8Array[]> {
  return (await auth.tokens("live", count)).map(requestBytes);
}

/** Each connection sends one request after another, for as long as there are more. */
async function stream(
  connections: readonly Connection[],
  more: () => boolean,
  next: () => Uint8Array,
): Promise<Turn> {
  const latencies: number[] = [];
  let admitted = 0;
  const began = performance.now();
  await Promise.all(connections.map(async (connection) => {
    while (more()) {
      const request = next();
      const sent = performance.now();
      const status = await connection.send(request);
      latencies.push(performance.now() - sent);
      if (status === 200) admitted++;
    }
  }));
  const seconds = (performance.now() - began) / 1000;
  return { latencies, requests: latencies.length, seconds, admitted, most_calls: 0, calls: 0 };
}

/** Each request goes out on all connections at once; the next when all have answered. */
async function bursts(
  connections: readonly Connection[],
  requests: readonly Uint8Array[],
  auth: AuthServer,
): Promise<Turn> {
  const latencies: number[] = [];
  let admitted = 0;
  let most_calls = 0;
  let calls = 0;
  for (const request of requests) {
    const sent = performance.now();
    const statuses = await Promise.all(connections.map((connection) => connection.send(request)));
    latencies.push(performance.now() - sent);
    admitted += statuses.filter((status) => status === 200).length;
    const { all } = await auth.calls();
    most_calls = Math.max(most_calls, all);
    calls += all;
  }
  const seconds = latencies.reduce((a, b) => a + b, 0) / 1000;
  const sum = requests.length * connections.length;
  return { latencies, requests: sum, seconds, admitted, most_calls, calls };
}

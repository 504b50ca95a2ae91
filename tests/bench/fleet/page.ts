// FLEET.md, and the table in the terminal.
import { callsPerSecond, effectiveFreshness } from "./formula.ts";
import { markdownTable } from "../readme/markdown.ts";
import type { FleetLine, FleetResult } from "./measure.ts";

/** GET /user a second that one Auth server answers on two cores (FIELD_GUIDE, section 9). */
const AUTH_CAN = 1500;
const FRESHNESS = [0, 1, 2, 5, 10, 30, 60, 300];

/** The measured fleets, as a Markdown table. */
export function fleetTable(lines: readonly FleetLine[]): string {
  return markdownTable(
    ["isolates", "freshness", "users", "requests/s", "calls/s measured", "by the formula", "off"],
    lines.map((line) => [
      String(line.isolates),
      named(line.freshness),
      String(line.users),
      line.requests_per_second.toFixed(0),
      line.measured.toFixed(1),
      line.expected.toFixed(1),
      `${deviation(line) >= 0 ? "+" : ""}${(deviation(line) * 100).toFixed(0)} %`,
    ]),
  );
}

/** The guidance. Its first table was measured, its second is the formula's and says so. */
export function fleetPage({ lines, remembered }: FleetResult, measured_at: string): string {
  const worst = Math.max(...lines.map((line) => Math.abs(deviation(line))));
  return `# Freshness for a fleet

<!-- Written by \`deno task bench:fleet\` on ${measured_at}. Do not edit by hand. -->

Edge Functions run as many isolates that share nothing: each remembers its own answers of Auth. So
the more isolates, the less a remembered answer is worth, and the question is what Auth can carry:
one Auth server answers about ${
    AUTH_CAN.toLocaleString("en")
  } \`GET /user\` a second on two cores, its database included.

## The formula

A user who sends \`R\` requests a second to \`N\` isolates causes, at \`freshness: f\` seconds,

    R / (1 + R * f / N)    calls to Auth a second

Sum it over the users. Two bounds follow, and are good enough for most decisions: never more calls
than requests, and never more than \`N * users / f\`. Strict makes about as many calls as there are
requests: only those that arrive together, or during another check of the same token, share one.

An isolate cannot remember everybody. In this run it was ${
    remembered.toLocaleString("en")
  } users with the usual claims, because its memory is bounded
in bytes. Each call brings one more, so an answer stays for \`remembered * N / calls a second\`, and
a longer \`f\` than that changes nothing.

## Measured

One process an isolate, one fake Auth, users by Zipf (the k-th sends 1/k as many requests as the
first), requests at random moments to random isolates, each line after a warm-up as long as its
freshness. The last line has more users than one isolate remembers. The formula was off by ${
    (worst * 100).toFixed(0)
  } % at most.

${fleetTable(lines)}

## What keeps Auth up

**Computed by that formula, not measured:** calls to Auth a second, at 10 ms a call. In **bold**: more
than one Auth server can answer. In (parentheses): the memory is full before the freshness is used up,
so a longer one would not help.

${guidance(remembered)}

- A small project needs no freshness: below ${
    AUTH_CAN.toLocaleString("en")
  } requests a second, strict stays inside what Auth can do.
- Freshness helps those who come often. A user who calls every minute costs a call each time at any
  freshness below a minute.
- Twice the isolates are worth about half the freshness. Count those that are warm, not requests.
- The price is the same everywhere: a session that has ended may be let in for \`freshness\` seconds
  more. Take the smallest number that keeps Auth inside its limit, and ask again, strictly, on the
  routes where it matters (\`auth({ freshness: "strict" })\` wins).
`;
}

function guidance(remembered: number): string {
  const fleets = [
    { requests_per_second: 1_000, users: 5_000, isolates: 10 },
    { requests_per_second: 5_000, users: 10_000, isolates: 20 },
    { requests_per_second: 5_000, users: 10_000, isolates: 100 },
    { requests_per_second: 20_000, users: 20_000, isolates: 20 },
    { requests_per_second: 20_000, users: 20_000, isolates: 100 },
  ];
  return markdownTable(
    ["requests/s", "active users", "isolates", ...FRESHNESS.map(named)],
    fleets.map((fleet) => [
      fleet.requests_per_second.toLocaleString("en"),
      fleet.users.toLocaleString("en"),
      String(fleet.isolates),
      ...FRESHNESS.map((freshness) => {
        const whole = { ...fleet, freshness, call: 0.01, remembered };
        const calls = callsPerSecond(whole);
        const number = Math.round(calls).toLocaleString("en");
        const text = effectiveFreshness(whole) < freshness ? `(${number})` : number;
        return calls > AUTH_CAN ? `**${text}**` : text;
      }),
    ]),
  );
}

const deviation = ({ measured, expected }: FleetLine) => measured / expected - 1;
const named = (freshness: number) => freshness === 0 ? "strict" : `${freshness} s`;

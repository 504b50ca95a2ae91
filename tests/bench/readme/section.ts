// The part of README.md that a run of the benchmark writes.
import { lossOf } from "../losses.ts";
import type { Row } from "../over_http.ts";
import { heldAgainst, type KeyName, type Result, type Target, TARGETS } from "../result.ts";
import { type SubjectName, SUBJECTS } from "../subjects.ts";
import { markdownTable } from "./markdown.ts";

/** Text, tables and the picture, as Markdown. */
export function readmeSection(result: Result): string {
  const { machine, measured_at, commit, plan } = result;
  const held = result.memory[0];
  return `![Time of one request by subject](tests/bench/chart.svg)

Measured ${measured_at} at ${commit} in one run of \`deno task bench\` (Deno ${machine.deno}, ${machine.cores} cores${
    machine.awake ? " kept awake" : ""
  }, loopback HTTP,
one fake Auth, ES256 tokens, medians of interleaved rounds). One user, one request after another:

${oneUser(result)}

"Inside" is one request built and answered in the process, Auth at 0 ms, in ${plan.inside_starts} starts of each process,
each warmed up for ${
    plan.warm_up_ms / 1000
  } s; "first" is a token never seen before, whose signature is checked once; the
rest is a GET over a keep-alive connection, first byte sent to last byte read. "After sign-out" is what a token gets whose
session has ended: with a freshness, it may pass until the last answer about it is that old. With Auth
20 ms away, what never asks it is faster than strict, and lets such a token in.${
    machine.awake
      ? ` The CPUs are kept
awake, because waking one takes longer than a check; \`--let-sleep\` measures without.`
      : ""
  }

${otherTraffic(result)}

p50 / p99 in ms (a page load: until the last of its 8 answers), and calls to Auth for 1,000 requests;
who "loses" does so by p50. The worst page load of strict made ${result.burst8_most_calls} calls: requests that arrive one after
another are asked about one after another, never more than two at once. So a page load whose requests
do not come together takes two round trips. A local check of a signature costs more than a question to an Auth that is 0 ms away;
it is made for the load on Auth, and for distances that are not 0.

What we hold ourselves to, in the same run ("/" is time over time, inside the process, round by round;
targets are for that):

${promises(result)}

A dead token is asked about once in 5 s and forged ones cost a fetch of the keys a minute, so slower
traffic makes more calls for 1,000 requests. Of the ${
    held?.tokens.toLocaleString("en")
  } tokens the last ${
    held?.remembered.toLocaleString("en")
  } were remembered: the bound is in bytes. The process had grown by ${
    held?.rss_mb.toFixed(0)
  } MB, until the collector gives it back.
\`functions/me\` from process start to first answer, Auth at 0 ms / at 20 ms: ${
    coldStarts(result)
  }.`;
}

function promises(result: Result): string {
  return markdownTable(
    ["", "measured", "over HTTP", "target"],
    (Object.entries(TARGETS) as [KeyName, Target][]).map(([name, { what }]) => {
      const [target, missed] = heldAgainst(name, result[name]);
      const over_http = (result as Readonly<Record<string, unknown>>)[`${name}_http`];
      return [
        what,
        result[name].toFixed(2),
        typeof over_http === "number" ? over_http.toFixed(2) : "",
        missed ? `${target}, **missed**` : target,
      ];
    }),
  );
}

function oneUser({ in_process, over_http }: Result): string {
  return markdownTable(
    [
      "",
      "inside, us",
      "first, us",
      "requests/s",
      "p50 ms",
      "p99 ms",
      "p50 ms, Auth at 20 ms",
      "CPU us",
      "calls/1,000",
      "RSS MB",
      "after sign-out",
      "",
    ],
    in_process.map((inside) => {
      const at = (delay: number) => pick(over_http, "one_user", inside.subject, delay);
      const dead = over_http.find((row) =>
        row.traffic === "dead" && row.subject === inside.subject
      );
      const [near, far] = [at(0), at(20)];
      const first = in_process.map((line) => ({ ...line, us: line.first_us }));
      const loss = Object.entries({
        inside: lossOf(inside, in_process),
        first: lossOf({ ...inside, us: inside.first_us }, first),
        "at 20 ms": far && lossOf(far, over_http.filter((row) => same(row, far))),
      }).flatMap(([where, text]) => text ? [`${where}: ${text}`] : []).join("; ");
      return [
        SUBJECTS[inside.subject].title,
        inside.us.toFixed(1),
        inside.first_us.toFixed(0),
        near?.requests_per_second.toFixed(0) ?? "",
        near?.p50_ms.toFixed(2) ?? "",
        near?.p99_ms.toFixed(2) ?? "",
        far?.p50_ms.toFixed(2) ?? "",
        near?.cpu_us.toFixed(0) ?? "",
        near?.calls_per_1000.toFixed(0) ?? "",
        near?.rss_mb.toFixed(0) ?? "",
        dead ? afterSignOut(dead) : "no check",
        loss,
      ];
    }),
  );
}

function afterSignOut({ subject, admitted }: Row): string {
  if (admitted > 0) return "**let in**";
  return subject === "fresh_10" || subject === "edge_function" ? "refused within 10 s" : "refused";
}

const COMPARED: readonly SubjectName[] = [
  "strict",
  "fresh_10",
  "supabase_server",
  "hono_jwk",
  "get_user",
  "raw_fetch",
];

/** What honest users send; it is shown with Auth far away, too. */
const ON_EVERY_PAGE: readonly Row["traffic"][] = ["zipf", "burst8"];

function otherTraffic({ over_http }: Result): string {
  const groups = Object.groupBy(
    over_http.filter((row) =>
      row.traffic !== "one_user" && (row.delay_ms === 0 || ON_EVERY_PAGE.includes(row.traffic))
    ),
    (row) => row.delay_ms === 0 ? row.title : `${row.title}, Auth at ${row.delay_ms} ms`,
  );
  return markdownTable(
    ["", ...COMPARED.map((name) => SUBJECTS[name].title), ""],
    Object.entries(groups).map(([title, rows = []]) => [
      title,
      ...COMPARED.map((name) => {
        const row = rows.find(({ subject }) => subject === name);
        if (row === undefined) return "";
        const { p50_ms, p99_ms, calls_per_1000 } = row;
        return `${p50_ms.toFixed(2)} / ${p99_ms.toFixed(1)} (${calls_per_1000.toFixed(0)})`;
      }),
      rows.map((row) => [row, lossOf(row, rows)] as const)
        .filter(([row, loss]) => loss !== "" && COMPARED.includes(row.subject))
        .map(([row, loss]) => `${row.subject === "strict" ? "strict" : "freshness"} ${loss}`)
        .join("; "),
    ]),
  );
}

function coldStarts({ cold_start, cold_start_far }: Result): string {
  const names = {
    edge_auth: "edge-auth",
    supabase_server: "@supabase/server",
    bare_hono: "bare Hono",
  };
  return cold_start.map((one, i) => {
    const far = cold_start_far[i]?.first_answer_ms.toFixed(0);
    const size = `${one.bundle_kb.toFixed(0)} kB`;
    return `${names[one.function]} ${one.first_answer_ms.toFixed(0)} / ${far} ms (${size})`;
  }).join(", ");
}

const pick = (
  rows: readonly Row[],
  traffic: Row["traffic"],
  subject: SubjectName,
  delay: number,
) =>
  rows.find((row) => row.traffic === traffic && row.subject === subject && row.delay_ms === delay);

const same = (a: Row, b: Row) => a.traffic === b.traffic && a.delay_ms === b.delay_ms;

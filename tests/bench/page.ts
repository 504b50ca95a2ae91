// README.md and chart.svg of this folder, and what a terminal shows.
import type { Result } from "./bench.ts";
import { ratiosOf } from "./keys.ts";
import { median } from "./stats.ts";
import { SUBJECTS } from "./warm.ts";

/** Every number of a run, for a terminal. */
export function textTable({ targets, measurements, deno, commit, seconds }: Result): string {
  const keys = Object.entries(targets).map(([name, { measured, quartiles, target, met }]) => [
    name,
    measured.toFixed(2),
    `${quartiles[0].toFixed(2)} to ${quartiles[1].toFixed(2)}`,
    target,
    met ? "met" : "missed",
  ]);
  const warm = measurements[0].warm.map(({ subject }) => [
    SUBJECTS[subject],
    ...measurements.flatMap((of) => {
      const it = of.warm.find((one) => one.subject === subject);
      return [it?.us.toFixed(1), it?.new_token_us.toFixed(0), String(it?.ended_session_status)];
    }).map(String),
  ]);
  const cold = measurements[0].cold.flatMap(({ auth_delay_ms: delay, ...times }) =>
    Object.keys(times).map((name) => [
      `${name}, Auth at ${delay} ms`,
      ...measurements.map((of) => {
        const it = of.cold.find(({ auth_delay_ms }) => auth_delay_ms === delay);
        return median(it?.[name as keyof typeof times] ?? []).toFixed(0);
      }),
    ])
  );
  const each = deno.flatMap((version) => [version, "new token", "ended session"]);
  return [
    `Commit ${commit}, ${seconds} s`,
    align([["", "measured", "half of the rounds", "target", ""], ...keys]),
    align([["us per request on Deno", ...each], ...warm]),
    align([["ms to the first answer on Deno", ...deno], ...cold]),
  ].join("\n\n");
}

function align(rows: readonly (readonly string[])[]): string {
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows.map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(width(i)) : cell.padStart(width(i))).join("  ")
  ).join("\n");
}

const ROWS = {
  warm_over_bare: "`auth({ freshness: 10 })` / bare Hono",
  edge_warm_over_stock:
    "`edgeFunction()`, `freshness: 10` / Hono, stock `cors()` and `requestId()`",
  strict_over_get_user: "`auth()` / `getUser(token)` of one shared client, without us",
  naive_over_strict: "`createClient` + `getUser` in each request / `auth()`",
  cold_over_supabase_server: "cold start of `functions/me` / the same on @supabase/server",
} as const;

/** Puts the table of a run between the two markers of the page. */
export function replaceTable(page: string, result: Result): string {
  const between = /(<!-- bench:start -->\n)[^]*(<!-- bench:end -->)/;
  if (!between.test(page)) throw new Error("README.md has lost the markers of its table");
  return page.replace(between, (_, start, end) => `${start}\n${table(result)}\n\n${end}`);
}

function table({ targets, measurements, deno, machine, commit, measured_at }: Result): string {
  const rows = Object.entries(ROWS).map(([name, what]) => {
    const cells = measurements.map((of, i) => {
      const key = targets[(i === 0 ? name : `${name}_2_1_4`) as keyof typeof targets];
      const ratio = median(ratiosOf(of, name)).toFixed(2);
      if (key === undefined) return ratio;
      return `${key.met ? ratio : `**${ratio}, missed**`} (${key.target})`;
    });
    return `| ${[what, ...cells].join(" | ")} |`;
  });
  const local = (["server_over_warm", "jwk_over_warm"] as const).map((name) => {
    const { measured, target, met } = targets[name];
    return `${measured.toFixed(0)} (${target}${met ? "" : ", **missed**"})`;
  });
  const strict = measurements[0].warm.find(({ subject }) => subject === "strict");
  return `| time / time (target) | ${deno.map((it) => `Deno ${it}`).join(" | ")} |
|---|--:|--:|
${rows.join("\n")}

Measured on ${measured_at} at commit ${commit}, ${machine.cores} cores (${machine.cpu}).
@supabase/server and hono/jwk verify the signature in every request and never ask Auth: they took
${local.join(" and ")} times as long as \`freshness: 10\`, and admit a session that has ended until
its token runs out. A token that an isolate has not seen before costs strict
${strict?.new_token_us.toFixed(0)} us instead of ${strict?.us.toFixed(0)} us, once.`;
}

const LEFT = 300;
const SCALE = 430;
const ROW = 32;
const TOP = 62;

/** Draws the time of one request on a scale where each line is ten times more; also on dark pages. */
export function chart({ measurements: [{ warm, deno }] }: Result): string {
  const decades = Math.ceil(Math.log10(Math.max(...warm.map(({ us }) => us))));
  const width = (us: number) => Math.max(2, Math.log10(us) / decades * SCALE);
  const height = TOP + warm.length * ROW + 34;
  const bars = warm.map(({ subject, us, ended_session_status }, i) => {
    const title = SUBJECTS[subject];
    const checks = !["bare_hono", "stock_hono"].includes(subject);
    const blind = checks && ended_session_status === 200;
    const kind = blind
      ? "blind"
      : title.startsWith("edge-auth")
      ? "ours"
      : checks
      ? "peer"
      : "bare";
    const y = TOP + i * ROW;
    return `<text class="label" x="${LEFT - 10}" y="${y + 16}">${title}</text>
  <rect class="${kind}" x="${LEFT}" y="${y}" width="${width(us).toFixed(1)}" height="22" rx="3"/>
  <text x="${(LEFT + width(us) + 7).toFixed(1)}" y="${y + 16}">${us.toFixed(1)} us</text>`;
  });
  const lines = Array.from({ length: decades + 1 }, (_, i) => {
    const x = (LEFT + SCALE * i / decades).toFixed(1);
    return `<line x1="${x}" y1="${TOP - 8}" x2="${x}" y2="${height - 30}"/>
  <text class="axis" x="${x}" y="${height - 12}">${10 ** i} us</text>`;
  });
  const inWords = warm.map(({ subject, us }) => `${SUBJECTS[subject]}: ${us.toFixed(1)} us`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 820 ${height}" role="img"
  aria-label="${inWords.join("; ")}">
  <style>
    text { font: 14px system-ui, sans-serif; fill: #24292f; }
    .label { text-anchor: end; }
    .axis { font-size: 11px; text-anchor: middle; fill: #6e7781; }
    .title { font-weight: 600; }
    .note { font-size: 12px; fill: #6e7781; }
    line { stroke: #d0d7de; }
    .bare { fill: #afb8c1; }
    .ours { fill: #2da44e; }
    .peer { fill: #57606a; }
    .blind { fill: #cf222e; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .axis, .note { fill: #9198a1; }
      line { stroke: #3d444d; }
      .peer { fill: #9198a1; }
    }
  </style>
  <text class="title" x="10" y="20">One request of a known user, inside the process, Deno ${deno} (log scale)</text>
  <text class="note" x="10" y="40">green: edge-auth; red: never asks Auth, and admits a session that has ended.</text>
  ${[...lines, ...bars].join("\n  ")}
</svg>
`;
}

import { lossOf } from "./losses.ts";
import { heldAgainst, type KeyName, type Result } from "./result.ts";
import { SUBJECTS } from "./subjects.ts";

/** The whole result as text for a terminal. */
export function textReport(result: Result): string {
  return [
    ...(result.quick ? ["A quick run: it shows that everything works, not how fast.", ""] : []),
    ...LEGEND,
    result.machine.awake
      ? "The CPUs were kept awake; --let-sleep measures without."
      : "The CPUs were let sleep: waking them is part of every time.",
    "",
    inProcess(result),
    overHttp(result),
    rest(result),
    keys(result),
  ].join("\n");
}

const LEGEND = [
  "A request inside the process: a Request is built and app.fetch() answers it, one after another.",
  "A request over HTTP: a GET on a keep-alive loopback connection, first byte sent to last byte read;",
  "of a page load, p50 and p99 are of all 8 together. CPU is the subject's, calls are what reached Auth.",
  "Every number is the median of rounds in which all subjects have their turn.",
];

function inProcess({ in_process }: Result): string {
  return table(
    "Inside the process, one request after another, Auth at 0 ms",
    ["us a request", "handling us", "CPU us", "first request us", ""],
    in_process.map((line) => [
      SUBJECTS[line.subject].title,
      line.us.toFixed(1),
      line.handling_us.toFixed(1),
      line.cpu_us.toFixed(1),
      line.first_us.toFixed(1),
      lossOf(line, in_process),
    ]),
  );
}

function overHttp({ over_http }: Result): string {
  const groups = Object.groupBy(over_http, (row) => `${row.title}, Auth at ${row.delay_ms} ms`);
  return Object.entries(groups).map(([title, rows = []]) =>
    table(
      `Over loopback HTTP: ${title}`,
      ["requests/s", "p50 ms", "p99 ms", "CPU us", "calls/1000", "RSS MB", "let in", ""],
      rows.map((row) => [
        SUBJECTS[row.subject].title,
        row.requests_per_second.toFixed(0),
        row.p50_ms.toFixed(2),
        row.p99_ms.toFixed(2),
        row.cpu_us.toFixed(0),
        row.calls_per_1000.toFixed(1),
        row.rss_mb.toFixed(0),
        `${(row.admitted * 100).toFixed(0)} %`,
        lossOf(row, rows),
      ]),
    )
  ).join("\n");
}

function rest({ memory, cold_start, cold_start_far }: Result): string {
  return [
    table(
      `Memory after ${memory[0]?.tokens} distinct living tokens`,
      ["heap MB", "RSS MB", "remembered"],
      memory.map(({ subject, heap_mb, rss_mb, remembered }) => [
        SUBJECTS[subject].title,
        heap_mb.toFixed(1),
        rss_mb.toFixed(1),
        String(remembered),
      ]),
    ),
    table(
      "functions/me from process start to its first answer",
      ["first answer ms", "Auth at 20 ms", "listening ms", "bundle kB"],
      cold_start.map((one, i) => [
        `${one.function}: ${heaviest(one.packages)}`,
        one.first_answer_ms.toFixed(0),
        cold_start_far[i]?.first_answer_ms.toFixed(0) ?? "",
        one.listening_ms.toFixed(0),
        one.bundle_kb.toFixed(0),
      ]),
    ),
  ].join("\n");
}

const heaviest = (packages: Readonly<Record<string, number>>) =>
  Object.entries(packages).slice(0, 4).map(([name, kb]) => `${name} ${kb.toFixed(0)} kB`)
    .join(", ");

function keys(result: Result): string {
  const names = Object.keys(result).filter((name) =>
    typeof result[name as KeyName] === "number"
  ) as KeyName[];
  return table(
    "Keys",
    ["measured", "target", ""],
    names.map((name) => {
      const [target, missed] = heldAgainst(name, result[name]);
      return [name, result[name].toFixed(2), target, missed ? "missed" : ""];
    }),
  );
}

function table(title: string, columns: readonly string[], rows: readonly string[][]): string {
  const all = [["", ...columns], ...rows];
  const widths = ["", ...columns].map((_, i) =>
    Math.max(...all.map((cells) => cells[i]?.length ?? 0))
  );
  const lines = all.map((cells) =>
    cells.map((cell, i) =>
      /^[a-z@]/i.test(cell) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)
    )
      .join("  ").trimEnd()
  );
  return [title, ...lines, ""].join("\n");
}

/**
 * The fault table: what a caller gets, and what the browser part then does, for each behaviour in
 * upstream.ts, both seen by running them. Run as a script it writes README.md beside it.
 *
 * @module
 */
import { Hono } from "hono";
import { auth, type AuthEnv } from "../../../shared/mod.ts";
import type { Problem } from "../../../shared/problems/problem.ts";
import { logged, settle } from "../../support/async.ts";
import { bearer, fakeAuth } from "../../support/fake_auth.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { token } from "../../support/tokens.ts";
import { observe, type Observed } from "./browser.ts";
import { type Fault, FAULTS } from "./upstream.ts";

/** What became of a request. */
export interface Row {
  readonly fault: string;
  readonly status: number;
  readonly code: string;
  readonly action: string;
  readonly retryAfter: number | null;
  /** Calls to Auth. */
  readonly calls: number;
  /** Until the answer, in milliseconds of fake time; the pause before a second try is random. */
  readonly ms: number;
  /** Whether the operator is told. */
  readonly isLogged: boolean;
  /** What one call of a page then leads to. */
  readonly browser: Observed;
  /** The same if the page's token has expired, and the refresh grant has the fault too. */
  readonly expiredBrowser: Observed;
}

/** Sends one request with a living token through a strict `auth()`, and calls it from a page. */
export async function measure(fault: Fault): Promise<Row> {
  return {
    ...await measureServer(fault),
    browser: await observe(fault, "works"),
    expiredBrowser: await observe(fault, "fails"),
  };
}

async function measureServer({ name, answer }: Fault) {
  using time = new FakeTime();
  const { options, calls } = fakeAuth(answer);
  const app = new Hono<AuthEnv>().use(auth(options)).get("/", (c) => c.text("in"));
  let response: Response | undefined;
  const began = time.now;
  let ended = began;
  const log = await logged(async () => {
    void Promise.resolve(app.request("/", { headers: bearer(token()) })).then((it) => {
      response = it;
      ended = time.now;
    });
    await settle(50);
    while (response === undefined && time.now - began < 60_000) {
      time.tick(10);
      await settle(4);
    }
  });
  if (response === undefined) throw new Error(`${name}: no answer in a minute`);
  const problem = response.status === 200 ? null : await response.json() as Problem;
  return {
    fault: name,
    status: response.status,
    code: problem?.code ?? "",
    action: problem?.action ?? "",
    retryAfter: problem?.retry_after ?? null,
    calls: calls.length,
    ms: ended - began,
    isLogged: log !== "",
  };
}

/** Measures every row. A line is logged once in a process, so only the first row of a cause has it. */
export async function measureAll(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const fault of FAULTS) rows.push(await measure(fault));
  return rows;
}

const PAGE = new URL("./README.md", import.meta.url);

/** Makes the page; the milliseconds are left out, as a second try comes after a random pause. */
export function render(rows: readonly Row[]): string {
  const cells = rows.map(({ fault, status, code, retryAfter, calls, browser }) => [
    fault,
    code === "" ? `${status}, the handler runs` : `${status} \`${code}\``,
    retryAfter === null ? "" : `${retryAfter} s`,
    String(calls),
    browserStep(browser),
  ]);
  const head = [
    "what answers instead of Auth",
    "what the caller gets",
    "`Retry-After`",
    "calls",
    "what the browser part does",
  ];
  const widths = head.map((title, n) =>
    Math.max(title.length, ...cells.map((row) => row[n]!.length))
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, n) => cell.padEnd(widths[n]!)).join(" | ")} |`;
  const table = [
    line(head),
    `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`,
    ...cells.map(line),
  ];
  return `# Faults

Made by \`deno task docs\` from [upstream.ts](upstream.ts): one request with a living token, through a
strict \`auth()\`; then one call of a page with the browser part, whose own GET /user meets the same
fault. \`deno task test:faults\` holds it, and runs an outage under load, fuzzed requests, a check for
leaks and one of what memory really holds.

${table.join("\n")}
`;
}

/** What was seen, in a few words. */
function browserStep({ isAnswered, isSignedOut, refreshes, calls }: Observed): string {
  if (isAnswered) return "uses the answer";
  if (isSignedOut) return "asks Auth, then shows the sign-in";
  if (refreshes > 0 && calls > 1) return "refreshes once, sends again";
  return calls > 1
    ? "waits, sends again; the session stays"
    : "shows the message; the session stays";
}

/** The page as it stands in the repository. */
export function readPage(): Promise<string> {
  return Deno.readTextFile(PAGE);
}

if (import.meta.main) await Deno.writeTextFile(PAGE, render(await measureAll()));

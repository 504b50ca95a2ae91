// Where a peer is better: a table that only shows wins is an advertisement.
import type { InProcess } from "./in_process.ts";
import type { Row } from "./over_http.ts";
import { type SubjectName, SUBJECTS } from "./subjects.ts";

/** Less than this is the noise of two runs. */
const NOISE = 1.1;

/**
 * Who answers the same traffic faster than one of ours (p50, or the time inside the process).
 *
 * @param mine A line of a table.
 * @param lines All the lines of that table.
 * @returns A few words; empty for a line that is not ours, and where nobody is faster.
 */
export function lossOf<Line extends Row | InProcess>(mine: Line, lines: readonly Line[]): string {
  if (SUBJECTS[mine.subject].role !== "ours") return "";
  const faster = lines
    .filter((line) => SUBJECTS[line.subject].role === "peer")
    .filter((line) => timeOf(mine) > timeOf(line) * NOISE)
    .map((line) => SHORT[line.subject]);
  return faster.length === 0 ? "" : `loses to ${faster.join(", ")}`;
}

const timeOf = (line: Row | InProcess) => "p50_ms" in line ? line.p50_ms : line.us;

const SHORT: Record<SubjectName, string> = {
  bare_hono: "bare Hono",
  stock_hono: "stock Hono",
  strict: "strict",
  fresh_10: "freshness: 10",
  edge_function: "edgeFunction",
  supabase_server: "@supabase/server",
  hono_jwk: "hono/jwk",
  get_user: "getUser",
  get_user_tuned: "tuned getUser",
  raw_fetch: "raw fetch",
};

// Tries functions that check their callers in five ways, each with `deno task conformance`. The table
// in supabase/conformance/README.md is what comes out.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { CHECKS } from "../../supabase/conformance/checks.ts";
import { exitCodeOf, type Report, tryFunction } from "../../supabase/conformance/run.ts";
import { apiKeys } from "../../supabase/local/keys.ts";
import { bootStack } from "../../supabase/local/stack.ts";

const PAGE = new URL("../../supabase/conformance/README.md", import.meta.url);

/** By their folder in peers/functions, as the table calls them. */
const PEERS = {
  "edge-auth": "edge-auth",
  "supabase-server": "@supabase/server",
  "hono-jwk": "hono/jwk",
  "verify-jwt": "`verify_jwt`",
  "get-user-by-hand": "getUser by hand",
};
type Peer = keyof typeof PEERS;

const reports = new Map<Peer, Report>();

Deno.test.beforeAll(async () => {
  const root = fileURLToPath(new URL("peers", import.meta.url));
  await using stack = await bootStack({ port: 0, root });
  for (const peer of Object.keys(PEERS) as Peer[]) {
    const report = await tryFunction({
      functionUrl: `${stack.url}/functions/v1/${peer}`,
      authUrl: `${stack.url}/auth/v1`,
      key: apiKeys.publishable,
      method: "GET",
    });
    reports.set(peer, report);
  }
});

/** The ids of the checks that came out so. */
function idsOf(peer: Peer, result: string): string[] {
  return reports.get(peer)!.checks.filter((check) => check.result === result).map(({ id }) => id);
}

Deno.test("tryFunction() finds no guarantee broken by edge-auth, and has tried a revoked token", () => {
  const report = reports.get("edge-auth")!;
  assertEquals([report.problem, idsOf("edge-auth", "broken")], [null, []]);
  assertEquals(exitCodeOf(report), 0);
  assertEquals(idsOf("edge-auth", "not_tried"), ["expired-token", "outage", "banned-user"]);
});

Deno.test("tryFunction() finds a revoked token admitted when only its signature is checked", () => {
  for (const peer of ["supabase-server", "hono-jwk", "verify-jwt"] as const) {
    const broken = idsOf(peer, "broken");
    assertEquals([peer, reports.get(peer)!.problem], [peer, null]);
    for (const id of ["revoked-token", "revoked-elsewhere"]) {
      assertEquals([peer, id, broken.includes(id)], [peer, id, true]);
    }
    assertEquals(exitCodeOf(reports.get(peer)!), 1);
  }
});

Deno.test("tryFunction() finds refusals without a code when getUser is called by hand", () => {
  const broken = idsOf("get-user-by-hand", "broken");
  assertEquals(broken.includes("revoked-token"), false);
  assertEquals(broken.includes("one-shape"), true);
  assertEquals(exitCodeOf(reports.get("get-user-by-hand")!), 1);
});

Deno.test("tryFunction() names the user that it leaves behind", () => {
  for (const { user } of reports.values()) {
    assertStringIncludes(user ?? "", "edge-auth-conformance-");
  }
});

Deno.test("supabase/conformance/README.md has the table of these runs", async () => {
  const page = await Deno.readTextFile(PAGE);
  const table = tableOf();
  if (!page.includes(table)) console.error(table);
  assertStringIncludes(page, table);
});

function tableOf(): string {
  const words = { kept: "kept", broken: "**broken**", not_tried: "not tried" };
  const peers = Object.keys(PEERS) as Peer[];
  const rows = CHECKS.map(({ id, guarantee, title }) => {
    const cells = peers.map((peer) => {
      const found = reports.get(peer)!.checks.find((check) => check.id === id)!;
      return words[found.result];
    });
    return [`${guarantee}`, title, ...cells];
  });
  const head = ["#", "what has to hold", ...Object.values(PEERS)];
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  return [head, widths.map((width) => "-".repeat(width)), ...rows].map(line).join("\n");
}

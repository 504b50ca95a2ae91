/** The versions of the tools that this repository runs; .tool-versions pins them. */
const pinned = new Map(
  Deno.readTextFileSync(new URL("../../.tool-versions", import.meta.url))
    .trim().split("\n").map((line) => line.split(" ") as [name: string, version: string]),
);

/** The Deno that runs the tests. */
export const DENO = pinned.get("deno")!;

/** The supabase CLI. */
export const SUPABASE_CLI = pinned.get("supabase")!;

/** The Deno in Supabase's edge runtime. */
export const EDGE_DENO = "2.1.4";

/** The Node that runs a test of shared/testing. */
export const NODE = "22.23.3";

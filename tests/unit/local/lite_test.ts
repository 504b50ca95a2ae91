import { assertEquals } from "@std/assert";
import { bootStack } from "../../../supabase/local/stack.ts";

/** Runs with `console.error` caught; returns what it would have printed. */
async function printed(run: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  const before = console.error;
  console.error = (...args: unknown[]) =>
    void lines.push(args.map((one) => typeof one === "string" ? one : Deno.inspect(one)).join(" "));
  try {
    await run();
  } finally {
    console.error = before;
  }
  return lines;
}

Deno.test("bootStack() prints what the database refuses as one line, without a stack", async () => {
  await using stack = await bootStack({ port: 0, functions: false, engine: "pglite" });
  const headers = { apikey: stack.keys.secret, authorization: `Bearer ${stack.keys.serviceRole}` };
  const url = `${stack.url}/rest/v1/organizations?id=eq.xyz`;
  const lines = await printed(async () => {
    const response = await stack.fetch(new Request(url, { headers }));
    assertEquals([response.status, (await response.json()).code], [400, "22P02"]);
  });
  assertEquals(lines, ['database: invalid input syntax for type uuid: "xyz" (22P02)']);
});

import { assert } from "@std/assert";

/** Runs a script of this folder with the garbage collector at hand. */
async function run(script: string): Promise<string> {
  const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      "--lock=tests/deno.lock",
      "--v8-flags=--expose-gc",
      new URL(script, import.meta.url).href,
    ],
  }).output();
  const text = new TextDecoder();
  if (code !== 0) throw new Error(text.decode(stderr));
  return text.decode(stdout);
}

Deno.test("estimateBytes() is an upper bound of what an entry takes on the heap, for every shape", async () => {
  const rows = JSON.parse(await run("./memory.ts")) as { shape: string; ratio: number }[];
  for (const { shape, ratio } of rows) assert(ratio >= 1, `${shape}: ${ratio} of what it takes`);
  const ratios = rows.map(({ ratio }) => ratio);
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
  console.log(`estimates of memory: ${least} to ${most} times what ${rows.length} shapes take`);
});

Deno.test("auth() keeps its memory bounded under load", async () => {
  const figures = JSON.parse(await run("./leak.ts")) as {
    requests: number;
    seconds: number;
    grownBytes: number;
  };
  const { requests, seconds, grownBytes } = figures;
  const grown = (grownBytes / 1024 / 1024).toFixed(2);
  console.log(`leak run: ${requests} requests in ${seconds} s, the heap grew by ${grown} MiB`);
  assert(grownBytes < 4 * 1024 * 1024, `${grown} MiB`);
});

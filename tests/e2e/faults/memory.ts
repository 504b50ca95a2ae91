/**
 * Measures what cache entries take on the heap against what `estimateBytes()` says, for shapes of user
 * records that a user can choose. It runs by itself, with `--v8-flags=--expose-gc`, and prints JSON.
 *
 * @module
 */
import { deepFreeze } from "../../../shared/server/core/deep_freeze.ts";
import { estimateBytes } from "../../../shared/server/core/estimate_bytes.ts";
import { decodeToken, readSession } from "../../../shared/server/core/claims.ts";
import { token, USER_ID } from "../../support/server.ts";

const list = <T>(length: number, make: (n: number) => T) =>
  Array.from({ length }, (_, n) => make(n));

/** User metadata, different for each entry `e`, because V8 shares what is the same. */
const SHAPES: Record<string, (e: number) => unknown> = {
  nothing: () => ({}),
  "a long text": (e) => `${e}`.padEnd(20_000, "x"),
  "a long text beyond Latin 1": (e) => `${e}`.padEnd(10_000, "☃"),
  "many short texts": (e) => list(300, (n) => `${e}-${n}`),
  "many numbers": (e) => list(1000, (n) => e + n),
  "many fractions": (e) => list(1000, (n) => e + n / 7),
  "many empty arrays": () => list(1000, () => []),
  "many empty objects": () => list(1000, () => ({})),
  "many small objects of one shape": (e) => list(300, (n) => ({ id: n, name: `n${e}-${n}` })),
  "many small objects of their own shapes": (e) => list(300, (n) => ({ [`k${e}_${n}`]: n })),
  "an object of many members": (e) => Object.fromEntries(list(1000, (n) => [`k${e}_${n}`, n])),
  "an object of 60 members of its own": (e) =>
    Object.fromEntries(list(60, (n) => [`k${e}_${n}`, n])),
  "objects in objects": (e) => {
    let value: unknown = e;
    for (let n = 0; n < 300; n++) value = { [`k${e}_${n}`]: value };
    return value;
  },
  "arrays in arrays": (e) => {
    let value: unknown = e;
    for (let n = 0; n < 1000; n++) value = [value];
    return value;
  },
  "index keys": (e) => Object.fromEntries(list(300, (n) => [`${n * 1000 + e}`, n])),
};

const gc = (globalThis as { gc?: () => void }).gc;
if (gc === undefined) throw new Error("run it with --v8-flags=--expose-gc");
const heapBytes = () => {
  for (let n = 0; n < 3; n++) gc();
  return Deno.memoryUsage().heapUsed;
};

const ENTRIES = 100;
const rows: { shape: string; measured: number; estimated: number; ratio: number }[] = [];
for (const [shape, make] of Object.entries(SHAPES)) {
  const texts = list(ENTRIES, (e) => JSON.stringify({ id: USER_ID, user_metadata: make(e) }));
  const tokens = list(ENTRIES, (e) => token({ sub: `user${e}`, n: e }));
  const kept = new Map<string, unknown>();
  const before = heapBytes();
  let estimated = 0;
  for (let e = 0; e < ENTRIES; e++) {
    // The way of an entry: a token of a header, a body of an answer.
    const jwt = tokens[e]!.split("").join("");
    const { header, claims } = decodeToken(jwt)!;
    const user = deepFreeze(JSON.parse(texts[e]!) as object);
    const entry = { header, claims, session: readSession(claims), verdict: { ok: true, user } };
    kept.set(jwt, { entry, owner: new Set([jwt]) });
    estimated += estimateBytes(jwt, claims, user);
  }
  const measured = heapBytes() - before;
  rows.push({ shape, measured, estimated, ratio: estimated / measured });
  kept.clear();
}
console.log(JSON.stringify(rows));

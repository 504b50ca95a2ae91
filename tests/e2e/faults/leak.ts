/**
 * Sends every kind of request for a while, and compares the heap of the second half with the first's.
 * The caches are filled before: their bounds are tested elsewhere. It runs with
 * `--v8-flags=--expose-gc` and prints JSON.
 *
 * @module
 */
import { z } from "zod";
import { body, edgeFunction } from "../../../shared/mod.ts";
import { alive, bearer, environment, json, refuses } from "../../support/fake_auth.ts";
import { token } from "../../support/tokens.ts";

const seconds = Number(Deno.env.get("LEAK_SECONDS") ?? 60);
const gc = (globalThis as { gc?: () => void }).gc;
if (gc === undefined) throw new Error("run it with --v8-flags=--expose-gc");
const heapBytes = () => {
  for (let n = 0; n < 3; n++) gc();
  return Deno.memoryUsage().heapUsed;
};
console.error = () => {}; // handlers that fail are logged

function answer(): Response {
  const kind = requests % 50;
  if (kind === 1) return refuses(403, "session_not_found");
  if (kind === 2) return refuses(403, "bad_jwt");
  if (kind === 3) return new Response("<html>", { status: 502, headers: { "Retry-After": "1" } });
  if (kind === 4) return json(401, { message: "Invalid API key" });
  return alive();
}
// Not fakeAuth(): Deno keeps some 700 bytes of each `new Request()` that has a signal.
const options = { env: environment(), fetch: () => Promise.resolve(answer()) };
const app = edgeFunction("f", { auth: { ...options, freshness: 5 }, public: ["/open"] });
app.get("/", (c) => c.json(c.var.auth.user.id));
app.post("/", body(z.strictObject({ a: z.string() })), (c) => c.json(c.req.valid("json")));
app.get("/fails", () => {
  throw new Error("a secret eyJx.y.z");
});

let requests = 0;
const pad = "x".repeat(1000);
async function send(): Promise<void> {
  const n = requests++;
  const jwt = token({ n, pad }, n % 3 === 0 ? { alg: "ES256", kid: `k${n}` } : { alg: "HS256" });
  const headers = { ...bearer(jwt), "Content-Type": "application/json", "X-Request-Id": `r${n}` };
  const path = ["/f", "/f/fails", "/f/nowhere", "/f/open"][n % 4]!;
  const init = n % 5 === 0 ? { method: "POST", body: `{"a":${n % 2 === 0 ? '"x"' : n}}` } : {};
  const response = await app.request(path, { ...init, headers });
  await response.body?.cancel();
}

const until = async (ms: number) => {
  // Doubtful tokens wait for their turn, so requests go side by side.
  while (performance.now() < ms) await Promise.all(Array.from({ length: 200 }, send));
};
for (let n = 0; n < 60; n++) await Promise.all(Array.from({ length: 200 }, send));
const began = performance.now();
await until(began + seconds * 500);
const middle = heapBytes();
await until(began + seconds * 1000);
const grownBytes = heapBytes() - middle;
console.log(JSON.stringify({ requests, seconds, grownBytes }));
Deno.exit(0); // some still wait

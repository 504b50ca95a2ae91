// The live checks: against the embedded stack, and against projects that misbehave in one way.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Finding, runChecks } from "../../../supabase/doctor/finding.ts";
import { observe, type Question } from "../../../supabase/doctor/live/observation.ts";
import { liveChecks } from "../../../supabase/doctor/registry.ts";
import { runCommand } from "../../../supabase/doctor/run.ts";
import { apiKeys, functionJwks, publicKey } from "../../../supabase/local/keys.ts";
import { bootStack } from "../../../supabase/local/stack.ts";
import { inFakeTime } from "../../support/server.ts";

const URL_ = "https://project.example";
const ORIGIN = "https://app.example";
const KEY = "sb_publishable_test";
const shown = new Set<string>();

/** Severity and id of all that the doctor finds. */
async function diagnose(question: Partial<Question>): Promise<[string, string][]> {
  const found = await look(question);
  return found.map(({ severity, id }) => [severity, id]);
}

async function look(question: Partial<Question>): Promise<Finding[]> {
  const jwks = JSON.stringify({ keys: [publicKey()] });
  return runChecks(liveChecks, await observe({ url: URL_, apiKey: KEY, jwks, ...question }));
}

const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  Response.json(body, { status, headers: { Date: new Date().toUTCString(), ...headers } });

const PROBLEM = {
  code: "no_authorization",
  message: "You are not signed in.",
  status: 401,
  action: "sign_in",
  replay: true,
  request_id: "r",
};
const CORS = {
  "Access-Control-Allow-Origin": ORIGIN,
  "Access-Control-Allow-Headers": "apikey, Authorization",
};

type Answers = Partial<
  Record<"health" | "jwks.json" | "wrong" | "f" | "preflight", () => Response>
>;

/** A project in order, but for the answers that are given. */
function project(answers: Answers): { fetch: typeof globalThis.fetch } {
  const usual: Required<Answers> = {
    health: () => json({ version: "v2.196.0" }),
    "jwks.json": () => json({ keys: [publicKey()] }),
    wrong: () => json({ message: "Invalid API key" }, 401),
    f: () => json(PROBLEM, 401, { ...CORS, "WWW-Authenticate": "Bearer" }),
    preflight: () => new Response(null, { status: 204, headers: CORS }),
  };
  const fetch: typeof globalThis.fetch = (input, init) => {
    const request = new Request(input, init);
    const last = new URL(request.url).pathname.split("/").at(-1)!;
    const name = request.method === "OPTIONS" ? "preflight" : last === "settings" ? "wrong" : last;
    const answer = { ...usual, ...answers }[name as keyof Answers];
    return Promise.resolve().then(answer);
  };
  return { fetch };
}

const FUNCTION = { functionName: "f", origin: ORIGIN };
const down = () => {
  throw new TypeError("network");
};

/** What is wrong, what else is asked, and what is found beside the round trip. */
const CASES: readonly [
  when: string,
  Answers,
  Partial<Question>,
  ...[severity: string, id: string][],
][] = [
  ["nothing is wrong", {}, FUNCTION],
  ["Auth is down", { health: down }, {}, ["error", "auth-unreachable"]],
  [
    "Auth answers a page",
    { health: () => new Response("x", { status: 502 }) },
    {},
    [
      "error",
      "auth-unreachable",
    ],
    ["info", "clock-skew"],
  ],
  ["the key is refused", { health: () => json({ message: "Invalid API key" }, 401) }, {}, [
    "error",
    "api-key-refused",
  ]],
  ["Auth is old", { health: () => json({ version: "v2.194.9" }) }, {}, ["warning", "auth-version"]],
  ["Auth does not tell its version", { health: () => json({}) }, {}, ["info", "auth-version"]],
  ["the key set is no JSON", { "jwks.json": () => new Response("x") }, {}, ["error", "jwks"]],
  ["the key set is empty", { "jwks.json": () => json({ keys: [] }) }, {}, ["info", "jwks"]],
  ["SUPABASE_JWKS has other keys", {}, { jwks: '{"keys":[{"kty":"EC","kid":"old"}]}' }, [
    "error",
    "jwks",
  ]],
  [
    "SUPABASE_JWKS lacks the newest key",
    { "jwks.json": () => json({ keys: [publicKey(), { kty: "EC", kid: "new" }] }) },
    {},
    ["warning", "jwks"],
  ],
  ["SUPABASE_JWKS is not set", {}, { jwks: undefined }, ["info", "jwks"]],
  [
    "this clock is behind",
    { health: () => json({ version: "v2.196.0" }, 200, { Date: dateIn(90) }) },
    {},
    ["error", "clock-skew"],
  ],
  [
    "this clock is ahead",
    { health: () => json({ version: "v2.196.0" }, 200, { Date: dateIn(-90) }) },
    {},
    ["error", "clock-skew"],
  ],
  [
    "clocks differ by less than the skew",
    { health: () => json({ version: "v2.196.0" }, 200, { Date: dateIn(20) }) },
    {},
  ],
  ["the gateway takes any key", { wrong: () => json({}) }, {}, [
    "warning",
    "gateway-accepts-any-key",
  ]],
  ["the local gateway takes any key", { wrong: () => json({}) }, { url: "http://127.0.0.1:1" }, [
    "info",
    "gateway-accepts-any-key",
  ]],
  ["the function is not there", { f: () => json({ code: "NOT_FOUND" }, 404) }, FUNCTION, [
    "error",
    "function-unreachable",
  ]],
  [
    "the gateway checks the token",
    { f: () => json({ code: "UNAUTHORIZED_NO_AUTH_HEADER", message: "m" }, 401, CORS) },
    FUNCTION,
    ["error", "function-refusal-shape"],
    ["error", "function-refusal-shape"],
  ],
  [
    "the function refuses in text",
    { f: () => new Response("no", { status: 401, headers: CORS }) },
    FUNCTION,
    [
      "warning",
      "function-refusal-shape",
    ],
    ["warning", "function-refusal-shape"],
  ],
  ["the function's 401 has no challenge", { f: () => json(PROBLEM, 401, CORS) }, FUNCTION, [
    "warning",
    "function-refusal-shape",
  ], ["warning", "function-refusal-shape"]],
  ["the function is public", { f: () => json({}) }, FUNCTION, ["info", "function-refusal-shape"], [
    "info",
    "function-refusal-shape",
  ]],
  [
    "the preflight is refused",
    { preflight: () => json(PROBLEM, 401) },
    FUNCTION,
    ["error", "cors-origin"],
  ],
  [
    "the preflight allows another page",
    {
      preflight: () =>
        new Response(null, {
          headers: { ...CORS, "Access-Control-Allow-Origin": "https://b.example" },
        }),
    },
    FUNCTION,
    ["error", "cors-origin"],
  ],
  [
    "the preflight allows any header but not Authorization",
    {
      preflight: () =>
        new Response(null, { headers: { ...CORS, "Access-Control-Allow-Headers": "*" } }),
    },
    FUNCTION,
    ["error", "cors-origin"],
  ],
  [
    "the refusal has no CORS headers",
    { f: () => json(PROBLEM, 401, { "WWW-Authenticate": "Bearer" }) },
    FUNCTION,
    ["error", "cors-origin"],
  ],
  ["an origin is asked for without a function", {}, { origin: ORIGIN }, ["info", "cors-origin"]],
];

function dateIn(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toUTCString();
}

for (const [when, answers, question, ...expected] of CASES) {
  Deno.test(`liveChecks find what is wrong when ${when}`, async () => {
    const found = await diagnose({ ...project(answers), ...question });
    for (const [, id] of found) shown.add(id);
    assertEquals(found.filter(([, id]) => id !== "round-trip"), expected);
  });
}

Deno.test("liveChecks find nothing wrong in the embedded stack", async () => {
  await using stack = await bootStack({ port: 0, functions: ["me"] });
  const found = await look({
    url: stack.url,
    apiKey: apiKeys.publishable,
    jwks: functionJwks(),
    functionName: "me",
    origin: "http://127.0.0.1:3000",
    timeoutMs: 600_000, // the function starts on a machine that may be busy
  });
  assertEquals(found.map(({ severity, id }) => [severity, id]), [["info", "round-trip"]]);
  assertMatch(found[0]!.message, /^Auth answers in [\d.]+ ms from here \(median of 5\)/);
});

Deno.test("runCommand() asks the project of --url with the key of the environment", async () => {
  await using stack = await bootStack({ port: 0, functions: false });
  const world = { readToken: () => Promise.reject(new Error("no token is asked for")) };
  const command = { kind: "live", url: stack.url } as const;
  const env = { SUPABASE_ANON_KEY: apiKeys.anon, SUPABASE_JWKS: functionJwks() };
  const { findings: found } = await runCommand(command, { ...world, env });
  assertEquals(found.map(({ id }) => id), ["round-trip"]);
  const { findings: none } = await runCommand(command, { ...world, env: {} });
  assertEquals(none.map(({ id }) => id), ["jwks", "round-trip"]);
});

Deno.test("liveChecks notice a wrong key when the embedded stack is asked with it", async () => {
  await using stack = await bootStack({ port: 0, functions: false });
  const found = await diagnose({ url: stack.url, apiKey: "sb_publishable_of_another_project" });
  assertEquals(found.filter(([severity]) => severity === "error"), [["error", "api-key-refused"]]);
});

Deno.test("clock-skew tells which clock is ahead, and no more than is certain", () =>
  inFakeTime(async () => {
    const message = async (seconds: number) => {
      const health = () => json({ version: "v2.196.0" }, 200, { Date: dateIn(seconds) });
      const found = await look(project({ health }));
      return found.find(({ id }) => id === "clock-skew")?.message ?? "";
    };
    assertEquals(await message(90), "This machine's clock is 90 s behind Auth's.");
    // Date has whole seconds: Auth's clock may be nearly one further than it says.
    assertEquals(await message(-90), "This machine's clock is 89 s ahead of Auth's.");
  }));

Deno.test("liveChecks are each shown firing", () => {
  shown.add("round-trip"); // with the embedded stack
  for (const { id } of liveChecks) assert(shown.has(id), id);
});

Deno.test("observe() sends no key but the public one, and never follows a redirect", async () => {
  const sent: Request[] = [];
  const fetch: typeof globalThis.fetch = (input, init) => {
    sent.push(new Request(input, init));
    return Promise.resolve(
      new Response(null, { status: 302, headers: { Location: "https://evil.example" } }),
    );
  };
  await observe({ url: URL_, apiKey: KEY, functionName: "f", fetch });
  assert(sent.length > 5);
  for (const { url, headers, redirect } of sent) {
    assert(url.startsWith(`${URL_}/`));
    assertEquals(redirect, "manual");
    assert([KEY, "not-a-key-of-this-project", null].includes(headers.get("apikey")));
  }
});

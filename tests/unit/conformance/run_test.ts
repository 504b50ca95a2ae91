import { assertEquals, assertMatch } from "@std/assert";
import { edgeFunction } from "../../../shared/mod.ts";
import { fakeAuth, type FakeCaller } from "../../../shared/testing/mod.ts";
import type { Target } from "../../../supabase/conformance/args.ts";
import { jsonReport, textReport } from "../../../supabase/conformance/report.ts";
import { run } from "../../support/npm_tool.ts";
import { exitCodeOf, type Report, tryFunction } from "../../../supabase/conformance/run.ts";

type Auth = ReturnType<typeof fakeAuth>;
type Handler = (request: Request) => Response | Promise<Response>;

/** Tries a function in memory. */
async function tryIn(
  auth: Auth,
  handler: Handler,
  changes: Partial<Target> = {},
): Promise<Report> {
  let user: FakeCaller | undefined;
  auth.onRequest(({ url }) => {
    if (url.endsWith("/signup")) user = auth.signIn();
    else if (url.endsWith("/token?grant_type=password")) user = (user ?? auth.signIn()).signIn();
    else return undefined;
    return Response.json({ access_token: user.token });
  });
  const functionUrl = `${auth.url}/functions/v1/f`;
  const target = { functionUrl, authUrl: `${auth.url}/auth/v1`, key: "sb_publishable_test" };
  return await tryFunction({ ...target, method: "GET", ...changes }, (input, init) => {
    const request = new Request(input, init);
    if (!request.url.startsWith(functionUrl)) return auth.options.fetch(request);
    const url = request.url.replace("/functions/v1", "");
    return Promise.resolve(handler(new Request(url, request)));
  });
}

function guarded(auth: Auth): Handler {
  const app = edgeFunction("f", { auth: auth.options });
  app.get("/", (c) => c.json({ id: c.var.auth.user.id }));
  return (request) => app.fetch(request);
}

const resultOf = ({ checks }: Report, id: string) => checks.find((check) => check.id === id);

Deno.test("tryFunction() finds nothing broken in a function behind edge-auth, and ends its sessions", async () => {
  const auth = fakeAuth();
  const report = await tryIn(auth, guarded(auth));
  assertEquals(report.checks.filter(({ result }) => result === "broken"), []);
  assertEquals([exitCodeOf(report), report.problem], [0, null]);
  assertMatch(report.user ?? "", /^edge-auth-conformance-.*@example\.com$/);
  const tokens = new Set(
    auth.checks.map(({ headers }) => headers.get("authorization") ?? ""),
  );
  for (const authorization of tokens) {
    const { status } = await auth.options.fetch(`${auth.url}/auth/v1/user`, {
      headers: { authorization },
    });
    assertEquals(status, 403);
  }
});

Deno.test("tryFunction() finds a revoked token broken when an answer of Auth is remembered", async () => {
  const auth = fakeAuth();
  const known = new Set<string>();
  const strict = guarded(auth);
  const report = await tryIn(auth, async (request) => {
    const authorization = request.headers.get("authorization") ?? "";
    if (known.has(authorization)) return Response.json({});
    const response = await strict(request);
    if (response.ok) known.add(authorization);
    return response;
  });
  assertEquals(resultOf(report, "revoked-token"), {
    id: "revoked-token",
    guarantee: 2,
    title: "a revoked token is refused",
    result: "broken",
    detail: "after the sign-out the function answers 200",
  });
  assertEquals(exitCodeOf(report), 1);
});

Deno.test("tryFunction() finds an open function broken, and names what it let in", async () => {
  const report = await tryIn(fakeAuth(), () => Response.json({}));
  const broken = report.checks.filter(({ result }) => result === "broken").map(({ id }) => id);
  for (const id of ["forged-signature", "alg-none", "no-credentials", "every-method"]) {
    assertEquals([id, broken.includes(id)], [id, true]);
  }
  assertEquals(exitCodeOf(report), 1);
});

Deno.test("tryFunction() tells a token in an answer, and a refusal without CORS", async () => {
  const auth = fakeAuth();
  const strict = guarded(auth);
  const report = await tryIn(auth, async (request) => {
    const response = await strict(request);
    if (response.ok) return response;
    const { status } = response;
    const code = `refused ${request.headers.get("authorization")}`;
    return Response.json({ code, apikey: request.headers.get("apikey") }, { status });
  });
  for (const id of ["nothing-leaks", "refusals-cors", "refusals-no-store", "refusals-request-id"]) {
    assertEquals([id, resultOf(report, id)?.result], [id, "broken"]);
  }
});

Deno.test("tryFunction() proves nothing of a function that always fails", async () => {
  const report = await tryIn(fakeAuth(), () => new Response("no", { status: 500 }));
  assertMatch(report.problem ?? "", /answers 500 to GET of a signed-in caller/);
  assertEquals([report.checks, exitCodeOf(report)], [[], 2]);
});

Deno.test("tryFunction() takes a failure after the sign-out for no proof", async () => {
  const auth = fakeAuth();
  const strict = guarded(auth);
  const report = await tryIn(auth, async (request) => {
    const response = await strict(request);
    return response.ok ? response : new Response("down", { status: 503 });
  });
  assertEquals(resultOf(report, "revoked-token")?.result, "not_tried");
  assertEquals(exitCodeOf(report), 1); // its refusals have no shape
});

Deno.test("tryFunction() says why nobody could be signed up", async () => {
  const auth = fakeAuth();
  const answers: [Response, RegExp][] = [
    [Response.json({ code: "signup_disabled" }, { status: 422 }), /signed up: signup_disabled/],
    [Response.json({ id: "x" }), /has to be confirmed first.*--email/],
  ];
  for (const [answer, sentence] of answers) {
    const report = await tryFunction({
      functionUrl: `${auth.url}/functions/v1/f`,
      authUrl: `${auth.url}/auth/v1`,
      key: "k",
      method: "GET",
    }, () => Promise.resolve(answer));
    assertMatch(report.problem ?? "", sentence);
    assertEquals(exitCodeOf(report), 2);
    assertMatch(textReport(report), /Nothing is proven/);
  }
});

Deno.test("tryFunction() leaves the other sessions of a given user alone", async () => {
  const auth = fakeAuth();
  const user = { email: "ada@example.com", password: "correct-horse" };
  const report = await tryIn(auth, guarded(auth), { user });
  assertEquals(resultOf(report, "revoked-elsewhere")?.result, "not_tried");
  assertEquals([exitCodeOf(report), report.user], [0, null]);
  assertEquals(auth.calls.filter(({ path }) => path.endsWith("scope=global")), []);
  assertEquals(auth.calls.filter(({ path }) => path.endsWith("/signup")), []);
});

Deno.test("jsonReport() and textReport() say the same", async () => {
  const auth = fakeAuth();
  const report = await tryIn(auth, guarded(auth));
  const { checks, exit_code } = JSON.parse(jsonReport(report));
  assertEquals([checks.length, exit_code], [report.checks.length, 0]);
  const text = textReport(report);
  for (const { title } of report.checks) assertEquals(text.includes(title), true);
  assertMatch(text, /No guarantee is broken[^]*Left behind: the user edge-auth-conformance/);
});

Deno.test("main.ts says on stderr what it tries, and prints only the report on stdout", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const host = `http://127.0.0.1:${listener.addr.port}`;
  listener.close(); // nothing answers there
  const main = new URL("../../../supabase/conformance/main.ts", import.meta.url).href;
  const url = `${host}/functions/v1/me`;
  const { code, stdout, text } = await run(Deno.execPath(), {
    args: ["run", "-A", main, url, "--key=sb_publishable_x", "--json"],
  });
  const stderr = text.slice(stdout.length);
  assertEquals(stderr, `Trying ${url}, with Auth at ${host}/auth/v1\n`);
  assertEquals([code, JSON.parse(stdout).function], [2, url]);
});

import { assert, assertEquals, assertThrows } from "@std/assert";
import { Hono } from "hono";
import {
  auth,
  type AuthEnv,
  type Decision,
  defineProblems,
  edgeFunction,
  guard,
  limitRequests,
  type OnDecision,
  ProblemError,
  requireOrigin,
  requireRole,
} from "../../../../shared/mod.ts";
import { reportDecision } from "../../../../shared/server/internal/on_decision.ts";
import { webhook, type WebhookEnv } from "../../../../shared/server/webhook.ts";
import { FakeTime, signWebhook } from "../../../../shared/testing/mod.ts";
import {
  alive,
  assertRefusal,
  bearer,
  deferred,
  fakeAuth,
  logged,
  REFUSALS,
  refuses,
  token,
} from "../../../support/server.ts";
import { GUARD_REFUSALS } from "../../../support/guards.ts";

const decision: Decision = {
  outcome: "refused",
  code: "bad_jwt",
  source: "check",
  guard: null,
  kind: null,
  key_name: null,
  client_id: null,
  recheck: false,
  ms: 1,
  upstream_calls: 1,
  request_id: "r1",
};

Deno.test("reportDecision() hands over the decision, frozen", () => {
  const seen: Decision[] = [];
  reportDecision((told) => seen.push(told), { ...decision });
  assertEquals(seen, [decision]);
  assert(Object.isFrozen(seen[0]));
});

Deno.test("reportDecision() is not changed by a hook that throws, rejects, hangs or returns rubbish", async () => {
  const thenable = {
    then(_: unknown, reject: (reason: unknown) => void) {
      reject(new Error("thenable"));
    },
  };
  const hooks: OnDecision[] = [
    () => {
      throw new Error("hook");
    },
    () => {
      throw null;
    },
    () => Promise.reject(new Error("async hook")),
    () => Promise.reject(undefined),
    () => deferred().promise,
    () => thenable,
    () => new Proxy({}, { get: () => Promise.reject() }),
    async (told) => {
      await Promise.resolve();
      (told as { code: string }).code = "changed";
    },
  ];
  const { options } = fakeAuth(() => refuses(403, "session_not_found"));
  for (const onDecision of hooks) {
    const app = new Hono<AuthEnv>().use(auth({ ...options, onDecision })).get(
      "/",
      (c) => c.text(""),
    );
    const response = await app.request("/", { headers: bearer(token()) });
    assertEquals([response.status, (await response.json()).code], [401, "session_not_found"]);
  }
});

/** Writes each decision down in a few words. */
function recorder() {
  const seen: string[] = [];
  const onDecision = ({ outcome, code, source, guard, kind }: Decision) =>
    void seen.push([outcome, code, source, guard, kind].filter((part) => part !== null).join(" "));
  return { seen, onDecision };
}

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const problems = defineProblems({
  members_only: { status: 403, action: "none", message: "Join first." },
});

Deno.test("onDecision gets one refusal of a request, whoever refuses", async () => {
  const { seen, onDecision } = recorder();
  const { options } = fakeAuth(() => refuses(403, "session_not_found"));
  const app = edgeFunction("f", { auth: { ...options, onDecision } });
  app.get("/", requireRole("admin"), (c) => c.text("in"));
  await assertRefusal(
    await app.request("/f", { headers: bearer(token()) }),
    REFUSALS.session_not_found,
  );
  assertEquals(seen, ["refused session_not_found check"]);
});

Deno.test("onDecision gets the refusals of guards on public routes, where nobody was admitted", async () => {
  const { seen, onDecision } = recorder();
  const { options } = fakeAuth();
  const app = edgeFunction("f", { auth: { ...options, onDecision }, public: ["/*"] });
  app.get("/limited", limitRequests({ max: 1, windowSeconds: 60 }), (c) => c.text("in"));
  app.get("/own", requireOrigin(["https://app.example"]), (c) => c.text("in"));
  app.get("/wrong", requireRole("admin"), (c) => c.text("in"));
  const headers = { "X-Forwarded-For": "192.0.2.1", Origin: "https://other.example" };
  await logged(async () => {
    for (const path of ["limited", "limited", "own", "wrong"]) {
      await (await app.request(`/f/${path}`, { headers })).body?.cancel();
    }
  });
  assertEquals(seen, [
    "refused over_request_rate_limit guard limitRequests",
    "refused insufficient_scope guard requireOrigin",
    "refused auth_misconfigured guard requireRole",
  ]);
});

Deno.test("onDecision gets the code of the answer when the test of a guard throws or takes too long", async () => {
  const { seen, onDecision } = recorder();
  const { options } = fakeAuth();
  const app = edgeFunction("f", { auth: { ...options, onDecision } });
  const throwing = (name: string, thrown: unknown) => guard(name, () => Promise.reject(thrown));
  app.get("/table", throwing("table", new ProblemError("not_found")), (c) => c.text("in"));
  app.get("/own", throwing("own", problems.error("members_only")), (c) => c.text("in"));
  app.get("/bug", throwing("bug", new Error("of ada@example.com")), (c) => c.text("in"));
  app.get("/late", guard("late", () => new Promise(() => {})), (c) => c.text("in"));
  using time = new FakeTime();
  await logged(async () => {
    for (const path of ["table", "own", "bug", "late"]) {
      const response = app.request(`/f/${path}`, { headers: bearer(token()) });
      await time.tickAsync(10_000);
      await (await response).body?.cancel();
    }
  });
  assertEquals(seen.filter((line) => line !== "admitted check user"), [
    'refused not_found guard guard("table")',
    'refused members_only guard guard("own")',
    'refused internal_error guard guard("bug")',
    'refused request_timeout guard guard("late")',
  ]);
});

Deno.test("onDecision of the last auth() on a path gets the refusals of guards, and the earlier one if that has none", async () => {
  const { options } = fakeAuth(() => alive({ app_metadata: {} }));
  for (const hasSecond of [true, false]) {
    const [first, second] = [recorder(), recorder()];
    const app = new Hono<AuthEnv>()
      .use(auth({ ...options, onDecision: first.onDecision }))
      .use(auth({ ...options, ...(hasSecond && { onDecision: second.onDecision }) }))
      .get("/", requireRole("admin"), (c) => c.text("in"));
    const response = await app.request("/", { headers: bearer(token()) });
    await assertRefusal(response, GUARD_REFUSALS.insufficient_scope);
    const refusal = "refused insufficient_scope guard requireRole";
    assertEquals(first.seen, ["admitted check user", ...(hasSecond ? [] : [refusal])]);
    assertEquals(second.seen, hasSecond ? ["admitted memory user", refusal] : []);
  }
});

Deno.test("onDecision gets what webhook() decides: of edgeFunction(), or its own", async () => {
  const [outer, own] = [recorder(), recorder()];
  const { options } = fakeAuth();
  const app = edgeFunction("f", {
    auth: { ...options, onDecision: outer.onDecision },
    public: ["/*"],
  });
  app.post("/", webhook({ secret: SECRET, maxBytes: 100 }), (c) => c.text("in"));
  const refusing = () => Promise.reject(new ProblemError("not_found"));
  app.post("/thrown", webhook({ verify: refusing }), (c) => c.text("in"));
  const plain = new Hono<WebhookEnv>()
    .post("/", webhook({ secret: SECRET, onDecision: own.onDecision }), (c) => c.text("in"));
  const signed = (body: unknown) => signWebhook("/f", { secret: SECRET, body });

  for (const body of [{}, { text: "x".repeat(100) }]) await app.fetch(await signed(body));
  await app.request("/f", { method: "POST", body: "{}" });
  await app.request("/f/thrown", { method: "POST", body: "{}" });
  await plain.request("/", { method: "POST", body: "{}" });
  assertEquals(outer.seen, [
    "admitted webhook webhook",
    "refused request_entity_too_large webhook",
    "refused webhook_signature_missing webhook",
    "refused not_found webhook",
  ]);
  assertEquals(own.seen, ["refused webhook_signature_missing webhook"]);
  const wrong = { secret: SECRET, onDecision: "log" as never };
  assertThrows(() => webhook(wrong), TypeError, "webhook(): onDecision must be a function");
});

Deno.test("onDecision that throws or rejects changes no answer of a guard or of webhook()", async () => {
  const hooks = [() => Promise.reject(new Error("async hook")), () => {
    throw new Error("hook");
  }];
  for (const onDecision of hooks) {
    const { options } = fakeAuth();
    const app = edgeFunction("f", { auth: { ...options, onDecision }, public: ["/hook"] });
    app.get("/", requireRole("admin"), (c) => c.text("in"));
    app.post("/hook", webhook({ secret: SECRET }), (c) => c.text("in"));
    const response = await app.request("/f", { headers: bearer(token()) });
    await assertRefusal(response, GUARD_REFUSALS.insufficient_scope);
    const signed = await app.fetch(await signWebhook("/f/hook", { secret: SECRET, body: {} }));
    assertEquals([signed.status, await signed.text()], [200, "in"]);
  }
});

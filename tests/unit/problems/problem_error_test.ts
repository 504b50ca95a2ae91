import { assert, assertEquals } from "@std/assert";
import { edgeFunction, ProblemError } from "../../../shared/mod.ts";
import { assertRefusal, fakeAuth } from "../../support/server.ts";

async function thrown(error: ProblemError) {
  const app = edgeFunction("f", { auth: fakeAuth().options, public: ["/"] });
  app.get("/", (c) => {
    c.header("Retry-After", "99");
    c.header("Cache-Control", "public, max-age=60");
    throw error;
  });
  return await app.request("/f");
}

Deno.test("ProblemError is an Error with a code and details", () => {
  const error = new ProblemError("not_found", { max_age: 5 });
  assert(error instanceof Error);
  assertEquals([error.name, error.message, error.code, error.details], [
    "ProblemError",
    "not_found",
    "not_found",
    { max_age: 5 },
  ]);
});

Deno.test("ProblemError is answered with the status and action of the table, and its own details", async () => {
  await assertRefusal(await thrown(new ProblemError("not_found")), {
    status: 404,
    code: "not_found",
    action: "fix_request",
    replay: false,
  });
  await assertRefusal(
    await thrown(new ProblemError("over_request_rate_limit", { retry_after: 7 })),
    {
      status: 429,
      code: "over_request_rate_limit",
      action: "retry",
      replay: false,
      retry_after: 7,
    },
  );
  const issues = [{ path: ["a"], code: "b", message: "c" }];
  const response = await thrown(new ProblemError("validation_failed", { issues }));
  assertEquals((await response.json()).issues, issues);
});

Deno.test("ProblemError never has the action sign_in or a challenge", async () => {
  for (
    const code of [
      "session_not_found",
      "no_authorization",
      "bad_jwt",
      "insufficient_aal",
      "token_expired",
    ] as const
  ) {
    const response = await thrown(new ProblemError(code));
    const body = await response.json();
    assert(response.status !== 401 && !response.headers.has("WWW-Authenticate"));
    assert(!["sign_in", "refresh", "step_up"].includes(body.action));
    assertEquals(body.replay, false);
  }
});

// What a page of another origin sees.
import { assertEquals, assertMatch } from "@std/assert";
import { assertProblem } from "./assertions.ts";
import type { Scenario } from "./scenario.ts";

const Origin = "https://app.example";

export const browsers: readonly Scenario[] = [
  {
    name: "a preflight is answered without a check of the caller",
    async run(client) {
      const reply = await client.call("me", {
        method: "OPTIONS",
        headers: {
          Origin,
          "Access-Control-Request-Method": "GET",
          "Access-Control-Request-Headers": "authorization,x-client-info",
        },
      });
      assertEquals(reply.status, 204);
      assertEquals(reply.headers.get("access-control-allow-origin"), "*");
      assertMatch(reply.headers.get("access-control-allow-headers") ?? "", /authorization/);
      assertEquals(reply.headers.get("access-control-allow-credentials"), null);
    },
  },
  {
    name: "a page of another origin can read the body and the headers of a refusal",
    async run(client) {
      const reply = await client.call("me", { headers: { Origin } });
      assertProblem(reply, { code: "no_authorization", status: 401, action: "sign_in" });
      assertEquals(reply.headers.get("access-control-allow-origin"), "*");
      const exposed = reply.headers.get("access-control-expose-headers") ?? "";
      for (const name of ["Retry-After", "WWW-Authenticate", "X-Request-Id"]) {
        assertMatch(exposed, new RegExp(`\\b${name}\\b`, "i"));
      }
    },
  },
  {
    name: "HEAD is refused with the status of GET and no body",
    async run(client) {
      const reply = await client.call("me", { method: "HEAD" });
      assertEquals([reply.status, reply.body], [401, ""]);
    },
  },
  {
    name: "an unknown route is not_found, and a wrong method is method_not_allowed with Allow",
    async run(client) {
      const { access_token: token } = await client.signUp();
      const missing = await client.call("me/nowhere", { token });
      assertProblem(missing, { code: "not_found", status: 404, action: "fix_request" });
      const wrong = await client.call("me", { method: "DELETE", token });
      assertProblem(wrong, { code: "method_not_allowed", status: 405, action: "fix_request" });
      assertEquals(wrong.headers.get("allow"), "GET, HEAD, POST");
    },
  },
  {
    name: "health answers ok without a user",
    async run(client) {
      const { status, body } = await client.call("health");
      assertEquals([status, body], [200, { status: "ok" }]);
    },
  },
];

// What a page on another origin sees.
import { assertEquals, assertMatch } from "@std/assert";
import type { Scenario } from "./scenario.ts";
import { assertProblem } from "./world.ts";

const Origin = "https://app.example";

export const browsers: readonly Scenario[] = [
  {
    name: "a preflight is answered before anybody is asked who calls",
    async run(world) {
      const reply = await world.call("me", {
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
    name: "a page reads a refusal: its body, and the headers it needs",
    async run(world) {
      const reply = await world.call("me", { headers: { Origin } });
      assertProblem(reply, { code: "no_authorization", status: 401, action: "sign_in" });
      assertEquals(reply.headers.get("access-control-allow-origin"), "*");
      const exposed = reply.headers.get("access-control-expose-headers") ?? "";
      for (const name of ["Retry-After", "WWW-Authenticate", "X-Request-Id"]) {
        assertMatch(exposed, new RegExp(`\\b${name}\\b`, "i"));
      }
    },
  },
  {
    name: "HEAD is refused as GET is, without a body",
    async run(world) {
      const reply = await world.call("me", { method: "HEAD" });
      assertEquals([reply.status, reply.body], [401, ""]);
    },
  },
  {
    name: "an unknown route is not_found, a wrong method names the right ones",
    async run(world) {
      const { access_token: token } = await world.newPerson();
      const missing = await world.call("me/nowhere", { token });
      assertProblem(missing, { code: "not_found", status: 404, action: "fix_request" });
      const wrong = await world.call("me", { method: "DELETE", token });
      assertProblem(wrong, { code: "method_not_allowed", status: 405, action: "fix_request" });
      assertEquals(wrong.headers.get("allow"), "GET, HEAD, POST");
    },
  },
  {
    name: "health is public, and says that Auth is there",
    async run(world) {
      const { status, body } = await world.call("health");
      assertEquals([status, body], [200, { status: "ok" }]);
    },
  },
];

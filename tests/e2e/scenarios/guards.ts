// Guards: what Auth answers about a user wins over what the token says. They stand on a function in
// this process, which asks the stack's Auth.
import { assertEquals } from "@std/assert";
import {
  edgeFunction,
  forbidAnonymous,
  requireConfirmedEmail,
  requireRecentAuth,
  requireRole,
} from "../../../shared/mod.ts";
import { now } from "../../support/tokens.ts";
import { assertProblem } from "./assertions.ts";
import { functionEnv, replyOf } from "./callers.ts";
import type { Reply, StackClient } from "./client.ts";
import type { Scenario } from "./scenario.ts";

/** Calls a function that has a route behind each guard. */
async function call(client: StackClient, route: string, token: string): Promise<Reply> {
  const { publishable: apikey } = client.stack.keys;
  const headers = { apikey, Authorization: `Bearer ${token}` };
  return await send(client, route, headers);
}

async function send(
  client: StackClient,
  route: string,
  headers: Readonly<Record<string, string>>,
): Promise<Reply> {
  const app = edgeFunction("guards", {
    auth: { allow: ["user", "secret", "none"], env: functionEnv(client) },
  });
  app.use("/admin", requireRole("admin"));
  app.use("/permanent", forbidAnonymous());
  app.use("/confirmed", requireConfirmedEmail());
  app.use("/recent", requireRecentAuth(300));
  app.get("/:route", (c) => c.json({ route: c.req.param("route") }));
  return await replyOf(await app.request(`/guards/${route}`, { headers }));
}

const FORBIDDEN = {
  code: "insufficient_scope",
  status: 403,
  action: "none",
  replay: true,
} as const;

export const guards: readonly Scenario[] = [
  {
    name:
      "a role counts from the next request on, given or taken, with a token that says otherwise",
    needs: ["admin"],
    async run(client) {
      const user = await client.signUp();
      const setRole = async (role: string | null) => {
        const metadata = { app_metadata: { role } };
        assertEquals((await client.admin("PUT", `/users/${user.id}`, metadata)).status, 200);
      };
      assertProblem(await call(client, "admin", user.access_token), FORBIDDEN);
      await setRole("admin");
      assertEquals((await call(client, "admin", user.access_token)).status, 200);
      const { access_token: asAdmin } = await client.signIn(user);
      await setRole(null);
      for (const token of [user.access_token, asAdmin]) {
        assertProblem(await call(client, "admin", token), FORBIDDEN);
      }
    },
  },
  {
    name: "a role that only the token names does not count",
    async run(client) {
      const { access_token } = await client.signUp();
      const claimed = { app_metadata: { role: "admin" }, user_metadata: { role: "admin" } };
      const token = await client.withClaims(access_token, claimed);
      assertProblem(await call(client, "admin", token), FORBIDDEN);
    },
  },
  {
    name:
      "a guard is for users: a secret key is api_key_not_allowed, and nobody is no_authorization",
    async run(client) {
      const { secret, publishable } = client.stack.keys;
      assertProblem(await send(client, "admin", { apikey: secret }), {
        code: "api_key_not_allowed",
        status: 403,
        action: "none",
      });
      assertProblem(await send(client, "admin", { apikey: publishable }), {
        code: "no_authorization",
        status: 401,
        action: "sign_in",
      });
    },
  },
  {
    name: "a sign-in that is too long ago is authentication_too_old, with its max_age",
    async run(client) {
      const { access_token } = await client.signUp();
      const signedIn = (timestamp: number) =>
        client.withClaims(access_token, { amr: [{ method: "password", timestamp }] });
      assertEquals((await call(client, "recent", await signedIn(now() - 10))).status, 200);
      const { max_age } = assertProblem(
        await call(client, "recent", await signedIn(now() - 3600)),
        { code: "authentication_too_old", status: 401, action: "step_up" },
      );
      assertEquals(max_age, 300);
    },
  },
  {
    name: "a user whose address is confirmed, and who is not anonymous, passes both guards",
    async run(client) {
      const { access_token } = await client.signUp();
      for (const route of ["permanent", "confirmed"]) {
        assertEquals((await call(client, route, access_token)).status, 200, route);
      }
    },
  },
  {
    name: "an anonymous user is anonymous_not_allowed, whatever the token says",
    needs: ["anonymous"],
    async run(client) {
      const { body } = await client.auth("POST", "/signup", { body: {} });
      const { access_token } = body as { access_token: string };
      const token = await client.withClaims(access_token, { is_anonymous: false });
      for (const one of [access_token, token]) {
        assertProblem(await call(client, "permanent", one), {
          code: "anonymous_not_allowed",
          status: 403,
          action: "none",
        });
      }
    },
  },
];

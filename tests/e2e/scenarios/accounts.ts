// The functions `account` and `auth-callback`, and what a change of the account does to sessions.
import { assertEquals, assertMatch } from "@std/assert";
import type { Scenario } from "./scenario.ts";
import { assertAlive, assertProblem, assertSessionEnded } from "./assertions.ts";
import type { Session, StackClient, TestUser } from "./client.ts";

const ORIGIN = "http://127.0.0.1:3000";

function changePassword(client: StackClient, user: TestUser, password: string) {
  return client.call("account/password", {
    method: "PUT",
    token: user.access_token,
    body: { password, current_password: user.password },
  });
}

function callback(client: StackClient, body: unknown, origin = ORIGIN) {
  return client.call("auth-callback", { method: "POST", headers: { Origin: origin }, body });
}

async function tokenHash(client: StackClient, email: string): Promise<string> {
  const { status } = await client.auth("POST", "/recover", { body: { email } });
  assertEquals(status, 200);
  const html = await client.mail(email);
  const hash = /token_hash=([A-Za-z0-9_-]+)/.exec(html)?.[1];
  assertMatch(hash ?? "no token_hash in the mail", /^(pkce_)?[0-9a-f]{20,}$/);
  return hash ?? "";
}

export const accounts: readonly Scenario[] = [
  {
    name: "a password change ends the other sessions and keeps this one",
    async run(client) {
      const here = await client.signUp();
      const there = await client.signIn(here);
      const password = `Pw-${crypto.randomUUID()}`;
      assertEquals((await changePassword(client, here, password)).status, 204);
      await assertAlive(client, here);
      await assertSessionEnded(client, there);
      await assertAlive(client, await client.signIn({ ...here, password }));
    },
  },
  {
    name: "a weak password is refused as weak_password, with its reasons",
    async run(client) {
      const user = await client.signUp();
      const reply = await changePassword(client, user, "abc");
      const { issues } = assertProblem(reply, {
        code: "weak_password",
        status: 422,
        action: "fix_request",
        replay: false,
      });
      assertEquals(issues?.map(({ path, code }) => [...path, code]), [["password", "length"]]);
    },
  },
  {
    name: "the same password is refused as same_password",
    async run(client) {
      const user = await client.signUp();
      const reply = await changePassword(client, user, user.password);
      assertProblem(reply, { code: "same_password", status: 422, action: "fix_request" });
    },
  },
  {
    name: "an e-mail address of another user is refused as email_exists",
    async run(client) {
      const [user, other] = [await client.signUp(), await client.signUp()];
      const reply = await client.call("account/email", {
        method: "PUT",
        token: user.access_token,
        body: { email: other.email },
      });
      assertProblem(reply, { code: "email_exists", status: 422, action: "fix_request" });
    },
  },
  {
    name: "app_metadata, which guards go by, is changed by an admin only, and at once",
    needs: ["admin"],
    async run(client) {
      const { id, access_token: token } = await client.signUp();
      const read = async () => {
        const { body } = await client.auth("GET", "/user", { token });
        const { app_metadata: { role, teams } } = body as { app_metadata: Record<string, unknown> };
        return { role, teams };
      };
      const change = async (app_metadata: unknown) => {
        const { status, body } = await client.admin("PUT", `/users/${id}`, { app_metadata });
        assertEquals(status, 200, JSON.stringify(body));
      };
      await change({ role: "admin", teams: ["finance"] });
      assertEquals(await read(), { role: "admin", teams: ["finance"] });
      await change({ role: null });
      assertEquals(await read(), { role: undefined, teams: ["finance"] });
      const own = await client.auth("PUT", "/user", {
        token,
        body: { app_metadata: { role: "admin" } },
      });
      assertEquals(own.status, 403, JSON.stringify(own.body));
      assertEquals(await read(), { role: undefined, teams: ["finance"] });
    },
  },
  {
    name: "DELETE account/other-sessions ends the sessions of other devices",
    async run(client) {
      const here = await client.signUp();
      const there = await client.signIn(here);
      const token = here.access_token;
      const reply = await client.call("account/other-sessions", { method: "DELETE", token });
      assertEquals(reply.status, 204);
      await assertAlive(client, here);
      await assertSessionEnded(client, there);
    },
  },
  {
    name: "a recovery link gives a session, whose password change ends the older sessions",
    needs: ["mail"],
    async run(client) {
      const old = await client.signUp();
      const token_hash = await tokenHash(client, old.email);
      const reply = await callback(client, { token_hash, type: "recovery" });
      assertEquals(reply.status, 200, JSON.stringify(reply.body));
      assertEquals(reply.headers.get("cache-control"), "no-store");
      const recovered = reply.body as Session;
      await assertAlive(client, recovered);
      await assertAlive(client, old);

      const password = `Pw-${crypto.randomUUID()}`;
      const { status, body } = await client.auth("PUT", "/user", {
        token: recovered.access_token,
        body: { password, current_password: old.password },
      });
      assertEquals(status, 200, JSON.stringify(body));
      await assertAlive(client, recovered);
      await assertSessionEnded(client, old);
    },
  },
  {
    name: "a mail link that was used is refused as otp_expired",
    needs: ["mail"],
    async run(client) {
      const user = await client.signUp();
      const proof = { token_hash: await tokenHash(client, user.email), type: "recovery" };
      assertEquals((await callback(client, proof)).status, 200);
      assertProblem(await callback(client, proof), {
        code: "otp_expired",
        status: 403,
        action: "restart_flow",
        replay: false,
      });
    },
  },
  {
    name: "an unknown PKCE code is refused as flow_state_not_found",
    async run(client) {
      const proof = { code: crypto.randomUUID(), code_verifier: "v".repeat(56) };
      const reply = await callback(client, proof);
      assertProblem(reply, { code: "flow_state_not_found", status: 404, action: "restart_flow" });
    },
  },
  {
    name: "auth-callback accepts only POST, and only from an allowed origin",
    async run(client) {
      const proof = { token_hash: "x", type: "recovery" };
      const foreign = await callback(client, proof, "https://evil.example");
      assertProblem(foreign, { code: "insufficient_scope", status: 403, action: "none" });
      assertEquals(foreign.headers.get("access-control-allow-origin"), null);
      const got = await client.call("auth-callback?token_hash=x&type=recovery");
      assertProblem(got, { code: "method_not_allowed", status: 405, action: "fix_request" });
      assertEquals(got.headers.get("allow"), "POST");
    },
  },
];

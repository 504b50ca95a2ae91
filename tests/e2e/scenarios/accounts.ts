// The functions `account` and `auth-callback`: what a user does to the own account, and what that
// does to the own sessions.
import { assertEquals, assertMatch } from "@std/assert";
import type { Scenario } from "./scenario.ts";
import type { Person, SignedIn, World } from "./world.ts";
import { assertAlive, assertProblem, assertSessionEnded } from "./world.ts";

const ORIGIN = "http://127.0.0.1:3000";

function changePassword(world: World, person: Person, password: string) {
  return world.call("account/password", {
    method: "PUT",
    token: person.access_token,
    body: { password, current_password: person.password },
  });
}

function callback(world: World, body: unknown, origin = ORIGIN) {
  return world.call("auth-callback", { method: "POST", headers: { Origin: origin }, body });
}

async function tokenHash(world: World, email: string): Promise<string> {
  const { status } = await world.auth("POST", "/recover", { body: { email } });
  assertEquals(status, 200);
  const html = await world.mail(email);
  const hash = /token_hash=([A-Za-z0-9_-]+)/.exec(html)?.[1];
  assertMatch(hash ?? "no token_hash in the mail", /^(pkce_)?[0-9a-f]{20,}$/);
  return hash ?? "";
}

export const accounts: readonly Scenario[] = [
  {
    name: "a password change ends the other sessions and keeps this one",
    async run(world) {
      const here = await world.newPerson();
      const there = await world.signIn(here);
      const password = `Pw-${crypto.randomUUID()}`;
      assertEquals((await changePassword(world, here, password)).status, 204);
      await assertAlive(world, here);
      await assertSessionEnded(world, there);
      await assertAlive(world, await world.signIn({ ...here, password }));
    },
  },
  {
    name: "a weak password is refused with its reasons",
    async run(world) {
      const person = await world.newPerson();
      const reply = await changePassword(world, person, "abc");
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
    name: "the same password is refused",
    async run(world) {
      const person = await world.newPerson();
      const reply = await changePassword(world, person, person.password);
      assertProblem(reply, { code: "same_password", status: 422, action: "fix_request" });
    },
  },
  {
    name: "an e-mail address that is taken is refused",
    async run(world) {
      const [person, other] = [await world.newPerson(), await world.newPerson()];
      const reply = await world.call("account/email", {
        method: "PUT",
        token: person.access_token,
        body: { email: other.email },
      });
      assertProblem(reply, { code: "email_exists", status: 422, action: "fix_request" });
    },
  },
  {
    name: "ending the other sessions ends another device's",
    async run(world) {
      const here = await world.newPerson();
      const there = await world.signIn(here);
      const token = here.access_token;
      const reply = await world.call("account/other-sessions", { method: "DELETE", token });
      assertEquals(reply.status, 204);
      await assertAlive(world, here);
      await assertSessionEnded(world, there);
    },
  },
  {
    name: "a recovery link becomes a session, and its new password ends the old ones",
    needs: ["mail"],
    async run(world) {
      const old = await world.newPerson();
      const token_hash = await tokenHash(world, old.email);
      const reply = await callback(world, { token_hash, type: "recovery" });
      assertEquals(reply.status, 200, JSON.stringify(reply.body));
      assertEquals(reply.headers.get("cache-control"), "no-store");
      const recovered = reply.body as SignedIn;
      await assertAlive(world, recovered);
      await assertAlive(world, old);

      const password = `Pw-${crypto.randomUUID()}`;
      const { status, body } = await world.auth("PUT", "/user", {
        token: recovered.access_token,
        body: { password, current_password: old.password },
      });
      assertEquals(status, 200, JSON.stringify(body));
      await assertAlive(world, recovered);
      await assertSessionEnded(world, old);
    },
  },
  {
    name: "a mail link works once: the second time it is otp_expired",
    needs: ["mail"],
    async run(world) {
      const person = await world.newPerson();
      const proof = { token_hash: await tokenHash(world, person.email), type: "recovery" };
      assertEquals((await callback(world, proof)).status, 200);
      assertProblem(await callback(world, proof), {
        code: "otp_expired",
        status: 403,
        action: "restart_flow",
        replay: false,
      });
    },
  },
  {
    name: "an unknown PKCE code is flow_state_not_found",
    async run(world) {
      const proof = { code: crypto.randomUUID(), code_verifier: "v".repeat(56) };
      const reply = await callback(world, proof);
      assertProblem(reply, { code: "flow_state_not_found", status: 404, action: "restart_flow" });
    },
  },
  {
    name: "the callback takes only POST, and only from an allowed origin",
    async run(world) {
      const proof = { token_hash: "x", type: "recovery" };
      const foreign = await callback(world, proof, "https://evil.example");
      assertProblem(foreign, { code: "insufficient_scope", status: 403, action: "none" });
      assertEquals(foreign.headers.get("access-control-allow-origin"), null);
      const got = await world.call("auth-callback?token_hash=x&type=recovery");
      assertProblem(got, { code: "method_not_allowed", status: 405, action: "fix_request" });
      assertEquals(got.headers.get("allow"), "POST");
    },
  },
];

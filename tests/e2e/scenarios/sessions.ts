// What ends which sessions: a local check of the JWT sees none of it.
import { assertEquals } from "@std/assert";
import { now } from "../../support/tokens.ts";
import { assertAlive, assertProblem, assertSessionEnded } from "./assertions.ts";
import type { Scenario } from "./scenario.ts";

export const sessions: readonly Scenario[] = [
  {
    name: "a live session is admitted, with its user and session",
    async run(client) {
      const user = await client.signUp();
      const { status, body } = await client.call("me", { token: user.access_token });
      assertEquals(status, 200);
      const { id, email, session } = body as {
        id: string;
        email: string;
        session: { aal: string };
      };
      assertEquals([id, email, session.aal], [user.id, user.email, "aal1"]);
    },
  },
  {
    name: "a sign-out of scope global ends the sessions of all devices",
    async run(client) {
      const here = await client.signUp();
      const there = await client.signIn(here);
      await assertAlive(client, there);
      const { status } = await client.auth("POST", "/logout", { token: here.access_token });
      assertEquals(status, 204);
      await assertSessionEnded(client, here);
      await assertSessionEnded(client, there);
    },
  },
  {
    name: "a sign-out of scope local ends only this session",
    async run(client) {
      const here = await client.signUp();
      const there = await client.signIn(here);
      await client.auth("POST", "/logout?scope=local", { token: here.access_token });
      await assertSessionEnded(client, here);
      await assertAlive(client, there);
    },
  },
  {
    name: "a sign-out of scope others ends only the other sessions",
    async run(client) {
      const here = await client.signUp();
      const there = await client.signIn(here);
      await client.auth("POST", "/logout?scope=others", { token: here.access_token });
      await assertAlive(client, here);
      await assertSessionEnded(client, there);
    },
  },
  {
    name: "the token before a refresh is admitted until the session ends",
    async run(client) {
      const user = await client.signUp();
      const path = "/token?grant_type=refresh_token";
      const { refresh_token } = user;
      const { status, body } = await client.auth("POST", path, { body: { refresh_token } });
      assertEquals(status, 200);
      const refreshed = body as typeof user;
      await assertAlive(client, user);
      await assertAlive(client, refreshed);
      await client.auth("POST", "/logout", { token: refreshed.access_token });
      await assertSessionEnded(client, user);
      await assertSessionEnded(client, refreshed);
    },
  },
  {
    name: "a deleted user is refused as user_not_found",
    needs: ["admin"],
    async run(client) {
      const user = await client.signUp();
      await assertAlive(client, user);
      assertEquals((await client.admin("DELETE", `/users/${user.id}`)).status, 200);
      const reply = await client.call("me", { token: user.access_token });
      assertProblem(reply, { code: "user_not_found", status: 401, action: "sign_in" });
    },
  },
  {
    name: "a soft-deleted user is refused as session_not_found",
    needs: ["admin"],
    async run(client) {
      const user = await client.signUp();
      const soft = { should_soft_delete: true };
      assertEquals((await client.admin("DELETE", `/users/${user.id}`, soft)).status, 200);
      await assertSessionEnded(client, user);
    },
  },
  {
    name: "a banned user is refused as user_banned, and admitted when the ban is lifted",
    needs: ["admin"],
    async run(client) {
      const user = await client.signUp();
      const ban = (ban_duration: string) =>
        client.admin("PUT", `/users/${user.id}`, { ban_duration });
      assertEquals((await ban("24h")).status, 200);
      const reply = await client.call("me", { token: user.access_token });
      assertProblem(reply, { code: "user_banned", status: 403, action: "contact_support" });
      assertEquals(reply.headers.get("www-authenticate"), null);

      assertEquals((await ban("none")).status, 200);
      // The refusal of a token is cached for some seconds; another token of the session is not.
      const access_token = await client.withClaims(user.access_token, { exp: now() + 600 });
      await assertAlive(client, { ...user, access_token });
    },
  },
  {
    name: "a password change by an admin ends all sessions",
    needs: ["admin"],
    async run(client) {
      const user = await client.signUp();
      const password = `Pw-${crypto.randomUUID()}`;
      const reply = await client.admin("PUT", `/users/${user.id}`, { password });
      assertEquals(reply.status, 200);
      await assertSessionEnded(client, user);
      await assertAlive(client, await client.signIn({ ...user, password }));
    },
  },
];

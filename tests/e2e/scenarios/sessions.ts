// How sessions end, and which of them: what a local check of the JWT never sees.
import { assertEquals } from "@std/assert";
import type { Scenario } from "./scenario.ts";
import { assertAlive, assertProblem, assertSessionEnded } from "./world.ts";

export const sessions: readonly Scenario[] = [
  {
    name: "a living session is admitted, with its user and session",
    async run(world) {
      const person = await world.newPerson();
      const { status, body } = await world.call("me", { token: person.access_token });
      assertEquals(status, 200);
      const { id, email, session } = body as {
        id: string;
        email: string;
        session: { aal: string };
      };
      assertEquals([id, email, session.aal], [person.user.id, person.email, "aal1"]);
    },
  },
  {
    name: "a global sign-out ends this session and the other device's",
    async run(world) {
      const here = await world.newPerson();
      const there = await world.signIn(here);
      await assertAlive(world, there);
      const { status } = await world.auth("POST", "/logout", { token: here.access_token });
      assertEquals(status, 204);
      await assertSessionEnded(world, here);
      await assertSessionEnded(world, there);
    },
  },
  {
    name: "a local sign-out ends only this session",
    async run(world) {
      const here = await world.newPerson();
      const there = await world.signIn(here);
      await world.auth("POST", "/logout?scope=local", { token: here.access_token });
      await assertSessionEnded(world, here);
      await assertAlive(world, there);
    },
  },
  {
    name: "a sign-out of the others ends only the other sessions",
    async run(world) {
      const here = await world.newPerson();
      const there = await world.signIn(here);
      await world.auth("POST", "/logout?scope=others", { token: here.access_token });
      await assertAlive(world, here);
      await assertSessionEnded(world, there);
    },
  },
  {
    name: "a refresh leaves the older token of the session alive until the session ends",
    async run(world) {
      const person = await world.newPerson();
      const path = "/token?grant_type=refresh_token";
      const { refresh_token } = person;
      const { status, body } = await world.auth("POST", path, { body: { refresh_token } });
      assertEquals(status, 200);
      const refreshed = body as typeof person;
      await assertAlive(world, person);
      await assertAlive(world, refreshed);
      await world.auth("POST", "/logout", { token: refreshed.access_token });
      await assertSessionEnded(world, person);
      await assertSessionEnded(world, refreshed);
    },
  },
  {
    name: "a deleted user is refused as user_not_found",
    needs: ["admin"],
    async run(world) {
      const person = await world.newPerson();
      await assertAlive(world, person);
      assertEquals((await world.admin("DELETE", `/users/${person.user.id}`)).status, 200);
      const reply = await world.call("me", { token: person.access_token });
      assertProblem(reply, { code: "user_not_found", status: 401, action: "sign_in" });
    },
  },
  {
    name: "a soft-deleted user's session is gone",
    needs: ["admin"],
    async run(world) {
      const person = await world.newPerson();
      const soft = { should_soft_delete: true };
      assertEquals((await world.admin("DELETE", `/users/${person.user.id}`, soft)).status, 200);
      await assertSessionEnded(world, person);
    },
  },
  {
    name: "a banned user is refused, and admitted again when the ban is lifted",
    needs: ["admin"],
    async run(world) {
      const person = await world.newPerson();
      const ban = (ban_duration: string) =>
        world.admin("PUT", `/users/${person.user.id}`, { ban_duration });
      assertEquals((await ban("24h")).status, 200);
      const reply = await world.call("me", { token: person.access_token });
      assertProblem(reply, { code: "user_banned", status: 403, action: "contact_support" });
      assertEquals(reply.headers.get("www-authenticate"), null);

      assertEquals((await ban("none")).status, 200);
      // A dead token is remembered for some seconds; another one of the same session is not.
      const exp = Math.floor(Date.now() / 1000) + 600;
      const access_token = await world.mint(person.access_token, { exp });
      await assertAlive(world, { ...person, access_token });
    },
  },
  {
    name: "an admin's password change ends all sessions",
    needs: ["admin"],
    async run(world) {
      const person = await world.newPerson();
      const password = `Pw-${crypto.randomUUID()}`;
      const reply = await world.admin("PUT", `/users/${person.user.id}`, { password });
      assertEquals(reply.status, 200);
      await assertSessionEnded(world, person);
      await assertAlive(world, await world.signIn({ ...person, password }));
    },
  },
];

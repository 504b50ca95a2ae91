// The function `organizations`: a guard that reads a membership for every request, as the caller.
import { assertEquals } from "@std/assert";
import { assertProblem } from "./assertions.ts";
import type { StackClient, TestUser } from "./client.ts";
import type { Scenario } from "./scenario.ts";

const REFUSED = {
  code: "insufficient_scope",
  status: 403,
  action: "none",
  replay: true,
} as const;

/** Calls the Data API as the project: with a secret key, which bypasses row level security. */
async function asProject({ stack }: StackClient, method: string, path: string, body?: unknown) {
  const response = await fetch(`${stack.url}/rest/v1/${path}`, {
    method,
    headers: {
      apikey: stack.keys.secret,
      "Content-Type": "application/json",
      Prefer: "return=representation",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  assertEquals(response.ok, true, text);
  return JSON.parse(text) as Record<string, string>[];
}

/** A new organization with these members. */
async function newOrganization(
  client: StackClient,
  members: readonly (readonly [user: TestUser, role: string])[],
): Promise<string> {
  const [organization] = await asProject(client, "POST", "organizations", { name: "Tea" });
  const id = organization!.id!;
  for (const [user, role] of members) {
    const member = { organization_id: id, user_id: user.id, role };
    await asProject(client, "POST", "members", member);
  }
  return id;
}

const read = (client: StackClient, id: string, { access_token: token }: TestUser) =>
  client.call(`organizations/${id}`, { token });

const rename = (client: StackClient, id: string, { access_token: token }: TestUser) =>
  client.call(`organizations/${id}`, { method: "PATCH", token, body: { name: "Cake" } });

export const organizations: readonly Scenario[] = [
  {
    name: "only members of an organization read it, and only its admins change it",
    needs: ["rest"],
    async run(client) {
      const [admin, member, other] = [
        await client.signUp(),
        await client.signUp(),
        await client.signUp(),
      ];
      const id = await newOrganization(client, [[admin, "admin"], [member, "member"]]);
      await newOrganization(client, [[other, "admin"]]);
      for (const user of [admin, member]) {
        const { status, body } = await read(client, id, user);
        assertEquals([status, body], [200, { id, name: "Tea" }]);
      }
      assertProblem(await read(client, id, other), REFUSED);
      assertProblem(await read(client, crypto.randomUUID(), other), REFUSED);
      for (const user of [member, other]) assertProblem(await rename(client, id, user), REFUSED);
      assertEquals((await rename(client, id, admin)).body, { id, name: "Cake" });
    },
  },
  {
    name: "a membership that was taken away counts at the next request, with the same token",
    needs: ["rest"],
    async run(client) {
      const user = await client.signUp();
      const id = await newOrganization(client, [[user, "member"]]);
      assertEquals((await read(client, id, user)).status, 200);
      await asProject(client, "DELETE", `members?organization_id=eq.${id}&user_id=eq.${user.id}`);
      assertProblem(await read(client, id, user), REFUSED);
      const again = { organization_id: id, user_id: user.id, role: "admin" };
      await asProject(client, "POST", "members", again);
      assertEquals((await rename(client, id, user)).status, 200);
    },
  },
  {
    name: "a user cannot become a member, or an admin, through the Data API",
    needs: ["rest"],
    async run(client) {
      const [member, other] = [await client.signUp(), await client.signUp()];
      const id = await newOrganization(client, [[member, "member"]]);
      const { url, keys } = client.stack;
      const send = async (method: string, path: string, user: TestUser, body: unknown) => {
        const response = await fetch(`${url}/rest/v1/${path}`, {
          method,
          headers: {
            apikey: keys.publishable,
            Authorization: `Bearer ${user.access_token}`,
            "Content-Type": "application/json",
          },
          body: JSON.stringify(body),
        });
        await response.body?.cancel();
      };
      await send("POST", "members", other, { organization_id: id, user_id: other.id });
      await send("PATCH", `members?user_id=eq.${member.id}`, member, { role: "admin" });
      assertProblem(await read(client, id, other), REFUSED);
      assertProblem(await rename(client, id, member), REFUSED);
    },
  },
];

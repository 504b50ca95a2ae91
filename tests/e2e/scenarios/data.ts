// The function `todos`: row level security as the caller, and bodies checked against a schema.
import { assertEquals } from "@std/assert";
import { assertProblem } from "./assertions.ts";
import type { StackClient, TestUser } from "./client.ts";
import type { Scenario } from "./scenario.ts";

type Todo = { id: string; title: string; done: boolean };

async function newTodo(client: StackClient, { access_token: token }: TestUser, title: string) {
  const reply = await client.call("todos", { method: "POST", token, body: { title } });
  assertEquals(reply.status, 201, JSON.stringify(reply.body));
  return reply.body as Todo;
}

async function titles(client: StackClient, { access_token: token }: TestUser) {
  const { body } = await client.call("todos", { token });
  return (body as Todo[]).map(({ title }) => title);
}

export const data: readonly Scenario[] = [
  {
    name: "a user creates, lists, changes and deletes rows",
    needs: ["rest"],
    async run(client) {
      const user = await client.signUp();
      const token = user.access_token;
      const { id } = await newTodo(client, user, "tea");
      assertEquals(await titles(client, user), ["tea"]);
      const changed = await client.call(`todos/${id}`, {
        method: "PATCH",
        token,
        body: { done: true },
      });
      assertEquals([changed.status, (changed.body as Todo).done], [200, true]);
      assertEquals((await client.call(`todos/${id}`, { method: "DELETE", token })).status, 204);
      assertEquals(await titles(client, user), []);
    },
  },
  {
    name: "rows of another user cannot be listed, changed or deleted",
    needs: ["rest"],
    async run(client) {
      const [ada, bob] = [await client.signUp(), await client.signUp()];
      const { id } = await newTodo(client, ada, "hers");
      const token = bob.access_token;
      assertEquals(await titles(client, bob), []);
      const missing = { code: "not_found", status: 404, action: "fix_request" } as const;
      const body = { title: "his" };
      assertProblem(await client.call(`todos/${id}`, { method: "PATCH", token, body }), missing);
      assertProblem(await client.call(`todos/${id}`, { method: "DELETE", token }), missing);
      assertEquals(await titles(client, ada), ["hers"]);
    },
  },
  {
    name: "a request without a user reads no rows, from the function or the Data API",
    needs: ["rest"],
    async run(client) {
      await newTodo(client, await client.signUp(), "hers");
      assertProblem(await client.call("todos"), {
        code: "no_authorization",
        status: 401,
        action: "sign_in",
      });
      const { url, keys } = client.stack;
      const direct = await fetch(`${url}/rest/v1/todos?select=*`, {
        headers: { apikey: keys.publishable },
      });
      const rows: unknown = await direct.json();
      assertEquals(direct.ok ? rows : [], []);
    },
  },
  {
    name: "a body that does not fit the schema is validation_failed, with its issues",
    needs: ["rest"],
    async run(client) {
      const { access_token: token } = await client.signUp();
      const post = (body: unknown) => client.call("todos", { method: "POST", token, body });
      const { issues } = assertProblem(await post({ title: 7 }), {
        code: "validation_failed",
        status: 400,
        action: "fix_request",
        replay: false,
      });
      assertEquals(issues?.map(({ path }) => path), [["title"]]);
      assertEquals((await post({ title: "tea", user_id: "somebody else" })).status, 400);
    },
  },
];

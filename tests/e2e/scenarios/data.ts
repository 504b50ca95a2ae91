// The function `todos`: row level security as the caller, and bodies held against a schema.
import { assertEquals } from "@std/assert";
import type { Scenario } from "./scenario.ts";
import { assertProblem, type Person, type World } from "./world.ts";

type Todo = { id: string; title: string; done: boolean };

async function newTodo(world: World, { access_token: token }: Person, title: string) {
  const reply = await world.call("todos", { method: "POST", token, body: { title } });
  assertEquals(reply.status, 201, JSON.stringify(reply.body));
  return reply.body as Todo;
}

async function titles(world: World, { access_token: token }: Person) {
  const { body } = await world.call("todos", { token });
  return (body as Todo[]).map(({ title }) => title);
}

export const data: readonly Scenario[] = [
  {
    name: "a user creates, lists, changes and deletes own rows",
    needs: ["rest"],
    async run(world) {
      const person = await world.newPerson();
      const token = person.access_token;
      const { id } = await newTodo(world, person, "tea");
      assertEquals(await titles(world, person), ["tea"]);
      const changed = await world.call(`todos/${id}`, {
        method: "PATCH",
        token,
        body: { done: true },
      });
      assertEquals([changed.status, (changed.body as Todo).done], [200, true]);
      assertEquals((await world.call(`todos/${id}`, { method: "DELETE", token })).status, 204);
      assertEquals(await titles(world, person), []);
    },
  },
  {
    name: "another user's rows do not exist: not in the list, not to change, not to delete",
    needs: ["rest"],
    async run(world) {
      const [ada, bob] = [await world.newPerson(), await world.newPerson()];
      const { id } = await newTodo(world, ada, "hers");
      const token = bob.access_token;
      assertEquals(await titles(world, bob), []);
      const missing = { code: "not_found", status: 404, action: "fix_request" } as const;
      const body = { title: "his" };
      assertProblem(await world.call(`todos/${id}`, { method: "PATCH", token, body }), missing);
      assertProblem(await world.call(`todos/${id}`, { method: "DELETE", token }), missing);
      assertEquals(await titles(world, ada), ["hers"]);
    },
  },
  {
    name: "nobody reads nothing, through the function or past it",
    needs: ["rest"],
    async run(world) {
      await newTodo(world, await world.newPerson(), "hers");
      assertProblem(await world.call("todos"), {
        code: "no_authorization",
        status: 401,
        action: "sign_in",
      });
      const { url, keys } = world.stack;
      const direct = await fetch(`${url}/rest/v1/todos?select=*`, {
        headers: { apikey: keys.publishable },
      });
      const rows: unknown = await direct.json();
      assertEquals(direct.ok ? rows : [], []);
    },
  },
  {
    name: "a body that does not fit is validation_failed, with what is wrong and where",
    needs: ["rest"],
    async run(world) {
      const { access_token: token } = await world.newPerson();
      const post = (body: unknown) => world.call("todos", { method: "POST", token, body });
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

// The functions `jobs` and `hooks`: whom no user is behind. A cron job sends a secret key of its own,
// and Auth signs its hooks.
import { assertEquals } from "@std/assert";
import { createClient } from "@supabase/supabase-js";
import { signWebhook } from "../../../shared/testing/mod.ts";
import { now } from "../../support/tokens.ts";
import { assertProblem } from "./assertions.ts";
import type { Reply, StackClient } from "./client.ts";
import type { Scenario } from "./scenario.ts";

const HOOK = "hooks/before-user-created";

function runJob(client: StackClient, headers: Readonly<Record<string, string>>): Promise<Reply> {
  return client.call("jobs/remove-done", { method: "POST", headers });
}

/** Sends a hook as Auth does, signed with the stack's secret unless something else is said. */
async function sendHook(
  client: StackClient,
  options: { readonly secret?: string; readonly timestamp?: number } = {},
): Promise<Reply> {
  const body = { user: { id: crypto.randomUUID(), email: "ada@example.com" } };
  const { secret = client.stack.hookSecret ?? "" } = options;
  const request = await signWebhook(`/${HOOK}`, { ...options, secret, body });
  const headers = Object.fromEntries(request.headers);
  return await client.call(HOOK, { method: "POST", headers, body });
}

export const machines: readonly Scenario[] = [
  {
    name: "a cron job runs with the key that is named for it, also sent by supabase-js",
    needs: ["rest", "cron_key"],
    async run(client) {
      const { url, cronKey = "" } = client.stack;
      const user = await client.signUp();
      const token = user.access_token;
      const added = await client.call("todos", { method: "POST", token, body: { title: "tea" } });
      const { id } = added.body as { id: string };
      const change = { method: "PATCH", token, body: { done: true } };
      assertEquals((await client.call(`todos/${id}`, change)).status, 200);

      const { status, body } = await runJob(client, { apikey: cronKey });
      assertEquals([status, typeof (body as { removed: number }).removed], [200, "number"]);
      const machine = createClient(url, cronKey, { auth: { persistSession: false } });
      const { data, error } = await machine.functions.invoke("jobs/remove-done");
      assertEquals([error, typeof data.removed], [null, "number"]);
      // Done, but not long ago: it stays.
      assertEquals((await client.call("todos", { token })).body, [{
        ...added.body as object,
        done: true,
      }]);
    },
  },
  {
    name: "a cron job does not run for users, apps, or the key of another name",
    async run(client) {
      const { secret, serviceRole, publishable } = client.stack.keys;
      const { access_token } = await client.signUp();
      const user = { apikey: publishable, Authorization: `Bearer ${access_token}` };
      const forbidden = { code: "insufficient_scope", status: 403, action: "none" } as const;
      assertProblem(await runJob(client, user), forbidden);
      const other = { code: "api_key_not_allowed", status: 403, action: "none" } as const;
      for (const apikey of [secret, serviceRole, publishable]) {
        assertProblem(await runJob(client, { apikey }), other);
      }
    },
  },
  {
    name: "a cron job with a wrong key is invalid_api_key, which no browser takes for a sign-out",
    needs: ["cron_key"],
    async run(client) {
      const reply = await runJob(client, { apikey: "sb_secret_wrong" });
      assertProblem(reply, { code: "invalid_api_key", status: 401, action: "fix_request" });
    },
  },
  {
    name: "a hook that Auth has signed is answered",
    needs: ["hook_secret"],
    async run(client) {
      const { status, body } = await sendHook(client);
      assertEquals([status, body], [200, {}]);
    },
  },
  {
    name: "a hook without a signature, with another one, or from an hour ago is refused",
    needs: ["hook_secret"],
    async run(client) {
      const refused = { status: 401, action: "none", replay: true } as const;
      const { access_token: token } = await client.signUp();
      const unsigned = await client.call(HOOK, { method: "POST", token, body: {} });
      assertProblem(unsigned, { ...refused, code: "webhook_signature_missing" });
      const secret = `v1,whsec_${btoa("the secret of somebody else who signs")}`;
      const foreign = await sendHook(client, { secret });
      assertProblem(foreign, { ...refused, code: "webhook_signature_invalid" });
      const late = await sendHook(client, { timestamp: now() - 3600 });
      assertProblem(late, { ...refused, code: "webhook_outside_window" });
    },
  },
];

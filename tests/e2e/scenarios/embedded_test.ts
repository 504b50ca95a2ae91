// The scenario table on the embedded stack, with the real functions in workers behind it.
import { bootStack } from "../../../supabase/local/stack.ts";
import { registerScenarios } from "./register.ts";

const BEFORE_USER_CREATED_HOOK_SECRET = `v1,whsec_${btoa(crypto.randomUUID())}`;
const stack = await bootStack({ port: 0, env: { BEFORE_USER_CREATED_HOOK_SECRET } });
Deno.test.afterAll(() => stack.close());

registerScenarios({
  stack,
  mailbox: (address) => {
    const html = stack.mails.findLast(({ to }) => to === address)?.html;
    if (html === undefined) throw new Error(`no mail to ${address}`);
    return Promise.resolve(html);
  },
});

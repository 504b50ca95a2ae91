import { assertEquals } from "@std/assert";
import type { AuthSettings } from "../../../supabase/local/config.ts";
import { bootStack } from "../../../supabase/local/stack.ts";

const CASES: readonly [settings: Partial<AuthSettings>, expected: string | undefined][] = [
  [{}, undefined],
  [{ signUpEnabled: false }, "signup_disabled"],
  [{ emailSignUpEnabled: false }, "email_provider_disabled"],
];

for (const [settings, expected] of CASES) {
  Deno.test(`answerAuth() answers ${expected ?? "a session"} to a sign-up with ${JSON.stringify(settings)}`, async () => {
    await using stack = await bootStack({ port: 0, functions: false, settings });
    const post = async (path: string, body: unknown) => {
      const init = { method: "POST", body: JSON.stringify(body) };
      const answer = await fetch(`${stack.url}/auth/v1${path}`, init);
      return [answer.status, (await answer.json()).error_code];
    };
    const refused = expected === undefined ? [200, undefined] : [422, expected];
    const password = "correct-horse-battery";
    assertEquals(await post("/signup", { email: "ada@example.com", password }), refused);
    assertEquals(await post("/otp", { email: "bob@example.com" }), refused);
  });
}

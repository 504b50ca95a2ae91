// What the verification of a second factor does to sessions.
import { assertEquals } from "@std/assert";
import type { Scenario } from "./scenario.ts";
import { totp } from "./totp.ts";
import { assertAlive, assertSessionEnded } from "./assertions.ts";
import type { Session, StackClient, TestUser } from "./client.ts";

/** Enrols a TOTP factor and verifies it: the session becomes aal2, with a new token. */
async function stepUp(client: StackClient, { access_token: token }: TestUser): Promise<Session> {
  const enrolled = await client.auth("POST", "/factors", { token, body: { factor_type: "totp" } });
  assertEquals(enrolled.status, 200, JSON.stringify(enrolled.body));
  const factor = enrolled.body as { id: string; totp: { secret: string } };
  const path = `/factors/${factor.id}`;
  const challenge = await client.auth("POST", `${path}/challenge`, { token, body: {} });
  const { id: challenge_id } = challenge.body as { id: string };
  const code = await totp(factor.totp.secret, Date.now());
  const verified = await client.auth("POST", `${path}/verify`, {
    token,
    body: { challenge_id, code },
  });
  assertEquals(verified.status, 200, JSON.stringify(verified.body));
  return verified.body as Session;
}

export const mfa: readonly Scenario[] = [
  {
    name: "a verified second factor makes the session aal2 and ends the user's other aal1 sessions",
    needs: ["mfa"],
    async run(client) {
      const here = await client.signUp();
      const there = await client.signIn(here);
      const stronger = await stepUp(client, here);
      const { body } = await client.call("me", { token: stronger.access_token });
      assertEquals((body as { session: { aal: string } }).session.aal, "aal2");
      await assertAlive(client, here);
      await assertSessionEnded(client, there);
    },
  },
];

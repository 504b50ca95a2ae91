// Second factors: what verifying one does to the user's sessions.
import { assertEquals } from "@std/assert";
import type { Scenario } from "./scenario.ts";
import { totp } from "./totp.ts";
import {
  assertAlive,
  assertSessionEnded,
  type Person,
  type SignedIn,
  type World,
} from "./world.ts";

/** Enrols a TOTP factor and verifies it: the session becomes aal2, with a new token. */
async function stepUp(world: World, { access_token: token }: Person): Promise<SignedIn> {
  const enrolled = await world.auth("POST", "/factors", { token, body: { factor_type: "totp" } });
  assertEquals(enrolled.status, 200, JSON.stringify(enrolled.body));
  const factor = enrolled.body as { id: string; totp: { secret: string } };
  const path = `/factors/${factor.id}`;
  const challenge = await world.auth("POST", `${path}/challenge`, { token, body: {} });
  const { id: challenge_id } = challenge.body as { id: string };
  const code = await totp(factor.totp.secret, Date.now());
  const verified = await world.auth("POST", `${path}/verify`, {
    token,
    body: { challenge_id, code },
  });
  assertEquals(verified.status, 200, JSON.stringify(verified.body));
  return verified.body as SignedIn;
}

export const mfa: readonly Scenario[] = [
  {
    name: "a verified second factor makes the session aal2 and ends the user's other aal1 sessions",
    needs: ["mfa"],
    async run(world) {
      const here = await world.newPerson();
      const there = await world.signIn(here);
      const stronger = await stepUp(world, here);
      const { body } = await world.call("me", { token: stronger.access_token });
      assertEquals((body as { session: { aal: string } }).session.aal, "aal2");
      await assertAlive(world, here);
      await assertSessionEnded(world, there);
    },
  },
];

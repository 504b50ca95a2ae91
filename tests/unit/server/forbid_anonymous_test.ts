import { assertEquals } from "@std/assert";
import { forbidAnonymous } from "../../../shared/mod.ts";
import { assertRefusal } from "../../support/server.ts";
import { askGuards, GUARD_REFUSALS } from "../../support/guards.ts";

Deno.test("forbidAnonymous() lets permanent users through, also if Auth has no anonymous sign-ins", async () => {
  for (const is_anonymous of [false, undefined, null]) {
    // The token is of before the user added an address.
    const caller = { user: { is_anonymous }, claims: { is_anonymous: true } };
    assertEquals([is_anonymous, (await askGuards(forbidAnonymous(), caller)).status], [
      is_anonymous,
      200,
    ]);
  }
  assertEquals(forbidAnonymous().name, "forbidAnonymous");
});

Deno.test("forbidAnonymous() refuses an anonymous user, whatever the token says", async () => {
  for (const claim of [true, false, undefined]) {
    const caller = { user: { is_anonymous: true }, claims: { is_anonymous: claim } };
    await assertRefusal(
      await askGuards(forbidAnonymous(), caller),
      GUARD_REFUSALS.anonymous_not_allowed,
    );
  }
});

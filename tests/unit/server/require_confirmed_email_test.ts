import { assertEquals } from "@std/assert";
import { requireConfirmedEmail } from "../../../shared/mod.ts";
import { assertRefusal } from "../../support/server.ts";
import { askGuards, GUARD_REFUSALS } from "../../support/guards.ts";

const CONFIRMED = { email_confirmed_at: "2026-11-01T08:00:00Z" };

Deno.test("requireConfirmedEmail() lets users through whose address is confirmed", async () => {
  assertEquals((await askGuards(requireConfirmedEmail(), { user: CONFIRMED })).status, 200);
  // A change that is not confirmed yet leaves the old address in place.
  const changing = { ...CONFIRMED, new_email: "new@example.com" };
  assertEquals((await askGuards(requireConfirmedEmail(), { user: changing })).status, 200);
  assertEquals(requireConfirmedEmail().name, "requireConfirmedEmail");
});

Deno.test("requireConfirmedEmail() refuses all others, whatever they write about themselves", async () => {
  const users = [
    {},
    { email_confirmed_at: null },
    { email_confirmed_at: "" },
    { ...CONFIRMED, email: "" },
    { ...CONFIRMED, email: null },
    { user_metadata: { email_verified: true } },
    { email: "", phone: "1", phone_confirmed_at: "2026-11-01T08:00:00Z", confirmed_at: "2026" },
  ];
  for (const user of users) {
    const claims = { user_metadata: { email_verified: true }, email_verified: true };
    const response = await askGuards(requireConfirmedEmail(), { user, claims });
    await assertRefusal(response, GUARD_REFUSALS.email_not_confirmed);
  }
});

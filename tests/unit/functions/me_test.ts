import { assertEquals } from "@std/assert";
import {
  assertRefusal,
  bearer,
  deployed,
  REFUSALS,
  SESSION_ID,
  token,
  USER_ID,
} from "../../support/server.ts";

const me = deployed(() => import("../../../functions/me/index.ts"));

Deno.test("me answers with the user and the session of the caller", async () => {
  const response = await me.request("/me", { headers: bearer(token({ aal: "aal2" })) });
  const { id, email, session } = await response.json();
  assertEquals([response.status, id, email], [200, USER_ID, "ada@example.com"]);
  assertEquals([session.id, session.aal], [SESSION_ID, "aal2"]);
});

Deno.test("me refuses a request without a valid token", async () => {
  await assertRefusal(await me.request("/me"), REFUSALS.no_authorization);
  await assertRefusal(await me.request("/me", { headers: bearer("x") }), REFUSALS.bad_jwt);
});

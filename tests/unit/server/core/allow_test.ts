import { assertEquals } from "@std/assert";
import { readAllow, takesName, USERS_ONLY } from "../../../../shared/server/core/allow.ts";

Deno.test("readAllow() reads a list of modes", () => {
  assertEquals(readAllow(["user"]), USERS_ONLY);
  assertEquals(readAllow(["secret", "secret:cron", "publishable:*", "none"]), {
    user: false,
    none: true,
    secret: new Set(["default", "cron"]),
    publishable: "*",
    isUsersOnly: false,
  });
  assertEquals(readAllow(["user", "secret:a", "secret:*"]).secret, "*");
});

Deno.test("takesName() takes every name for `*`, and none for no list", () => {
  assertEquals(
    [takesName("*", "a"), takesName(null, "a"), takesName(new Set(["a"]), "a")],
    [true, false, true],
  );
  assertEquals(takesName(new Set(["a"]), "*"), false);
});

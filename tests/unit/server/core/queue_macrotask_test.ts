import { assertEquals } from "@std/assert";
import { SANITIZED } from "../../../support/server.ts";
import { byMessage, nextTurn } from "../../../../shared/server/core/queue_macrotask.ts";

for (const [name, turn] of Object.entries({ nextTurn, byMessage })) {
  Deno.test({
    name: `${name}() calls back once, after every job of this turn, and leaves nothing open`,
    ...SANITIZED,
    async fn() {
      const order: string[] = [];
      const called = new Promise<void>((resolve) => {
        turn(() => {
          order.push("turn");
          resolve();
        });
      });
      for (let job = 0; job < 100; job++) await Promise.resolve();
      order.push("jobs");
      await called;
      assertEquals(order, ["jobs", "turn"]);
    },
  });
}

Deno.test("nextTurn() goes by a message where the runtime has no setImmediate, as the edge runtime", async () => {
  const own = Object.getOwnPropertyDescriptor(globalThis, "setImmediate");
  try {
    Reflect.deleteProperty(globalThis, "setImmediate");
    const module =
      new URL("../../../../shared/server/core/queue_macrotask.ts?without", import.meta.url).href;
    const { nextTurn, byMessage } = await import(
      module
    ) as typeof import("../../../../shared/server/core/queue_macrotask.ts");
    assertEquals(nextTurn, byMessage);
  } finally {
    if (own !== undefined) Object.defineProperty(globalThis, "setImmediate", own);
  }
});

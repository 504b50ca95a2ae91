import { assert, assertEquals } from "@std/assert";
import { callHook } from "../../../../shared/server/internal/call_hook.ts";
import { logged } from "../../../support/server.ts";

Deno.test("callHook() returns what the hook returns", () => {
  assertEquals(callHook("onError", () => false), false);
  assertEquals(callHook("onError", () => undefined), undefined);
});

Deno.test("callHook() logs the first failure of each hook, masked, when it throws or rejects", async () => {
  const text = await logged(async () => {
    const token = `eyJ${"x".repeat(20)}.${"y".repeat(20)}.${"z".repeat(20)}`;
    const fail = () => {
      throw new RangeError(`no room for ${token}`);
    };
    assertEquals(callHook("onDecision", fail), undefined);
    callHook("onDecision", fail);
    for (let n = 0; n < 2; n++) {
      const returned = callHook("onError", () => Promise.reject(new Error("queue is full")));
      await Promise.resolve(returned).catch(() => {});
    }
  });
  assertEquals(text.match(/onDecision\(\) failed.*: RangeError: no room for /g)?.length, 1, text);
  assertEquals(text.match(/onError\(\) failed.*: Error: queue is full/g)?.length, 1, text);
  assert(!text.includes("eyJ"), text);
});

import { assertEquals } from "@std/assert";
import { createQueue } from "../../../../shared/server/core/queue.ts";
import { inFakeTime, settle } from "../../../support/server.ts";

/** The result of each wait so far; `null` for one that still waits. */
function watch(...waiting: Promise<boolean>[]): (boolean | null)[] {
  const results: (boolean | null)[] = waiting.map(() => null);
  waiting.forEach((one, n) => void one.then((isReleased) => results[n] = isReleased));
  return results;
}

Deno.test("createQueue() releases the newest first, and drops those whose time is up", () =>
  inFakeTime(async (time) => {
    const queue = createQueue(10);
    const results = watch(
      queue.wait("", 1000),
      queue.wait("", 1000),
      queue.wait("", 50),
      queue.wait("", 1000),
    );
    time.tick(50);
    queue.releaseNewest();
    queue.releaseNewest();
    await settle();
    assertEquals([results, queue.size], [[null, true, false, true], 1]);
    time.tick(950);
    await settle();
    assertEquals([results[0], queue.size], [false, 0]);
    queue.releaseNewest();
    queue.releaseAll("");
    assertEquals(queue.size, 0);
  }));

Deno.test("createQueue() releases all with a label, wherever they are in the queue", () =>
  inFakeTime(async () => {
    const queue = createQueue(10);
    const results = watch(...["a", "b", "a", "c", "a"].map((label) => queue.wait(label, 1000)));
    queue.releaseAll("a");
    await settle();
    assertEquals([results, queue.size], [[true, null, true, null, true], 2]);
    queue.releaseNewest();
    queue.releaseNewest();
    await settle();
    assertEquals([results, queue.size], [[true, true, true, true, true], 0]);
  }));

Deno.test("createQueue() refuses a wait when it is full", () =>
  inFakeTime(async (time) => {
    const queue = createQueue(2);
    const results = watch(queue.wait("", 10), queue.wait("", 10), queue.wait("", 10));
    await settle();
    assertEquals([results, queue.size], [[null, null, false], 2]);
    time.tick(10);
  }));

import { assertEquals } from "@std/assert";
import { createQueue } from "../../../../shared/server/core/queue.ts";
import { inFakeTime, settle } from "../../../support/server.ts";

/** What each who waits has been told by now; `null` for one that still waits. */
function watch(...waiting: Promise<boolean>[]): (boolean | null)[] {
  const told: (boolean | null)[] = waiting.map(() => null);
  waiting.forEach((one, n) => void one.then((isReleased) => told[n] = isReleased));
  return told;
}

Deno.test("createQueue() releases who came last, and forgets who left", () =>
  inFakeTime(async (time) => {
    const queue = createQueue(10);
    const told = watch(
      queue.wait("", 1000),
      queue.wait("", 1000),
      queue.wait("", 50),
      queue.wait("", 1000),
    );
    time.tick(50);
    queue.releaseNewest();
    queue.releaseNewest();
    await settle();
    assertEquals([told, queue.size], [[null, true, false, true], 1]);
    time.tick(950);
    await settle();
    assertEquals([told[0], queue.size], [false, 0]);
    queue.releaseNewest();
    queue.releaseAll("");
    assertEquals(queue.size, 0);
  }));

Deno.test("createQueue() releases all with a label, wherever they stand", () =>
  inFakeTime(async () => {
    const queue = createQueue(10);
    const told = watch(...["a", "b", "a", "c", "a"].map((label) => queue.wait(label, 1000)));
    queue.releaseAll("a");
    await settle();
    assertEquals([told, queue.size], [[true, null, true, null, true], 2]);
    queue.releaseNewest();
    queue.releaseNewest();
    await settle();
    assertEquals([told, queue.size], [[true, true, true, true, true], 0]);
  }));

Deno.test("createQueue() is bounded", () =>
  inFakeTime(async (time) => {
    const queue = createQueue(2);
    const told = watch(queue.wait("", 10), queue.wait("", 10), queue.wait("", 10));
    await settle();
    assertEquals([told, queue.size], [[null, null, false], 2]);
    time.tick(10);
  }));

import { assert, assertEquals } from "@std/assert";
import type { GetUserResult } from "../../../../shared/server/core/get_user.ts";
import { limitUnverified } from "../../../../shared/server/core/limit_unverified.ts";
import { inFakeTime, settle } from "../../../support/server.ts";

const ANSWER: GetUserResult = {
  user: null,
  answer: { kind: "answer", status: 200, headers: new Headers(), text: "", body: null },
  calls: 1,
};

/** Limits before an Auth that takes `ms` for each call. */
function limited(ms: number) {
  const it = { asked: [] as string[], timeouts: [] as number[], running: 0, most: 0 };
  const limits = limitUnverified((token, timeoutMs) => {
    it.asked.push(token);
    it.timeouts.push(timeoutMs);
    it.most = Math.max(it.most, ++it.running);
    return new Promise((resolve) =>
      setTimeout(() => {
        it.running--;
        resolve(ANSWER);
      }, ms)
    );
  });
  const flood = () => {
    for (let n = 0; n < 100; n++) limits.recordForged();
  };
  return { ...limits, flood, it };
}

Deno.test("limitUnverified() limits no token before Auth refuses many, and no verified token", () =>
  inFakeTime(async (time) => {
    const { getUser, recordForged, flood, it } = limited(200);
    for (let n = 0; n < 9; n++) recordForged();
    for (let n = 0; n < 1000; n++) void getUser(`new${n}`, 3000, "unverifiable", "");
    assertEquals(it.asked.length, 1000);
    flood();
    for (let n = 0; n < 1000; n++) void getUser(`known${n}`, 3000, "verified", "");
    assertEquals(it.asked.length, 2000);
    void getUser("new", 3000, "unverifiable", "");
    void getUser("doubtful", 3000, "doubtful", "k");
    await settle();
    assertEquals(it.asked.length, 2001); // the doubtful one has a budget of its own
    await time.tickAsync(1000);
  }));

Deno.test("limitUnverified() runs 256 calls at once in a flood, and lets others wait 0.8 s at most", () =>
  inFakeTime(async (time) => {
    const { getUser, flood, it } = limited(600);
    flood();
    let late = 0;
    const began = Date.now();
    for (let n = 0; n < 600; n++) {
      void getUser(`t${n}`, 3000, "unverifiable", "").then(({ calls }) => {
        if (calls === 0) late++;
        if (calls === 0) assert(Date.now() - began <= 800);
      });
    }
    await settle();
    assertEquals(it.asked.length, 256);
    await time.tickAsync(790);
    assertEquals([it.asked.length, it.most], [512, 256]);
    assert(it.timeouts.every((left) => left >= 2200));
    assert(
      it.timeouts.slice(256).every((left) => left <= 2400),
      "their wait counts against their time",
    );
    await time.tickAsync(1000);
    assertEquals(late, 600 - 512);
  }));

Deno.test("limitUnverified() lets a call wait for half of its time at most", () =>
  inFakeTime(async (time) => {
    const { getUser, flood } = limited(10_000);
    flood();
    for (let n = 0; n < 256; n++) void getUser(`t${n}`, 60_000, "unverifiable", "");
    let calls = -1;
    void getUser("t", 300, "unverifiable", "").then((result) => (calls = result.calls));
    await time.tickAsync(140);
    assertEquals(calls, -1);
    await time.tickAsync(10);
    assertEquals(calls, 0);
    await time.tickAsync(10_000);
  }));

Deno.test("limitUnverified() forgets one refusal per second", () =>
  inFakeTime(async (time) => {
    const { getUser, flood, it } = limited(60_000);
    flood();
    await time.tickAsync(61_000);
    for (let n = 0; n < 300; n++) void getUser(`t${n}`, 100_000, "unverifiable", "");
    assertEquals(it.asked.length, 300);
    await time.tickAsync(60_000);
  }));

Deno.test("limitUnverified() asks about doubtful tokens 20 times, then 5 times per second", () =>
  inFakeTime(async (time) => {
    const { getUser, it } = limited(10);
    let refused = 0;
    const seconds = 10;
    for (let n = 0; n < 200 * seconds; n++) {
      void getUser(`t${n}`, 3000, "doubtful", `kid${n}`).then(({ calls }) => calls || refused++);
      if (n % 2 === 1) await time.tickAsync(10);
    }
    assert(it.asked.length <= 20 + 5 * seconds + 1, `${it.asked.length} calls`);
    assert(it.asked.length >= 20 + 5 * seconds - 5, `${it.asked.length} calls`);
    await time.tickAsync(1000);
    assertEquals(refused + it.asked.length, 2000);
  }));

Deno.test("limitUnverified() releases all tokens of a key when Auth has confirmed it", () =>
  inFakeTime(async (time) => {
    const { getUser, recordKey, it } = limited(10);
    for (let n = 0; n < 300; n++) void getUser(`t${n}`, 3000, "doubtful", "new");
    void getUser("other", 3000, "doubtful", "other");
    await settle();
    assertEquals(it.asked.length, 20);
    recordKey("new");
    await settle();
    assertEquals([it.asked.length, it.asked.includes("other")], [300, false]);
    await time.tickAsync(2000);
  }));

Deno.test("limitUnverified() starts no call while more are running than a flood allows", () =>
  inFakeTime(async (time) => {
    const { getUser, flood, it } = limited(100);
    for (let n = 0; n < 600; n++) void getUser(`before${n}`, 3000, "unverifiable", "");
    flood();
    await time.tickAsync(50);
    for (let n = 0; n < 400; n++) void getUser(`after${n}`, 3000, "unverifiable", "");
    assertEquals(it.running, 600);
    await time.tickAsync(60);
    assert(it.running <= 256, `${it.running}`);
    await time.tickAsync(1000);
    assertEquals([it.asked.length, it.running], [1000, 0]);
  }));

Deno.test("limitUnverified() asks about a waiting doubtful token also when no other one arrives", () =>
  inFakeTime(async (time) => {
    const { getUser, it } = limited(10);
    for (let n = 0; n < 22; n++) void getUser(`t${n}`, 3000, "doubtful", `k${n}`);
    await settle();
    assertEquals(it.asked.length, 20);
    await time.tickAsync(210);
    assertEquals(it.asked.length, 21);
    await time.tickAsync(200);
    assertEquals(it.asked.length, 22);
  }));

import { assertEquals } from "@std/assert";
import type { AuthAnswer } from "../../../../shared/server/core/auth_answer.ts";
import { NETWORK_FAULT, TIMED_OUT } from "../../../../shared/server/core/bounded_fetch.ts";
import { createBreaker } from "../../../../shared/server/core/breaker.ts";
import { inFakeTime, settle, token } from "../../../support/server.ts";

const status = (status: number): AuthAnswer => ({
  kind: "answer",
  status,
  headers: new Headers(),
  text: "",
  body: null,
});

/** An Auth behind a breaker. */
function auth() {
  const it = {
    answer: NETWORK_FAULT as AuthAnswer,
    asked: [] as string[],
    async ask(token: string, timeoutMs = 3000) {
      const { answer } = await getUser(token, timeoutMs);
      await settle(1);
      return answer.kind === "fault" ? answer.reason : answer.status;
    },
    async fail(...tokens: string[]) {
      for (const token of tokens) await it.ask(token);
    },
  };
  const getUser = createBreaker((token) => {
    it.asked.push(token);
    return Promise.resolve({ user: null, answer: it.answer, calls: 1 });
  });
  return it;
}

Deno.test("createBreaker() opens after faults for five different tokens in a row", () =>
  inFakeTime(async () => {
    for (const fault of [NETWORK_FAULT, TIMED_OUT, status(500), status(503)]) {
      const it = auth();
      it.answer = fault;
      await it.fail("a", "b", "c", "d", "a", "b");
      assertEquals(await it.ask("e"), fault.kind === "fault" ? fault.reason : fault.status);
      const calls = it.asked.length;
      assertEquals([await it.ask("f"), it.asked.length], ["breaker_open", calls]);
    }
  }));

Deno.test("createBreaker() does not open for one caller, for answers below 500, nor for a short time-out", () =>
  inFakeTime(async () => {
    const tokens = ["a", "b", "c", "d", "e", "f", "g"];
    const one = auth();
    for (let n = 0; n < 50; n++) await one.fail("a");
    assertEquals(await one.ask("b"), "network");
    const signIns = auth();
    signIns.answer = status(500); // Auth cannot read the record of this user, who signs in again
    for (let n = 0; n < 9; n++) await signIns.fail(token({ session_id: crypto.randomUUID() }));
    assertEquals(await signIns.ask("b"), 500);
    for (
      const answer of [status(200), status(403), status(429), {
        kind: "fault",
        reason: "too_large",
      }]
    ) {
      const it = auth();
      it.answer = answer as AuthAnswer;
      await it.fail(...tokens);
      it.answer = NETWORK_FAULT;
      assertEquals(await it.ask("h"), "network");
    }
    const hasty = auth();
    hasty.answer = TIMED_OUT;
    for (const token of tokens) await hasty.ask(token, 999);
    assertEquals(await hasty.ask("h"), "timeout");
    const mixed = auth();
    await mixed.fail("a", "b", "c", "d");
    mixed.answer = status(200);
    await mixed.fail("a");
    mixed.answer = NETWORK_FAULT;
    await mixed.fail("a", "b", "c", "d");
    assertEquals(await mixed.ask("f"), "network");
  }));

Deno.test("createBreaker() does not open when faults are more than 10 s apart", () =>
  inFakeTime(async (time) => {
    const it = auth();
    await it.fail("a", "b", "c", "d");
    time.tick(10_001);
    await it.fail("e");
    assertEquals(await it.ask("f"), "network");
  }));

Deno.test("createBreaker() sends one probe per second while it is open, keeps no request waiting, and closes on an answer", () =>
  inFakeTime(async (time) => {
    const it = auth();
    await it.fail("a", "b", "c", "d", "e");
    const calls = it.asked.length;
    for (let second = 1; second <= 10; second++) {
      time.tick(1000);
      for (let n = 0; n < 20; n++) assertEquals(await it.ask(`t${n}`), "breaker_open");
      assertEquals(it.asked.length - calls, second);
    }
    time.tick(1000);
    it.answer = status(403);
    assertEquals(await it.ask("x"), "breaker_open"); // the answer to the probe is for no request
    assertEquals(await it.ask("y"), 403);
  }));

Deno.test("createBreaker() closes within two seconds when Auth is back after probes that hang", () =>
  inFakeTime(async (time) => {
    let isBack = false;
    const getUser = createBreaker((_token, timeoutMs) =>
      isBack
        ? Promise.resolve({ user: null, answer: status(200), calls: 1 })
        : new Promise((resolve) =>
          setTimeout(() => resolve({ user: null, answer: TIMED_OUT, calls: 1 }), timeoutMs)
        )
    );
    for (const token of ["a", "b", "c", "d", "e"]) void getUser(token, 3000);
    for (let n = 0; n < 80; n++) {
      time.tick(100);
      await settle(1);
      void getUser("f", 3000);
    }
    isBack = true;
    for (let n = 0; n < 20; n++) {
      time.tick(100);
      await settle(1);
      void getUser("f", 3000);
    }
    const { answer } = await getUser("f", 3000);
    assertEquals(answer.kind, "answer");
  }));

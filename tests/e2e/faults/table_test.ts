import { assert, assertEquals } from "@std/assert";
import { measureAll, readPage, render } from "./table.ts";

const rows = await measureAll();
const row = (fault: string) => rows.find((one) => one.fault === fault)!;

Deno.test("the page of faults is the one that the code makes", async () => {
  assertEquals(await readPage(), render(rows), "run `deno task docs`");
});

Deno.test("no fault of Auth, or of the way to it, is a 401 or an admission", () => {
  const admitted = rows.filter(({ status }) => status === 200).map(({ fault }) => fault);
  assertEquals(admitted, [
    "a live session",
    "a live session after 2.9 s",
    "no connection, then a live session",
  ]);
  const refused = rows.filter(({ status }) => status === 401).map(({ fault }) => fault);
  assertEquals(refused, [
    "403 session_not_found",
    "403 session_not_found, legacy shape",
    "403 user_not_found",
    "403 bad_jwt",
    "400 validation_failed",
    "403 a code that is new",
  ]);
  const signedOut = rows.filter(({ action }) => action === "sign_in").map(({ code }) => code);
  assertEquals(signedOut, ["session_not_found", "session_not_found", "user_not_found"]);
});

Deno.test("a page loses its session only after Auth's own refusal of that session", () => {
  const ended = [
    "403 session_not_found",
    "403 session_not_found, legacy shape",
    "403 user_not_found",
  ];
  const lost = (state: "browser" | "expiredBrowser") =>
    rows.filter((row) => !row[state].isStored).map(({ fault }) => fault);
  assertEquals(lost("browser"), ended);
  // A page may not read Auth's header, and some proxies remove it: the shape has to be enough.
  assertEquals(lost("expiredBrowser"), [...ended, "403 session_not_found without Auth's mark"]);
  for (const { fault, browser, expiredBrowser } of rows) {
    for (const { isStored, isSignedOut } of [browser, expiredBrowser]) {
      assertEquals([fault, isSignedOut], [fault, !isStored]);
    }
  }
});

Deno.test("every fault is answered within the time that Auth may take", () => {
  for (const { fault, ms } of rows) assert(ms <= 3000, `${fault}: ${ms} ms`);
  const slowest = rows.reduce((a, b) => a.ms > b.ms ? a : b);
  console.log(
    `${rows.length} behaviours of Auth; the slowest answer after ${slowest.ms} ms (${slowest.fault})`,
  );
});

Deno.test("a call is tried once more after a broken connection or a 5xx, and never otherwise", () => {
  for (const { fault, calls } of rows) {
    const again = /^(status 5|5\d\d|no connection|a body that breaks)/.test(fault) &&
      !fault.includes("Retry-After");
    assertEquals([fault, calls], [fault, again ? 2 : 1]);
  }
  assertEquals(row("status 429").calls, 1);
});

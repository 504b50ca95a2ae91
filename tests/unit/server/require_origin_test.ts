import { assert, assertEquals, assertThrows } from "@std/assert";
import { Hono } from "hono";
import { requireOrigin } from "../../../shared/mod.ts";
import { isOrigin } from "../../../shared/server/internal/cors.ts";
import { assertRefusal } from "../../support/server.ts";

const APP = "https://app.example";
const DENIED = { status: 403, code: "insufficient_scope", action: "none", replay: false };

Deno.test("requireOrigin() admits only its origins, and no request without an origin", async () => {
  let ran = 0;
  const app = new Hono().post(
    "/",
    requireOrigin([APP, "http://127.0.0.1:3000"]),
    (c) => c.text(`ran ${++ran}`),
  );
  const from = (headers: HeadersInit) => app.request("/", { method: "POST", headers });
  for (const Origin of [APP, "http://127.0.0.1:3000"]) {
    assertEquals((await from({ Origin })).status, 200);
  }
  const foreign: HeadersInit[] = [
    {},
    { Origin: "" },
    { Origin: "null" },
    { Origin: "https://evil.example" },
    { Origin: "http://app.example" },
    { Origin: `${APP}:443` },
    { Origin: `${APP}/` },
    { Origin: `${APP}.evil.example` },
    { Origin: "HTTPS://APP.EXAMPLE" },
    { Referer: `${APP}/page` },
    [["Origin", APP], ["Origin", APP]],
    [["Origin", APP], ["Origin", "https://evil.example"]],
  ];
  for (const headers of foreign) await assertRefusal(await from(headers), DENIED);
  assertEquals(ran, 2);
});

Deno.test("requireOrigin() throws a TypeError when an argument is not an origin", () => {
  const wrong: string[][] = [
    [],
    [""],
    ["*"],
    ["null"],
    ["app.example"],
    [`${APP}/`],
    [`${APP}/path`],
    [`${APP}:443`],
    ["https://APP.example"],
    ["https://user@app.example"],
    ["file:///x"],
    [` ${APP}`],
    [APP, "https://*.example"].slice(0, 1).concat("x"),
  ];
  for (const origins of wrong) assertThrows(() => requireOrigin(origins), TypeError, "origin");
});

Deno.test("isOrigin() is scheme, host and port, and nothing else", () => {
  for (
    const origin of [
      APP,
      "http://localhost:3000",
      "http://[::1]:8080",
      "https://xn--e1afmkfd.example",
    ]
  ) {
    assert(isOrigin(origin));
  }
  const wild = "https://*.app.example"; // an origin to the URL parser, and never a page's
  for (
    const text of ["", "null", "https://пример.example", `${APP}?`, `${APP}#`, "data:,x", wild]
  ) {
    assert(!isOrigin(text));
  }
});

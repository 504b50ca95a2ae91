import { assert, assertEquals } from "@std/assert";
import { edgeFunction, type EdgeFunctionOptions } from "../../../../shared/mod.ts";
import { isOrigin } from "../../../../shared/server/internal/cors.ts";
import {
  assertRefusal,
  bearer,
  fakeAuth,
  REFUSALS,
  refuses,
  token,
} from "../../../support/server.ts";

const APP = "https://app.example";
const EVIL = "https://evil.example";
const preflight = (origin: string, more: Record<string, string> = {}): RequestInit => ({
  method: "OPTIONS",
  headers: { Origin: origin, "Access-Control-Request-Method": "PUT", ...more },
});

function build(cors?: EdgeFunctionOptions["cors"], answer?: () => Response) {
  const { options, calls } = fakeAuth(answer);
  const app = edgeFunction("f", { auth: options, public: ["/open"], ...(cors && { cors }) });
  let ran = 0;
  app.all("/", (c) => c.text(`ran ${++ran}`));
  app.get("/open", (c) => c.text("open"));
  app.get("/own", (c) =>
    c.text("own", 200, {
      "Access-Control-Allow-Origin": EVIL,
      "Access-Control-Allow-Credentials": "true",
      "Access-Control-Expose-Headers": "X-Own",
      Vary: "Accept-Language",
    }));
  return { app, calls, ran: () => ran };
}

Deno.test("createCors() answers a preflight before any check, for all origins by default", async () => {
  const { app, calls, ran } = build();
  const asked = {
    "Access-Control-Request-Headers": "authorization, x-client-info, apikey, content-type",
  };
  for (const path of ["/f", "/f/open", "/f/nowhere"]) {
    const response = await app.request(path, preflight(APP, asked));
    assertEquals(response.status, 204);
    assertEquals(await response.text(), "");
    const get = (name: string) => response.headers.get(`Access-Control-${name}`);
    assertEquals(get("Allow-Origin"), "*");
    assertEquals(get("Allow-Headers"), asked["Access-Control-Request-Headers"]);
    assertEquals(get("Max-Age"), "600");
    assertEquals(get("Allow-Credentials"), null);
    for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]) {
      assert(get("Allow-Methods")?.split(", ").includes(method));
    }
    const vary = response.headers.get("Vary")?.split(", ") ?? [];
    assert(vary.includes("Origin") && vary.includes("Access-Control-Request-Headers"));
  }
  assertEquals([calls.length, ran()], [0, 0]);
});

Deno.test("createCors() tells only the origins of its option what they may do", async () => {
  const { app } = build({ origins: [APP], maxAge: 5 });
  const good = await app.request("/f", preflight(APP));
  assertEquals(good.headers.get("Access-Control-Allow-Origin"), APP);
  assertEquals(good.headers.get("Access-Control-Max-Age"), "5");
  const foreign = [
    EVIL,
    "null",
    "http://app.example",
    "https://app.example:444",
    `${APP}.evil.example`,
    "https://APP.example",
    `${APP}/`,
    "https://xapp.example",
  ];
  for (const origin of foreign) {
    const response = await app.request("/f", preflight(origin));
    assertEquals([origin, response.status], [origin, 204]);
    for (const name of ["Origin", "Methods", "Headers", "Credentials"]) {
      assertEquals(response.headers.get(`Access-Control-Allow-${name}`), null);
    }
    assert(response.headers.get("Vary")?.includes("Origin"));
  }
});

Deno.test("createCors() takes an OPTIONS that is no preflight for a request like any other", async () => {
  const { app, ran } = build();
  const requests: HeadersInit[] = [{}, { Origin: APP }, { "Access-Control-Request-Method": "PUT" }];
  for (const headers of requests) {
    const response = await app.request("/f", { method: "OPTIONS", headers });
    await assertRefusal(response, REFUSALS.no_authorization);
  }
  assertEquals(ran(), 0);
  const response = await app.request("/f", { method: "OPTIONS", headers: bearer(token()) });
  assertEquals(await response.text(), "ran 1");
});

Deno.test("createCors() is on every answer: admitted, refused, unknown, wrong method, crashed", async () => {
  const { app } = build({ origins: [APP] });
  app.get("/crash", () => {
    throw new Error("x");
  });
  const headers = bearer(token());
  const error = console.error;
  console.error = () => {};
  try {
    for (const path of ["/f", "/f/nowhere", "/f/open", "/f/crash", "/f/own"]) {
      for (const [Origin, allowed] of [[APP, APP], [EVIL, null], ["null", null]] as const) {
        const cases: RequestInit[] = [
          { headers: { ...headers, Origin } },
          { headers: { Origin } },
          {
            method: "POST",
            headers: { ...headers, Origin },
          },
        ];
        for (const init of cases) {
          const response = await app.request(path, init);
          await response.body?.cancel();
          const get = (name: string) => response.headers.get(name);
          assertEquals(get("Access-Control-Allow-Origin"), allowed);
          assertEquals(get("Access-Control-Allow-Credentials"), null);
          assert(get("Vary")?.split(", ").includes("Origin"));
          assert(get("X-Request-Id"));
          for (const name of ["Retry-After", "Server-Timing", "WWW-Authenticate", "X-Request-Id"]) {
            assert(get("Access-Control-Expose-Headers")?.includes(name));
          }
        }
      }
    }
  } finally {
    console.error = error;
  }
});

Deno.test("createCors() appends to what a handler exposes and varies by, and overrules its origin", async () => {
  const { app } = build({ exposeHeaders: ["X-Total"] });
  const response = await app.request("/f/own", { headers: { ...bearer(token()), Origin: APP } });
  assertEquals(response.headers.get("Access-Control-Allow-Origin"), "*");
  assertEquals(response.headers.get("Vary"), "Accept-Language, Origin");
  assertEquals(
    response.headers.get("Access-Control-Expose-Headers"),
    "X-Own, Retry-After, Server-Timing, WWW-Authenticate, X-Request-Id, X-Total",
  );
});

Deno.test("createCors() lets a page read a refusal, but only a page of an allowed origin", async () => {
  const { app } = build({ origins: [APP] }, () => refuses(403, "session_not_found"));
  for (const [Origin, origin] of [[APP, APP], [EVIL, null]] as const) {
    const response = await app.request("/f", { headers: { ...bearer(token()), Origin } });
    await assertRefusal(response, { ...REFUSALS.session_not_found, origin });
  }
});

Deno.test("isOrigin() takes the origins of apps and extensions, and no lookalike", () => {
  const good = [
    "capacitor://localhost",
    "tauri://localhost",
    "http://tauri.localhost",
    "ionic://localhost",
    "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    "moz-extension://1c3b1c8e-3b0c-4b5e-9a51-0d4c1f0f9e11",
    "safari-web-extension://4A8B11E5-0E7F-4C3B-9C50-0D4C1F0F9E11",
    "app://localhost:8080",
  ];
  const bad = [
    "capacitor://",
    "capacitor://localhost/",
    "capacitor://localhost/x",
    "capacitor://a@localhost",
    "capacitor://localhost?x",
    "capacitor://*",
    "CAPACITOR://localhost",
    "file://localhost",
    "javascript://localhost",
    "data://x",
    "null",
    "https://app.example:443",
    "HTTPS://app.example",
    "localhost",
    "",
  ];
  assertEquals(good.filter((origin) => !isOrigin(origin)), []);
  assertEquals(bad.filter(isOrigin), []);
  edgeFunction("f", { cors: { origins: good } });
});

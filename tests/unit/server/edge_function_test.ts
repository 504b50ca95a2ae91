import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Hono } from "hono";
import { stream } from "hono/streaming";
import {
  auth,
  type AuthEnv,
  edgeFunction,
  type EdgeFunctionOptions,
  type Session,
} from "../../../shared/mod.ts";
import {
  alive,
  assertRefusal,
  bearer,
  fakeAuth,
  FakeTime,
  logged,
  REFUSALS,
  refuses,
  token,
  USER_ID,
} from "../../support/server.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;
const holds = <T extends true>(..._: T[]) => {};

const signedIn = () => ({ headers: bearer(token()) });
const shop = (options: EdgeFunctionOptions = {}) => {
  const upstream = fakeAuth();
  return { ...upstream, app: edgeFunction("shop", { auth: upstream.options, ...options }) };
};
const NOT_FOUND = { status: 404, code: "not_found", action: "fix_request", replay: false };

Deno.test("edgeFunction() has its base path, with and without a slash at the end", async () => {
  const { app } = shop();
  app.get("/", (c) => c.text("root"));
  app.get("/a/:id", (c) => c.text(c.req.param("id")));
  for (const path of ["/shop", "/shop/"]) {
    assertEquals(await (await app.request(path, signedIn())).text(), "root");
  }
  assertEquals(await (await app.request("/shop/a/7/", signedIn())).text(), "7");
  for (const path of ["/", "/shopping", "/Shop", "/a/7", "//shop", "/x/shop"]) {
    await assertRefusal(await app.request(path, signedIn()), NOT_FOUND);
  }
});

Deno.test("edgeFunction() checks every route that is not public, whatever the path looks like", async () => {
  const { app, calls } = shop({ public: ["/catalog", "/hooks/*", "/item/:id"] });
  let ran = 0;
  app.all("*", (c) => c.text(`${c.req.path} ${++ran}`));
  const closed = [
    "/shop",
    "/shop/orders",
    "/shop/Catalog",
    "/shop/CATALOG",
    "/shop/catalog/x",
    "/shop/catalogue",
    "/shop/catalog2",
    "/shop//catalog",
    "/shop/catalog//",
    "/shop/catalog/../orders",
    "/shop/catalog/%2e%2e/orders",
    "/shop/catalog/.%2E/orders",
    "/shop/catalog%2F..%2Forders",
    "/shop/catalog%2f",
    "/shop/catalog%00",
    "/shop/catalog%20",
    "/shop/catalog;x",
    "/shop/catalog.json",
    "/shop/%63atalog%2Forders",
    "/shop/x/catalog",
    "/shop/orders?x=/shop/catalog",
    "/shop/orders#/shop/catalog",
    "/shop/orders%3F/catalog",
    "/shop/hook",
    "/shop/hooksx",
    "/shop/hooks/../orders",
    "/shop/hooks%2Fx",
    "/shop/item",
    "/shop/item/1/2",
    "/shop/%zz",
    "/shop/%",
  ];
  for (const path of closed) {
    for (const method of ["GET", "POST", "OPTIONS", "PROPFIND"]) {
      const response = await app.request(path, { method });
      assertEquals([path, method, response.status], [path, method, 401]);
      await response.body?.cancel();
    }
  }
  assertEquals([ran, calls.length], [0, 0]);
  const open = [
    "/shop/catalog",
    "/shop/catalog/",
    "/shop/catalog?x=1",
    "/shop/hooks/a/b",
    "/shop/item/9",
    "/shop/./catalog",
    "/shop/orders/../catalog",
    "/shop/%63atalog",
  ];
  for (const path of open) {
    const response = await app.request(path);
    assertEquals([path, response.status], [path, 200]);
    await response.body?.cancel();
  }
  assertEquals(calls.length, 0);
});

Deno.test("edgeFunction() checks nothing on a public route, also when the bearer is dead or malformed", async () => {
  const { app, calls } = shop({ public: ["/open"] });
  app.get("/open", (c) => c.text("open", 200, { "Cache-Control": "public, max-age=60" }));
  for (const headers of [{}, bearer("x"), bearer(token()), { Authorization: "Bearer" }]) {
    const response = await app.request("/shop/open", { headers });
    assertEquals(await response.text(), "open");
    assertEquals(response.headers.get("Cache-Control"), "public, max-age=60");
    assertEquals(response.headers.get("Server-Timing"), null);
    assert(response.headers.get("X-Request-Id"));
  }
  assertEquals(calls.length, 0);
});

Deno.test("edgeFunction() checks sub-apps, mounted apps and middlewares of its routes", async () => {
  const { app } = shop({ public: ["/open"] });
  let ran = 0;
  const sub = new Hono<AuthEnv>().all("*", (c) => c.text(`sub ${++ran}`));
  app.route("/sub", sub);
  app.mount("/mounted", () => new Response(`mounted ${++ran}`));
  app.basePath("/deeper").get("/x", (c) => c.text(`deeper ${++ran}`));
  app.on(["PURGE"], "/purge", (c) => c.text(`purge ${++ran}`));
  app.use("/used/*", (c) => Promise.resolve(c.text(`used ${++ran}`)));
  const routes = [["GET", "/sub/x"], ["GET", "/mounted/x"], ["GET", "/deeper/x"], [
    "PURGE",
    "/purge",
  ], ["GET", "/used/x"]] as const;
  for (const [method, path] of routes) {
    await assertRefusal(await app.request(`/shop${path}`, { method }), REFUSALS.no_authorization);
  }
  assertEquals(ran, 0);
  for (const [method, path] of routes) {
    const response = await app.request(`/shop${path}`, { method, ...signedIn() });
    assertEquals([path, response.status], [path, 200]);
    await response.body?.cancel();
  }
  assertEquals(ran, routes.length);
});

Deno.test("edgeFunction() answers HEAD like GET, without a body and not without the check", async () => {
  const { app } = shop();
  let ran = 0;
  app.get("/", (c) => c.text(`ran ${++ran}`));
  const refused = await app.request("/shop", { method: "HEAD" });
  assertEquals([refused.status, await refused.text(), ran], [401, "", 0]);
  assertEquals(refused.headers.get("WWW-Authenticate"), 'Bearer realm="supabase"');
  const admitted = await app.request("/shop", { method: "HEAD", ...signedIn() });
  assertEquals([admitted.status, await admitted.text(), ran], [200, "", 1]);
});

Deno.test("edgeFunction() lists the methods of a route when it answers 405", async () => {
  const { app } = shop({ public: ["/open"] });
  app.get("/a", (c) => c.text("")).put("/a", (c) => c.text(""));
  app.post("/b/:id", (c) => c.text(""));
  app.get("/open", (c) => c.text(""));
  const cases = [
    ["/a", "POST", "GET, HEAD, PUT"],
    ["/a", "OPTIONS", "GET, HEAD, PUT"],
    ["/b/1", "GET", "POST"],
    ["/b/1", "DELETE", "POST"],
    ["/a/", "PATCH", "GET, HEAD, PUT"],
  ] as const;
  for (const [path, method, allow] of cases) {
    const response = await app.request(`/shop${path}`, { method, ...signedIn() });
    assertEquals([path, response.headers.get("Allow")], [path, allow]);
    await assertRefusal(response, {
      status: 405,
      code: "method_not_allowed",
      action: "fix_request",
      replay: false,
    });
  }
  // Without a session only the methods of public routes are listed.
  await assertRefusal(await app.request("/shop/a", { method: "POST" }), REFUSALS.no_authorization);
  const open = await app.request("/shop/open", { method: "POST" });
  assertEquals([open.status, open.headers.get("Allow")], [405, "GET, HEAD"]);
  await open.body?.cancel();
  await assertRefusal(await app.request("/shop/nowhere", signedIn()), NOT_FOUND);
  const missing = await app.request("/shop/nowhere", signedIn());
  assertEquals(missing.headers.get("Allow"), null);
  await missing.body?.cancel();
});

Deno.test("edgeFunction() keeps its refusals whatever the app's onError does", async () => {
  const { app } = shop();
  app.onError((_, c) => c.text("careless", 200));
  app.notFound((c) => c.text("careless", 200));
  app.get("/", (c) => c.text("in"));
  await assertRefusal(await app.request("/shop"), REFUSALS.no_authorization);
  await assertRefusal(await app.request("/shop/nowhere"), REFUSALS.no_authorization);
});

Deno.test("edgeFunction() puts CORS and the request id also on the answer of the app's own onError", async () => {
  const { app } = shop();
  app.onError((_, c) => c.text("mine", 418));
  app.get("/", () => {
    throw new Error("x");
  });
  const response = await app.request("/shop", signedIn());
  assertEquals([response.status, await response.text()], [418, "mine"]);
  assertEquals(response.headers.get("Access-Control-Allow-Origin"), "*");
  assert(response.headers.get("X-Request-Id"));
});

Deno.test("edgeFunction() answers in its shape also when the app's own onError or notFound fails", async () => {
  const { app } = shop();
  app.onError(() => {
    throw "onError failed";
  });
  app.notFound(() => {
    throw new Error("notFound failed");
  });
  app.get("/", () => {
    throw new Error("x");
  });
  await logged(async () => {
    for (const path of ["/shop", "/shop/nowhere"]) {
      await assertRefusal(await app.request(path, signedIn()), {
        ...REFUSALS.internal_error,
        replay: false,
      });
    }
  });
});

Deno.test("edgeFunction() drops the answer of a handler when something after it fails", async () => {
  const { app } = shop();
  app.use(async (_c, next) => {
    await next();
    throw new Error("late");
  });
  app.get("/", (c) =>
    c.body("zip", 200, {
      "Cache-Control": "public, max-age=60",
      "CDN-Cache-Control": "max-age=60",
      "Content-Encoding": "gzip",
      "Content-Length": "3",
      "Content-Type": "application/zip",
      ETag: '"zip"',
    }));
  await logged(async () => {
    const response = await app.request("/shop", signedIn());
    for (const name of ["CDN-Cache-Control", "Content-Encoding", "Content-Length", "ETag"]) {
      assertEquals([name, response.headers.get(name)], [name, null]);
    }
    await assertRefusal(response, { ...REFUSALS.internal_error, replay: false });
  });
});

Deno.test("edgeFunction() answers in its shape where a handler returns Response.error() or nothing", async () => {
  const { app } = shop();
  app.get("/error", () => Response.error());
  app.get("/nothing", () => undefined as unknown as Response);
  await logged(async () => {
    await assertRefusal(await app.request("/shop/error", signedIn()), {
      ...REFUSALS.internal_error,
      replay: false,
    });
    const nothing = await app.request("/shop/nothing", signedIn());
    assert(nothing.status >= 400);
    await nothing.body?.cancel();
  });
});

Deno.test("edgeFunction() puts the configured CORS on what it answers for a handler that returned nothing", async () => {
  const cors = { origins: ["https://app.example"] };
  const app = edgeFunction("f", { public: ["/*"], cors });
  app.get("/error", () => Response.error());
  app.get("/nothing", () => undefined as unknown as Response);
  await logged(async () => {
    for (const path of ["/f/error", "/f/nothing"]) {
      for (const [origin, allowed] of [["app", "https://app.example"], ["evil", null]]) {
        const response = await app.request(path, {
          headers: { Origin: `https://${origin}.example` },
        });
        const found = response.headers.get("Access-Control-Allow-Origin");
        assertEquals([path, origin, response.status, found], [path, origin, 500, allowed]);
        await response.body?.cancel();
      }
    }
  });
});

Deno.test("edgeFunction() keeps a handler's own Cache-Control, cookies and status on success", async () => {
  const { app } = shop();
  app.get("/", (c) => {
    c.header("Set-Cookie", "a=1", { append: true });
    c.header("Set-Cookie", "b=2", { append: true });
    return c.json({ ok: true }, 201, { "Cache-Control": "private, max-age=5", ETag: '"1"' });
  });
  const response = await app.request("/shop", signedIn());
  assertEquals(await response.json(), { ok: true });
  assertEquals([response.status, response.headers.get("ETag")], [201, '"1"']);
  assertEquals(response.headers.get("Cache-Control"), "private, max-age=5");
  assertEquals(response.headers.getSetCookie(), ["a=1", "b=2"]);
});

Deno.test("edgeFunction() passes on a response that a handler fetched, and its redirects", async () => {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response("far", { headers: { "Access-Control-Allow-Credentials": "true" } }),
  );
  try {
    const { app } = shop({ cors: { origins: ["https://app.example"] } });
    app.get("/far", () => fetch(`http://127.0.0.1:${server.addr.port}`));
    app.get("/away", () => Response.redirect("https://app.example/x"));
    const far = await app.request("/shop/far", signedIn());
    assertEquals([far.status, await far.text()], [200, "far"]);
    assertEquals(far.headers.get("Access-Control-Allow-Credentials"), null);
    assert(far.headers.get("X-Request-Id"));
    const away = await app.request("/shop/away", signedIn());
    assertEquals([away.status, away.headers.get("Location")], [302, "https://app.example/x"]);
  } finally {
    await server.shutdown();
  }
});

Deno.test("edgeFunction() passes a stream on, and changes nothing that was sent when it breaks", async () => {
  const { app } = shop();
  app.get("/", (c) =>
    stream(c, async (out) => {
      await out.write("one");
      throw new Error("broken");
    }, () => Promise.resolve()));
  const response = await app.request("/shop", signedIn());
  assertEquals([response.status, await response.text()], [200, "one"]);
});

Deno.test("edgeFunction() serves web sockets with the Response that Deno.upgradeWebSocket() made", async () => {
  const { app } = shop({ public: ["/"] });
  let made: Response | undefined;
  let answer: Response | undefined;
  app.get("/", (c) => {
    const { socket, response } = Deno.upgradeWebSocket(c.req.raw);
    socket.onopen = () => socket.send("hello");
    made = response;
    return response;
  });
  const options = { port: 0, hostname: "127.0.0.1", onListen() {} };
  const server = Deno.serve(options, async (request) => {
    return answer = await app.fetch(request);
  });
  try {
    const socket = new WebSocket(`ws://127.0.0.1:${server.addr.port}/shop`);
    const closed = Promise.withResolvers<void>();
    socket.onclose = () => closed.resolve();
    const said = await new Promise((resolve) => {
      socket.onmessage = (event) => resolve(event.data);
      socket.onerror = () => resolve("error");
    });
    socket.close();
    assertEquals(said, "hello");
    assertStrictEquals(answer, made);
    assertEquals(made?.headers.has("X-Request-Id"), false);
    await closed.promise;
  } finally {
    await server.shutdown();
  }
});

Deno.test("edgeFunction() uses an acceptable inbound request id, and the handler sees it", async () => {
  const { app } = shop();
  app.get("/", (c) => c.text(c.var.requestId));
  const ask = (id: string) =>
    app.request("/shop", { headers: { ...bearer(token()), "X-Request-Id": id } });
  const good = await ask("abc-1");
  assertEquals([await good.text(), good.headers.get("X-Request-Id")], ["abc-1", "abc-1"]);
  const bad = await ask("a b<script>");
  const id = await bad.text();
  assertEquals(bad.headers.get("X-Request-Id"), id);
  assert(/^[0-9a-f-]{36}$/.test(id));
});

Deno.test("edgeFunction() makes one call when a route has auth() again", async () => {
  const { app, options, calls } = shop();
  app.use("/admin/*", auth(options));
  app.get("/admin/x", (c) => c.text("in"));
  assertEquals((await app.request("/shop/admin/x", signedIn())).status, 200);
  assertEquals(calls.length, 1);
});

Deno.test("edgeFunction() applies the stricter freshness when a route has two", async () => {
  let dead = false;
  const { options, calls } = fakeAuth(() => dead ? refuses(403, "session_not_found") : alive());
  const app = edgeFunction("shop", { auth: { ...options, freshness: 60 } });
  app.use("/admin/*", auth({ ...options, freshness: "strict" }));
  app.get("/*", (c) => c.text("in"));
  const headers = bearer(token());
  const status = async (path: string) => {
    const response = await app.request(path, { headers });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await status("/shop/x"), 200);
  dead = true;
  assertEquals([await status("/shop/x"), calls.length], [200, 1]);
  assertEquals([await status("/shop/admin/x"), calls.length], [401, 2]);
  // The answer that the strict route got counts for the other one too.
  assertEquals([await status("/shop/x"), calls.length], [401, 2]);
});

Deno.test("edgeFunction() checks again when a cached answer is older than its freshness", async () => {
  using time = new FakeTime();
  const { options, calls } = fakeAuth();
  const app = edgeFunction("shop", { auth: { ...options, freshness: 10 } });
  app.get("/", (c) => c.text("in"));
  const headers = bearer(token({ exp: Date.now() / 1000 + 60 }));
  const later = async (ms: number) => {
    time.tick(ms);
    const response = await app.request("/shop", { headers });
    await response.body?.cancel();
    return [response.status, calls.length];
  };
  assertEquals(await later(0), [200, 1]);
  assertEquals(await later(10_000), [200, 1]);
  assertEquals(await later(1), [200, 2]);
  time.setDate(time.now + 5_000); // a suspended isolate: only the wall clock went on
  assertEquals(await later(5_001), [200, 3]);
});

Deno.test("edgeFunction() throws a TypeError that names what is wrong when it is built", () => {
  for (const name of ["", "a/b", "/a", "a b", "-a", "a.b", "é", "a?b", "*", ":x", "a#"]) {
    assertThrows(() => edgeFunction(name), TypeError);
  }
  const wrong: [string, unknown][] = [
    ["public", ["catalog"]],
    ["public", ["/a?x=1"]],
    ["public", ["/a#x"]],
    ["public", [""]],
    ["public", "/a"],
    ["public", [5]],
    ["cors", { origins: ["https://a.example/"] }],
    ["cors", { origins: ["*"] }],
    ["cors", { origins: "https://a.example" }],
    ["cors", { maxAge: -1 }],
    ["cors", { maxAge: 1.5 }],
    ["cors", { credentials: true }],
    ["cors", { exposeHeaders: [""] }],
    ["cors", { exposeHeaders: ["a b"] }],
    ["cors", { exposeHeaders: ["a\nb"] }],
    ["auth", { timeout: -1 }],
    ["auth", { unknown: 1 }],
    ["unknown", 1],
  ];
  assertThrows(
    () => edgeFunction("f", { public: ["/a"], paths: { "/*": {} } }),
    TypeError,
    "no path would be public",
  );
  for (const [option, value] of wrong) {
    const options = { [option]: value } as EdgeFunctionOptions;
    const error = assertThrows(() => edgeFunction("f", options), TypeError, "()");
    assert(error.message.includes(option), error.message);
  }
  for (const pattern of ["/a/:id{[}", "/a/:id{(}"]) {
    assertThrows(() => edgeFunction("f", { public: [pattern] }), TypeError, "public");
  }
});

Deno.test("edgeFunction() types the session and the database of its callers", () => {
  type Database = {
    public: {
      Tables: {
        todos: {
          Row: { id: number };
          Insert: { id: number };
          Update: { id?: number };
          Relationships: [];
        };
      };
      Views: Record<never, never>;
      Functions: Record<never, never>;
    };
  };
  const { options } = fakeAuth();
  edgeFunction<Database>("f", { auth: options }).get("/", async (c) => {
    holds<Same<typeof c.var.auth.session, Session>>();
    const { data } = await c.var.auth.supabase.from("todos").select().single();
    holds<Same<typeof data, { id: number } | null>>();
    // @ts-expect-error -- the schema has no such table
    c.var.auth.supabase.from("nope");
    return c.text("");
  });
  edgeFunction("f", { auth: { ...options, allowSessionless: true } }).get("/", (c) => {
    holds<Same<typeof c.var.auth.session, Session | null>>();
    return c.text("");
  });
});

Deno.test("edgeFunction() sets a null session when allowSessionless admits a token without one", async () => {
  const { options } = fakeAuth();
  const app = edgeFunction("f", { auth: { ...options, allowSessionless: true } });
  app.get("/", (c) => c.json([c.var.auth.session, c.var.auth.user.id]));
  const headers = bearer(token({ session_id: undefined, exp: undefined }));
  assertEquals(await (await app.request("/f", { headers })).json(), [null, USER_ID]);
});

Deno.test("edgeFunction() handles two headers, tabs, odd targets and methods when they come over a socket", async () => {
  const { app, calls } = shop({ public: ["/open"] });
  app.all("*", (c) => c.text(`in ${c.req.path}`));
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, app.fetch);
  const send = async (target: string, ...headers: string[]) => {
    const socket = await Deno.connect({ port: server.addr.port, hostname: "127.0.0.1" });
    const lines = [`${target} HTTP/1.1`, "Host: x", "Connection: close", ...headers, "", ""];
    await socket.write(new TextEncoder().encode(lines.join("\r\n")));
    const text = await new Response(socket.readable).text();
    return `${text.slice(9, 12)} ${/"code":"(\w+)"/.exec(text)?.[1] ?? text.split("\r\n\r\n")[1]}`;
  };
  const good = `Authorization: Bearer ${token()}`;
  const malformed = "400 invalid_authorization_header";
  const none = "401 no_authorization";
  try {
    assertEquals(await send("GET /shop", good, good), malformed);
    assertEquals(await send("GET /shop", "Authorization: Basic x", good), malformed);
    assertEquals(await send("GET /shop", good, "Authorization: Basic x"), malformed);
    assertEquals(await send("GET /shop", good.replace("Bearer ", "Bearer\t")), malformed);
    assertEquals(await send("GET /shop", `${good}\u00a0`), malformed);
    const large = `Authorization: Bearer ${"x".repeat(33_000)}`;
    assertEquals(await send("GET /shop", large), "400 token_too_large");
    assertEquals(await send("GET /shop", "Authorization:"), none);
    assertEquals(await send("TRACE /shop"), none);
    assertEquals(await send("GET /shop/open/../x"), none);
    assertEquals(await send("GET /shop/open/%2e%2e/x"), none);
    assertEquals(await send("GET /shop/open\\..\\x"), none);
    assertEquals(await send("OPTIONS *"), "404 not_found");
    assertEquals(calls.length, 0);
  } finally {
    await server.shutdown();
  }
});

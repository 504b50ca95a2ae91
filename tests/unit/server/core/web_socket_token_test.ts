import { assert, assertEquals } from "@std/assert";
import { Hono } from "hono";
import { auth, type AuthEnv, edgeFunction } from "../../../../shared/mod.ts";
import { MAX_TOKEN_BYTES } from "../../../../shared/server/core/credential.ts";
import { readWebSocketAuthorization } from "../../../../shared/server/core/web_socket_token.ts";
import {
  ANON,
  fakeAuth,
  logged,
  PUBLISHABLE,
  SECRET,
  token,
  USER_ID,
} from "../../../support/server.ts";

const upgrade = (protocols: string, more: Record<string, string> = {}) => ({
  Upgrade: "websocket",
  Connection: "Upgrade",
  "Sec-WebSocket-Protocol": protocols,
  ...more,
});

Deno.test("readWebSocketAuthorization() takes the token of a subprotocol, wherever it stands", () => {
  for (
    const [protocols, expected] of [
      ["jwt-a.b.c", "Bearer a.b.c"],
      ["todos, jwt-a.b.c", "Bearer a.b.c"],
      ["jwt-a.b.c,todos", "Bearer a.b.c"],
      ["jwt-jwt-a", "Bearer jwt-a"],
      ["todos", null],
      ["", null],
      ["JWT-a.b.c", null],
      ["xjwt-a.b.c", null],
      ["jwt-", "Bearer "],
      ["jwt-a.b.c, jwt-a.b.c", "Bearer"],
      ["jwt-a.b.c, jwt-d.e.f", "Bearer"],
    ] as const
  ) {
    const headers = new Headers(upgrade(protocols));
    assertEquals(readWebSocketAuthorization(headers), expected, protocols);
  }
});

Deno.test("readWebSocketAuthorization() chooses neither of two credentials", () => {
  for (const Authorization of ["Bearer d.e.f", "Basic eA==", `Bearer ${ANON}`, ""]) {
    const headers = new Headers(upgrade("todos, jwt-a.b.c", { Authorization }));
    assertEquals(readWebSocketAuthorization(headers), "Bearer", Authorization);
  }
  const alone = new Headers(upgrade("todos", { Authorization: "Bearer d.e.f" }));
  assertEquals(readWebSocketAuthorization(alone), "Bearer d.e.f");
});

Deno.test("readWebSocketAuthorization() takes no subprotocol of a request that is no WebSocket", () => {
  const protocol = { "Sec-WebSocket-Protocol": "jwt-a.b.c" };
  for (const more of [{}, { Upgrade: "h2c" }]) {
    assertEquals(readWebSocketAuthorization(new Headers({ ...protocol, ...more })), null);
  }
  const headers = new Headers({ ...protocol, Authorization: "Bearer d.e.f" });
  assertEquals(readWebSocketAuthorization(headers), "Bearer d.e.f");
});

const app = (options = fakeAuth().options, webSocketToken = true) =>
  new Hono<AuthEnv>().use(auth({ ...options, webSocketToken })).get("/", (c) => {
    const { user, token } = c.var.auth;
    return c.json({ id: user.id, token });
  });

Deno.test("auth() admits a WebSocket by the token in its subprotocols, where it is told to", async () => {
  const { options, calls } = fakeAuth();
  const jwt = token();
  const headers = upgrade(`todos, jwt-${jwt}`);
  const response = await app(options).request("/", { headers });
  assertEquals(await response.json(), { id: USER_ID, token: jwt });
  assertEquals(calls.map(({ headers }) => headers.get("authorization")), [`Bearer ${jwt}`]);

  const refused = await app(options, false).request("/", { headers });
  assertEquals([refused.status, (await refused.json()).code], [401, "no_authorization"]);
});

Deno.test("auth() refuses a WebSocket as any other request", async () => {
  const { options } = fakeAuth();
  const jwt = token();
  for (
    const [protocols, more, status, code] of [
      ["todos", {}, 401, "no_authorization"],
      ["todos, jwt-", {}, 400, "invalid_authorization_header"],
      [`jwt-${jwt}, jwt-${jwt}`, {}, 400, "invalid_authorization_header"],
      [`jwt-${jwt}`, { Authorization: `Bearer ${jwt}` }, 400, "invalid_authorization_header"],
      [`jwt-${jwt}`, { Authorization: `Bearer ${ANON}` }, 400, "invalid_authorization_header"],
      [`jwt-${"x".repeat(MAX_TOKEN_BYTES + 1)}`, {}, 400, "token_too_large"],
      ["jwt-abc", {}, 401, "bad_jwt"],
      [`jwt-${PUBLISHABLE}`, {}, 401, "no_authorization"],
      [`jwt-${SECRET}`, {}, 401, "bad_jwt"],
    ] as const
  ) {
    let written = "";
    const lines = await logged(async () => {
      const response = await app(options).request("/", { headers: upgrade(protocols, more) });
      const body = await response.text();
      const shown = protocols.slice(0, 40);
      assertEquals([response.status, JSON.parse(body).code], [status, code], shown);
      written = [body, ...response.headers.values()].join("\n");
    });
    for (const secret of [jwt, SECRET]) assert(!(written + lines).includes(secret));
  }
});

Deno.test("edgeFunction() masks a token that a handler throws out of a subprotocol", async () => {
  const jwt = token();
  const app = edgeFunction("socket", { auth: { ...fakeAuth().options, webSocketToken: true } });
  app.get("/", (c) => {
    throw new Error(`no protocol in ${c.req.header("Sec-WebSocket-Protocol")}`);
  });
  const headers = upgrade(`todos, jwt-${jwt}`);
  const line = await logged(async () => {
    assertEquals((await app.request("/socket", { headers })).status, 500);
  });
  assert(line.includes("no protocol in todos"), line);
  const parts = jwt.split(".");
  for (const part of parts) assert(!line.includes(part), line);
});

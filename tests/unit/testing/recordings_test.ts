// Holds the answers of the fake Auth against what a real Supabase Auth was recorded to answer, so
// that they cannot drift apart.
import { assert, assertEquals } from "@std/assert";
import {
  type AuthFault,
  fakeAuth,
  type FakeCaller,
  type FakeSession,
  FakeTime,
} from "../../../shared/testing/mod.ts";

interface Recorded {
  readonly id: string;
  readonly request: { readonly method: string; readonly path: string };
  readonly token?: { readonly claims: Readonly<Record<string, unknown>> };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
}

const recording = JSON.parse(
  Deno.readTextFileSync(new URL("../../recordings/auth-2.196.json", import.meta.url)),
) as { answers: Recorded[] };

/** The answer to a request, and to the same request with the API version. */
const recorded = (id: string) =>
  [id, `${id}@2024-01-01`].flatMap((one) => recording.answers.filter(({ id }) => id === one));

/** What of an answer is compared: an error_id is another one each time. */
function comparable(status: number, headers: Headers, body: unknown) {
  const { error_id: _, ...rest } = Object(body) as Record<string, unknown>;
  const names = ["content-type", "vary", "x-sb-error-code", "x-supabase-api-version"];
  return {
    status,
    headers: names.map((name) => [name, headers.get(name)]),
    body: typeof body === "string" ? body : rest,
  };
}

async function assertAnswersAs(
  id: string,
  ask: (headers: Readonly<Record<string, string>>) => Promise<Response>,
) {
  const rows = recorded(id);
  assert(rows.length > 0, `nothing is recorded as ${id}`);
  for (const { id, response } of rows) {
    const isNew = id.endsWith("@2024-01-01");
    const answer = await ask(isNew ? { "X-Supabase-Api-Version": "2024-01-01" } : {});
    const text = await answer.text();
    const isJson = answer.headers.get("content-type") === "application/json";
    assertEquals(
      comparable(answer.status, answer.headers, isJson ? JSON.parse(text) : text),
      comparable(response.status, new Headers(response.headers), response.body),
      id,
    );
  }
}

/** Asks about a token. */
const check =
  (auth: ReturnType<typeof fakeAuth>, authorization?: string) =>
  (headers: Readonly<Record<string, string>>) =>
    auth.options.fetch(`${auth.url}/auth/v1/user`, {
      headers: { ...headers, ...(authorization !== undefined && { authorization }) },
    });

const TOKENS = {
  expired: "user/expired",
  forged: "user/wrong-secret",
  not_a_jwt: "user/not-a-jwt",
  signed_out: "after-logout-global/own",
  user_deleted: "after-delete",
  user_banned: "after-ban",
  anon_key: "user/anon-key",
  publishable_key: "user/publishable-key",
} as const;

for (const [state, id] of Object.entries(TOKENS)) {
  Deno.test(`fakeAuth() answers about a token that is ${state} as recorded in ${id}`, async () => {
    const auth = fakeAuth();
    const token = auth.token(state as keyof typeof TOKENS);
    await assertAnswersAs(id, check(auth, `Bearer ${token}`));
  });
}

Deno.test("fakeAuth() answers as recorded to a header that holds no bearer token", async () => {
  const auth = fakeAuth();
  const token = auth.token("alive");
  const headers = {
    "user/no-header": undefined,
    "user/basic-scheme": "Basic dTpw",
    "user/scheme-only": "Bearer",
    "user/two-spaces": `Bearer  ${token}`,
    "user/two-tokens": `Bearer ${token}, Bearer ${token}`,
    "user/bearer-bearer": `Bearer Bearer ${token}`,
    "user/raw-token": token,
  };
  for (const [id, header] of Object.entries(headers)) {
    await assertAnswersAs(id, check(auth, header));
  }
});

const FAULTS = {
  unavailable: "fault/database-down",
  timeout: "fault/database-slow",
  rate_limited: "limit/refresh",
} as const satisfies Partial<Record<AuthFault, string>>;

for (const [fault, id] of Object.entries(FAULTS)) {
  Deno.test(`fakeAuth() answers with the fault ${fault} as recorded in ${id}`, async () => {
    const auth = fakeAuth();
    const token = auth.token("alive");
    auth.fault = fault as AuthFault;
    await assertAnswersAs(id, check(auth, `Bearer ${token}`));
  });
}

Deno.test("fakeAuth() signs out as recorded", async () => {
  const auth = fakeAuth();
  const ada = auth.signIn();
  const logOut = (headers: Readonly<Record<string, string>>) =>
    auth.options.fetch(`${auth.url}/auth/v1/logout`, {
      method: "POST",
      headers: { ...headers, ...ada.headers },
    });
  await assertAnswersAs("logout/global", logOut);
  await assertAnswersAs("logout/again", logOut);
});

/** Exchanges a refresh token; no member at all for `undefined`. */
const refresh =
  (auth: ReturnType<typeof fakeAuth>, token: string | undefined) =>
  (headers: Readonly<Record<string, string>>) =>
    auth.options.fetch(`${auth.url}/auth/v1/token?grant_type=refresh_token`, {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/json" },
      body: JSON.stringify({ refresh_token: token }),
    });

/** By recorded refusal of the refresh grant, how a caller comes to it. */
const REFUSED_REFRESHES: Readonly<Record<string, (caller: FakeCaller) => string | undefined>> = {
  "refresh/unknown": () => "abcdefghijkl",
  "refresh/empty": () => undefined,
  "refresh/after-logout": (caller) => {
    caller.signOut();
    return caller.session.refresh_token;
  },
  "refresh/banned": (caller) => {
    caller.ban();
    return caller.session.refresh_token;
  },
  "refresh/not-after": (caller) => {
    caller.expireSession();
    return caller.session.refresh_token;
  },
};

for (const [id, prepare] of Object.entries(REFUSED_REFRESHES)) {
  Deno.test(`fakeAuth() refuses to refresh as recorded in ${id}`, async () => {
    const auth = fakeAuth();
    await assertAnswersAs(id, refresh(auth, prepare(auth.signIn())));
  });
}

Deno.test("fakeAuth() rotates refresh tokens as recorded, and ends the family of one that was reused", async () => {
  using time = new FakeTime();
  const auth = fakeAuth();
  const ada = auth.signIn();
  const next = async (token: string) => {
    const response = await refresh(auth, token)({});
    const body = await response.json();
    assertEquals(response.status, 200, JSON.stringify(body));
    return body as FakeSession;
  };
  const first = ada.session.refresh_token;
  const second = await next(first);
  const [row] = recorded("refresh/ok");
  assertEquals(shapeOf(second), shapeOf(row?.response.body));
  // The client may not have got the answer: it gets the same token, however late.
  time.tick(60_000);
  assertEquals((await next(first)).refresh_token, second.refresh_token);
  const third = await next(second.refresh_token);
  for (const { access_token } of [ada.session, third]) {
    assertEquals((await check(auth, `Bearer ${access_token}`)({})).status, 200);
  }
  await assertAnswersAs("refresh/already-used", refresh(auth, first));
  await assertAnswersAs("refresh/newest-after-reuse", refresh(auth, third.refresh_token));
  // That ends the refresh tokens, and not the session.
  assertEquals((await check(auth, `Bearer ${third.access_token}`)({})).status, 200);
});

Deno.test("fakeAuth() leaves no recorded refusal of the refresh grant out", () => {
  const codeOf = ({ response }: Recorded) => (response.body as { error_code?: string }).error_code;
  const tried = [...Object.keys(REFUSED_REFRESHES), "refresh/already-used", "limit/refresh"]
    .flatMap(recorded).map(codeOf);
  for (const row of recording.answers) {
    if (row.request?.path !== "/token?grant_type=refresh_token") continue;
    const isRefused = row.response.status >= 400;
    if (isRefused) assert(tried.includes(codeOf(row)), row.id);
  }
});

/** The names of all members, with those of the objects in it. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return [];
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]): [string, unknown] => [key, shapeOf(member)]).sort(),
  );
}

Deno.test("fakeAuth() answers with a user, and issues tokens, of the recorded shape", async () => {
  const [row] = recorded("user/live");
  const auth = fakeAuth();
  const ada = auth.signIn();
  const response = await check(auth, `Bearer ${ada.token}`)({});
  assertEquals(shapeOf(await response.json()), shapeOf(row?.response.body));
  const claims = JSON.parse(
    atob(ada.token.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/")),
  );
  assertEquals(shapeOf(claims), shapeOf(row?.token?.claims));
});

Deno.test("fakeAuth() leaves no recorded refusal of GET /user out", () => {
  const codes = new Set(
    recording.answers.filter(({ request, response }) =>
      request?.path === "/user" && request.method === "GET" && response.status >= 400
    ).map(({ response: { body } }) => (body as { error_code?: string }).error_code)
      .filter((code) => code !== undefined),
  );
  const tried = [...Object.values(TOKENS), ...Object.values(FAULTS), "user/no-header"]
    .flatMap(recorded).map(({ response }) => (response.body as { error_code?: string }).error_code);
  // Only somebody who has the signing key can make a token without an audience.
  for (const code of codes) assert(tried.includes(code) || code === "validation_failed", code);
});

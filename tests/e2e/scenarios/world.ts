import { assertEquals, assertMatch } from "@std/assert";
import { problemSchema } from "../../../shared/server/problem_schema.ts";
import type { Problem } from "../../../shared/problems/problem.ts";
import { decodeClaims, hmacKey, signHs256 } from "../../../supabase/local/jwt.ts";
import type { Stack } from "../../../supabase/local/stack.ts";

/** A session as Auth hands it out. */
export interface SignedIn {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly user: { readonly id: string; readonly email: string };
}

/** A user of a stack, with the password that is right just now. */
export interface Person extends SignedIn {
  readonly email: string;
  readonly password: string;
}

/** What came back from a request. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A request to a function. */
export interface FunctionCall {
  readonly method?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** What scenarios do to a stack, over HTTP and with nothing but its URL and keys. */
export interface World {
  readonly stack: Stack;
  /** Signs somebody new up. */
  newPerson(): Promise<Person>;
  /** Signs in once more: another device. */
  signIn(person: Pick<Person, "email" | "password">): Promise<SignedIn>;
  /** Calls `/auth/v1`, as `token` or as nobody. */
  auth(method: string, path: string, options?: { token?: string; body?: unknown }): Promise<Reply>;
  /** Calls `/auth/v1/admin` with the service_role key. */
  admin(method: string, path: string, body?: unknown): Promise<Reply>;
  /** Calls a function. */
  call(path: string, call?: FunctionCall): Promise<Reply>;
  /** A token with the claims of another, changed, and signed as this stack signs. */
  mint(token: string, changes: Record<string, unknown>): Promise<string>;
  /** The HTML of the newest mail to an address. */
  mail(address: string): Promise<string>;
}

/** Where a stack's mails can be read: the HTML of the newest one to an address. */
export type Mailbox = (address: string) => Promise<string>;

/** Makes a world of a stack. */
export function createWorld(stack: Stack, mail: Mailbox): World {
  async function send(path: string, init: RequestInit & { body?: string }): Promise<Reply> {
    const response = await fetch(stack.url + path, { ...init, redirect: "manual" });
    const text = await response.text();
    const json = /json/.test(response.headers.get("content-type") ?? "");
    return {
      status: response.status,
      headers: response.headers,
      body: json && text !== "" ? JSON.parse(text) : text,
    };
  }
  function request(method: string, key: string, token: string | undefined, body: unknown) {
    const headers = new Headers({ apikey: key });
    if (token !== undefined) headers.set("Authorization", `Bearer ${token}`);
    if (body !== undefined) headers.set("Content-Type", "application/json");
    return { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  }
  const world: World = {
    stack,
    async newPerson() {
      const email = `${crypto.randomUUID()}@example.com`;
      const password = `Pw-${crypto.randomUUID()}`;
      const { status, body } = await world.auth("POST", "/signup", { body: { email, password } });
      assertEquals(status, 200, `sign-up failed: ${JSON.stringify(body)}`);
      return { ...body as SignedIn, email, password };
    },
    async signIn({ email, password }) {
      const path = "/token?grant_type=password";
      const { status, body } = await world.auth("POST", path, { body: { email, password } });
      assertEquals(status, 200, `sign-in failed: ${JSON.stringify(body)}`);
      return body as SignedIn;
    },
    auth: (method, path, { token, body } = {}) =>
      send(`/auth/v1${path}`, request(method, stack.keys.publishable, token, body)),
    admin: (method, path, body) =>
      send(
        `/auth/v1/admin${path}`,
        request(method, stack.keys.serviceRole, stack.keys.serviceRole, body),
      ),
    call(path, { method = "GET", token, headers = {}, body } = {}) {
      const init = request(method, stack.keys.publishable, token, body);
      for (const [name, value] of Object.entries(headers)) init.headers.set(name, value);
      return send(`/functions/v1/${path}`, init);
    },
    // Signed with the project's HS256 secret, which a project with ES256 keys still accepts.
    mint: async (token, changes) =>
      signHs256({ ...decodeClaims(token), ...changes }, await hmacKey(stack.jwtSecret ?? "")),
    mail,
  };
  return world;
}

/** Holds a reply against the one JSON shape, and against what the case must say. */
export function assertProblem(
  reply: Reply,
  expected: Pick<Problem, "code" | "status" | "action"> & Partial<Problem>,
): Problem {
  const problem = problemSchema.parse(reply.body);
  assertEquals({ ...problem, ...expected }, problem);
  assertEquals(reply.status, problem.status);
  assertMatch(reply.headers.get("cache-control") ?? "", /no-store/);
  assertEquals(reply.headers.get("x-request-id"), problem.request_id);
  assertMatch(reply.headers.get("vary") ?? "", /\borigin\b/i);
  return problem;
}

/** Asserts that the session of a token is alive, as the function `me` sees it. */
export async function assertAlive(world: World, { access_token: token, user }: SignedIn) {
  const reply = await world.call("me", { token });
  assertEquals([reply.status, (reply.body as { id?: string }).id], [200, user.id]);
}

/** Asserts that the function `me` refuses a token because its session is gone. */
export async function assertSessionEnded(world: World, { access_token: token }: SignedIn) {
  const reply = await world.call("me", { token });
  assertProblem(reply, { code: "session_not_found", status: 401, action: "sign_in", replay: true });
  assertMatch(reply.headers.get("www-authenticate") ?? "", /^Bearer .*error="invalid_token"/);
}

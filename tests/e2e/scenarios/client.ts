import { assertEquals } from "@std/assert";
import { decodeClaims, signHs256 } from "../../../supabase/local/jwt.ts";
import type { Stack } from "../../../supabase/local/stack.ts";

/** A session as Auth returns it. */
export interface Session {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly user: { readonly id: string; readonly email: string };
}

/** A new user, and the session of the sign-up. */
export interface TestUser extends Session {
  readonly id: string;
  readonly email: string;
  readonly password: string;
}

/** An answer, read to its end. */
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

/** Talks to a stack over HTTP, with nothing but its URL and keys. */
export interface StackClient {
  readonly stack: Stack;
  /** Signs a new user up. */
  signUp(): Promise<TestUser>;
  /** Signs a user in once more, as on another device. */
  signIn(user: Pick<TestUser, "email" | "password">): Promise<Session>;
  /** Calls `/auth/v1`, with an access token or without. */
  auth(method: string, path: string, options?: { token?: string; body?: unknown }): Promise<Reply>;
  /** Calls `/auth/v1/admin` with the service_role key. */
  admin(method: string, path: string, body?: unknown): Promise<Reply>;
  /** Calls a function. */
  call(path: string, call?: FunctionCall): Promise<Reply>;
  /** A token with other claims, signed with the stack's secret; one that is `undefined` goes. */
  withClaims(token: string, changes: Record<string, unknown>): Promise<string>;
  /** The HTML of the newest mail to an address. */
  mail(address: string): Promise<string>;
}

/** Reads the HTML of the newest mail to an address; fails where there is none. */
export type Mailbox = (address: string) => Promise<string>;

/** For tests that read no mail. */
const noMailbox: Mailbox = () => Promise.reject(new Error("This test has no mailbox."));

/** Makes a client of a stack. */
export function createStackClient(stack: Stack, mail: Mailbox = noMailbox): StackClient {
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
  const client: StackClient = {
    stack,
    async signUp() {
      const email = `${crypto.randomUUID()}@example.com`;
      const password = `Pw-${crypto.randomUUID()}`;
      const { status, body } = await client.auth("POST", "/signup", { body: { email, password } });
      assertEquals(status, 200, `sign-up failed: ${JSON.stringify(body)}`);
      const session = body as Session;
      return { ...session, id: session.user.id, email, password };
    },
    async signIn({ email, password }) {
      const path = "/token?grant_type=password";
      const { status, body } = await client.auth("POST", path, { body: { email, password } });
      assertEquals(status, 200, `sign-in failed: ${JSON.stringify(body)}`);
      return body as Session;
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
    // With the HS256 secret, which a project with ES256 keys still accepts.
    withClaims: (token, changes) =>
      signHs256({ ...decodeClaims(token), ...changes }, stack.jwtSecret ?? ""),
    mail,
  };
  return client;
}

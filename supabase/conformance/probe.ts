import type { Target } from "./args.ts";

/** An answer of the function, read to its end. */
export interface Answer {
  /** `0` where none came in time. */
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body, where it is JSON. */
  readonly json: unknown;
}

/** A request to the function. */
export interface Call {
  /** The Authorization header; without it none is sent. */
  readonly authorization?: string | undefined;
  readonly method?: string;
  /** Behind the URL of the function. @default "" */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
}

/** A session of the user. */
export interface Session {
  readonly token: string;
  readonly email: string;
}

/** The user could not be signed in. The message says what Auth said. */
export class SignInError extends Error {
  override readonly name = "SignInError";
}

/** How long an answer may take. */
const TIMEOUT_MS = 15_000;

/** The page that the requests claim to come from. */
export const ORIGIN = "https://conformance.example";

/** A caller of the function, and a client of Auth: what anybody's app is, and no more. */
export class Probe {
  readonly target: Target;
  /** The user that was signed up, if one was. */
  signedUp: string | undefined;
  readonly #fetch: typeof globalThis.fetch;
  readonly #user: { readonly email: string; readonly password: string };
  readonly #open = new Set<string>();

  constructor(target: Target, fetch: typeof globalThis.fetch = globalThis.fetch) {
    this.target = target;
    this.#fetch = fetch;
    this.#user = target.user ?? {
      email: `edge-auth-conformance-${crypto.randomUUID()}@example.com`,
      password: `Pw-${crypto.randomUUID()}`,
    };
  }

  /** Calls the function. */
  async call({ authorization, method, path = "", headers = {}, body }: Call = {}): Promise<Answer> {
    const all = new Headers({ apikey: this.target.key, Origin: ORIGIN, ...headers });
    if (authorization !== undefined) all.set("Authorization", authorization);
    return await this.#send(`${this.target.functionUrl}${path}`, {
      method: method ?? this.target.method,
      headers: all,
      ...(body !== undefined && { body }),
    });
  }

  /** Calls the function with a token. */
  callAs(token: string, call: Omit<Call, "authorization"> = {}): Promise<Answer> {
    return this.call({ ...call, authorization: `Bearer ${token}` });
  }

  /**
   * Signs the user in once more: another device. The first time, a user who was not given is signed
   * up.
   *
   * @throws {SignInError} Auth gave no session.
   */
  async signIn(): Promise<Session> {
    const isNew = this.target.user === undefined && this.signedUp === undefined;
    const path = isNew ? "/signup" : "/token?grant_type=password";
    const { status, json, text } = await this.#auth(path, undefined, this.#user);
    const { access_token: token } = Object(json) as { access_token?: unknown };
    if (status === 200 && isNew) this.signedUp = this.#user.email;
    if (typeof token !== "string") {
      const { code, error_code: oldCode } = Object(json) as {
        code?: unknown;
        error_code?: unknown;
      };
      const reason = status === 200
        ? "the address has to be confirmed first"
        : String(oldCode ?? code ?? (text.slice(0, 80) || `status ${status}`));
      throw new SignInError(
        `${
          isNew ? "A new user could not be signed up" : "The user could not sign in"
        }: ${reason}. ` +
          (this.target.user === undefined ? "Give a test user with --email and --password." : ""),
      );
    }
    this.#open.add(token);
    return { token, email: this.#user.email };
  }

  /** Ends the session of a token (`local`), or every session of its user (`global`). */
  async signOut(token: string, scope: "local" | "global"): Promise<boolean> {
    this.#open.delete(token);
    const { status } = await this.#auth(`/logout?scope=${scope}`, token);
    return status === 204;
  }

  /** Ends every session that is still open. */
  async close(): Promise<void> {
    for (const token of this.#open) await this.signOut(token, "local");
  }

  #auth(path: string, token?: string, body?: unknown): Promise<Answer> {
    const headers = new Headers({ apikey: this.target.key, "Content-Type": "application/json" });
    if (token !== undefined) headers.set("Authorization", `Bearer ${token}`);
    return this.#send(`${this.target.authUrl}${path}`, {
      method: "POST",
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  async #send(url: string, init: RequestInit): Promise<Answer> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
    try {
      const response = await this.#fetch(url, {
        ...init,
        redirect: "manual",
        signal: abort.signal,
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, json: parse(text) };
    } catch (error) {
      return { status: 0, headers: new Headers(), text: String(error), json: undefined };
    } finally {
      clearTimeout(timer);
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

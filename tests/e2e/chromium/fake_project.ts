/** A project that is one server of this test: its page, an Auth that answers as told, and functions. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { bundle } from "../../../supabase/local/bundle.ts";
import { problem } from "../../../shared/problems/problem.ts";
import type { Source } from "../../../shared/problems/table.ts";
import { json, now, token, USER_ID } from "../../support/server.ts";
import { launchChromium } from "./chromium.ts";
import type { App } from "./fake_project_page.ts";

/** Where the page keeps the session. */
export const STORAGE_KEY = "sb-test-auth-token";

/** A session as supabase-js stores it; its token ran out so many seconds ago, or will. */
export function sessionOf(expires: number, claims: Record<string, unknown> = {}) {
  const expires_at = now() + expires;
  const access_token = token({
    n: crypto.randomUUID(),
    iat: expires_at - 3600,
    exp: expires_at,
    ...claims,
  });
  return {
    access_token,
    refresh_token: String(crypto.randomUUID()),
    token_type: "bearer",
    expires_in: 3600,
    expires_at,
    user: { id: USER_ID, aud: "authenticated", app_metadata: {}, user_metadata: {} },
  };
}

export type TestSession = ReturnType<typeof sessionOf>;
type Answer = (request: Request) => Response | Promise<Response>;

/** A refusal as edge-auth writes it. */
export function refuses(code: string, source: Source = "credential", more: object = {}): Response {
  const body = problem(code, source, {
    request_id: "r1",
    replay: source === "credential",
    ...more,
  });
  return json(body.status, body);
}

/** Auth's word, in its own shape. */
export const authSays = (status: number, error_code: string) =>
  json(status, { code: status, error_code, msg: "UPSTREAM" });

const SCRIPTS: Readonly<Record<string, string>> = {
  "/app.js": "fake_project_page.ts",
  "/worker.js": "fake_project_worker.ts",
};

/** The server, and what its parts answer. */
export class FakeProject {
  /** The refresh grant; `null` renews. */
  grant: Answer | null = null;
  /** Answers to other paths; a path that is not there is a function that wants a living token. */
  routes: Record<string, Answer> = {};
  readonly alive = new Set<string>();
  readonly seen: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly url: string;

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#answer(request),
    );
    this.url = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async close(): Promise<void> {
    await this.#server.shutdown();
  }

  count(path: string): number {
    return this.seen.filter((one) => one === path).length;
  }

  /** Makes a session alive. */
  begin(session: TestSession): TestSession {
    this.alive.add(session.access_token);
    return session;
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/") {
      const html =
        `<!doctype html><title>A page</title><script type="module" src="/app.js"></script>`;
      return new Response(html, { headers: { "content-type": "text/html" } });
    }
    const entry = SCRIPTS[pathname];
    if (entry !== undefined) {
      const script = await bundle(new URL(entry, import.meta.url));
      return new Response(script, { headers: { "content-type": "text/javascript" } });
    }
    if (pathname === "/ping") return new Response("pong");
    this.seen.push(pathname);
    const route = this.routes[pathname];
    if (route) return await route(request);
    if (pathname === "/auth/v1/token") {
      return await (this.grant?.(request) ?? json(200, this.begin(sessionOf(3600))));
    }
    if (pathname === "/auth/v1/logout") return new Response(null, { status: 204 });
    const bearer = request.headers.get("authorization")?.slice("Bearer ".length) ?? "";
    const isAlive = this.alive.has(bearer);
    if (pathname === "/auth/v1/user") {
      return isAlive ? json(200, { id: USER_ID }) : authSays(403, "session_not_found");
    }
    return isAlive ? json(200, '"in"') : refuses("token_expired");
  }
}

/** A browser for the tests of a file, and a project of its own for each. */
export function projectOfFile(): { readonly project: FakeProject; readonly browser: Browser } {
  let project: FakeProject;
  let browser: Browser;
  Deno.test.beforeAll(async () => {
    browser = await launchChromium();
  });
  Deno.test.beforeEach(() => {
    project = new FakeProject();
  });
  Deno.test.afterEach(() => project.close());
  Deno.test.afterAll(() => browser.close());
  return {
    get project() {
      return project;
    },
    get browser() {
      return browser;
    },
  };
}

/** A device of somebody who is signed in. */
export async function deviceOf(browser: Browser, session: TestSession): Promise<BrowserContext> {
  const device = await browser.newContext();
  device.setDefaultTimeout(20_000);
  await device.addInitScript(([key, value]) => {
    if (localStorage.getItem("seeded")) return;
    localStorage.setItem("seeded", "yes");
    localStorage.setItem(key ?? "", value ?? "");
  }, [STORAGE_KEY, JSON.stringify(session)]);
  return device;
}

/** A tab of a device; with a clock that only {@linkcode runClock} moves, if there is a time. */
export async function openTab(
  device: BrowserContext,
  project: FakeProject,
  query = "",
  time?: number,
): Promise<Page> {
  const page = await device.newPage();
  if (time !== undefined) {
    await page.clock.install({ time });
    await page.clock.pauseAt(time + 1);
  }
  await page.goto(`${project.url}/${query}`);
  await page.waitForFunction(() => "app" in globalThis);
  return page;
}

/** Calls the function `me` in a tab; its data, or the code of its problem. */
export function callMe(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const { app } = globalThis as unknown as { app: App };
    const { data, error } = await app.supabase.functions.invoke("me");
    return data ?? app.problemOf(error)?.code ?? String(error);
  });
}

/** Calls a function in a tab and does not wait for it; its outcome as of {@linkcode callMe}. */
export function startCall(page: Page): { readonly outcome: Promise<string>; isDone: boolean } {
  const call = { outcome: callMe(page), isDone: false };
  call.outcome.finally(() => call.isDone = true).catch(() => {});
  return call;
}

/**
 * Moves the clock of a tab on until something is so.
 *
 * @param isDone What is waited for.
 * @param limitMs The longest time on the tab's clock.
 * @param stepMs How far it is moved at a time.
 * @returns How much time passed on it, in milliseconds.
 */
export async function runClock(
  page: Page,
  isDone: () => boolean | Promise<boolean>,
  limitMs: number,
  stepMs = 250,
): Promise<number> {
  let elapsedMs = 0;
  while (!await isDone() && elapsedMs < limitMs) {
    await page.clock.runFor(stepMs);
    elapsedMs += stepMs;
    // What the tab sent has been answered when these are.
    await page.evaluate(() => Promise.all([fetch("/ping"), fetch("/ping")]).then(() => {}));
  }
  return elapsedMs;
}

/** What a tab was told so far. */
export function toldOf(
  page: Page,
): Promise<{ told: string[]; kinds: string[]; outages: number[]; errors: string[] }> {
  return page.evaluate(() => {
    const { told, kinds, outages, errors } = (globalThis as unknown as { app: App }).app;
    return { told, kinds, outages, errors };
  });
}

/** Waits until a tab was told of an ending so many times. */
export async function waitForTold(page: Page, count: number): Promise<void> {
  await page.waitForFunction(
    (count) => (globalThis as unknown as { app: App }).app.told.length >= count,
    count,
  );
}

/** Waits until so many dialogs were opened in a tab. */
export async function waitForDialogs(page: Page, count: number): Promise<void> {
  await page.waitForFunction(
    (count) => (globalThis as unknown as { app: App }).app.dialogs.length >= count,
    count,
  );
}

/** The session in a tab's storage. */
export function storedIn(page: Page): Promise<TestSession | null> {
  return page.evaluate((key) => JSON.parse(localStorage.getItem(key) ?? "null"), STORAGE_KEY);
}

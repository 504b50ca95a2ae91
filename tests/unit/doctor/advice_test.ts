// The measurements behind "Advice that is wrong" in supabase/doctor/README.md: supabase-js and ssr as
// they are, against the embedded stack.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { createServerClient } from "@supabase/ssr";
import {
  type AuthChangeEvent,
  createClient,
  isAuthRetryableFetchError,
  isAuthSessionMissingError,
} from "@supabase/supabase-js";
import { createClient as createOldClient } from "@supabase/supabase-js-2.109";
import { apiKeys } from "../../../supabase/local/keys.ts";
import { bootStack, type RunningStack } from "../../../supabase/local/stack.ts";

let stack: RunningStack;
let offset = 0;
Deno.test.beforeAll(async () => {
  stack = await bootStack({ port: 0, functions: false, now: () => Date.now() + offset });
});
Deno.test.afterAll(() => stack.close());

/** Storage that a test can look into. */
function memory(map = new Map<string, string>()) {
  return {
    map,
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => void map.set(key, value),
    removeItem: (key: string) => void map.delete(key),
  };
}

const requests: Request[] = [];
let answer: ((request: Request) => Response | undefined) | undefined;
const watched: typeof globalThis.fetch = (input, init) => {
  const request = new Request(input, init);
  requests.push(request.clone());
  const instead = answer?.(request);
  return instead ? Promise.resolve(instead) : fetch(request);
};

function client(storage = memory()) {
  return createClient(stack.url, apiKeys.publishable, {
    auth: { storage, autoRefreshToken: false, persistSession: true },
    global: { fetch: watched },
  });
}

let people = 0;
const someone = () => ({ email: `p${people++}@example.com`, password: "correct-horse" });

/** A client with a session, and its token. */
async function signedIn(storage = memory(), person = someone(), known = false) {
  const supabase = client(storage);
  const { data } = known
    ? await supabase.auth.signInWithPassword(person)
    : await supabase.auth.signUp(person);
  const { session } = data;
  assert(session);
  return { supabase, person, storage, token: session.access_token, user: session.user };
}

/** Ends the session from elsewhere. */
async function end(token: string, scope = "global") {
  const headers = { apikey: apiKeys.publishable, Authorization: `Bearer ${token}` };
  const done = await fetch(`${stack.url}/auth/v1/logout?scope=${scope}`, {
    method: "POST",
    headers,
  });
  await done.body?.cancel();
  assertEquals(done.status, 204);
}

Deno.test("getSession() asks nobody when the session has ended elsewhere", async () => {
  const { supabase, token } = await signedIn();
  await end(token);
  requests.length = 0;
  const { data, error } = await supabase.auth.getSession();
  assertEquals([data.session?.access_token, error, requests.length], [token, null, 0]);
});

Deno.test("getUser() of a dead session has no code, status 400 and one fixed text", async () => {
  const { supabase, token } = await signedIn();
  await end(token);
  const { error } = await supabase.auth.getUser(token);
  assert(isAuthSessionMissingError(error));
  assertEquals([error.code, error.status, error.message], [
    undefined,
    400,
    "Auth session missing!",
  ]);
});

Deno.test("functions.invoke() has one fixed text when the function refuses", async () => {
  const { supabase } = await signedIn();
  answer = ({ url }) =>
    url.includes("/functions/")
      ? Response.json({ code: "session_not_found" }, { status: 401 })
      : undefined;
  const { error } = await supabase.functions.invoke("me");
  answer = undefined;
  assertEquals(error.message, "Edge Function returned a non-2xx status code");
  assertEquals([error.status, error.code, error.context.status], [undefined, undefined, 401]);
  assertEquals((await error.context.json()).code, "session_not_found");
});

Deno.test("a long jwt_expiry keeps no session alive, and lets a dead one pass for longer", async () => {
  for (const jwtExpiry of [300, 604_800]) {
    await using other = await bootStack({ port: 0, functions: false, settings: { jwtExpiry } });
    const supabase = createClient(other.url, apiKeys.publishable, {
      auth: { persistSession: false, autoRefreshToken: false },
    });
    const { data: { session } } = await supabase.auth.signUp(someone());
    assertEquals(session?.expires_in, jwtExpiry);
    const token = session!.access_token;
    await supabase.auth.signOut({ scope: "global" });
    const dead = await supabase.auth.getUser(token);
    assert(isAuthSessionMissingError(dead.error));
    const { data } = await supabase.auth.getClaims(token); // what a local check does
    assertEquals(Math.round(data!.claims.exp - data!.claims.iat), jwtExpiry);
  }
});

Deno.test("localStorage.removeItem('supabase.auth.token') removes nothing", async () => {
  const { storage, token } = await signedIn();
  assertEquals([...storage.map.keys()], ["sb-127-auth-token"]);
  storage.removeItem("supabase.auth.token");
  const { data } = await client(storage).auth.getSession();
  assertEquals(data.session?.access_token, token);
});

Deno.test("createClient() keeps the session under sb-<ref>-auth-token", async () => {
  const read: string[] = [];
  const storage = { ...memory(), getItem: (key: string) => (read.push(key), null) };
  const supabase = createClient("https://abcdefghijklmnopqrst.supabase.co", "key", {
    auth: { storage, autoRefreshToken: false },
  });
  await supabase.auth.getSession();
  assert(read.includes("sb-abcdefghijklmnopqrst-auth-token"));
  assert(!read.includes("supabase.auth.token"));
});

/** Whether the types know the event; a drift fails to compile. */
const userDeleted: "USER_DELETED" extends AuthChangeEvent ? true : false = false;

Deno.test("a deleted user sends no event, and keeps the local session", async () => {
  const { supabase, user, storage } = await signedIn();
  const events: string[] = [];
  const { data: { subscription } } = supabase.auth.onAuthStateChange((event) =>
    void events.push(event)
  );
  await stack.store.deleteUser(user.id);
  const { error } = await supabase.auth.getUser();
  subscription.unsubscribe();
  assertEquals([error?.code, userDeleted], ["user_not_found", false]);
  assertEquals(events.filter((event) => event !== "INITIAL_SESSION"), []);
  assertEquals(storage.map.size, 1);
});

Deno.test("a delay revives no dead session", async () => {
  const { supabase, token } = await signedIn();
  await end(token);
  for (const later of [0, 1_000, 60_000, 1_800_000]) {
    offset = later; // Auth's clock, not ours: nobody waits
    const { error } = await supabase.auth.getUser(token);
    assert(isAuthSessionMissingError(error), `${later} ms`);
  }
  offset = 0;
});

Deno.test("signOut() ends every device, and scope local this one", async () => {
  const phone = await signedIn();
  const laptop = await signedIn(memory(), phone.person, true);
  await phone.supabase.auth.signOut({ scope: "local" });
  assertEquals((await laptop.supabase.auth.getUser(laptop.token)).error, null);
  const again = await signedIn(memory(), phone.person, true);
  await again.supabase.auth.signOut();
  const { error } = await laptop.supabase.auth.getUser(laptop.token);
  assert(isAuthSessionMissingError(error));
});

Deno.test("an error of getUser() is also there when Auth is down and the session lives", async () => {
  const { supabase, token } = await signedIn();
  answer = () => new Response("down", { status: 503 });
  const { error } = await supabase.auth.getUser(token);
  answer = undefined;
  assert(isAuthRetryableFetchError(error));
  assertEquals((await supabase.auth.getUser(token)).error, null);
});

type Cookie = { name: string; value: string };

/** A server's client, bound to a jar of cookies. */
function serverClient(url: string, key: string, jar: Map<string, string>, setAll: boolean) {
  return createServerClient(url, key, {
    cookies: {
      getAll: () => [...jar].map(([name, value]) => ({ name, value })),
      ...(setAll
        ? {
          setAll(all: Cookie[]) {
            for (const { name, value } of all) {
              if (value === "") jar.delete(name);
              else jar.set(name, value);
            }
          },
        }
        : {}),
    },
    global: { fetch: watched },
  });
}

Deno.test("cookies with getAll alone send a used refresh token again", async () => {
  // A token that lives no longer than the margin of 90 s is refreshed at once.
  await using other = await bootStack({ port: 0, functions: false, settings: { jwtExpiry: 60 } });
  const refreshes = async (setAll: boolean) => {
    const jar = new Map<string, string>();
    const first = serverClient(other.url, apiKeys.publishable, jar, true);
    await first.auth.signUp(someone());
    requests.length = 0;
    for (let request = 0; request < 2; request++) {
      await serverClient(other.url, apiKeys.publishable, jar, setAll).auth.getSession();
    }
    const sent = requests.filter(({ url }) => url.includes("grant_type=refresh_token"));
    return await Promise.all(sent.map(async (one) => (await one.clone().json()).refresh_token));
  };
  const warn = console.warn;
  console.warn = () => {}; // ssr warns of just this
  try {
    const [one, two] = await refreshes(false);
    assert(one !== undefined && one === two);
    const [three, four] = await refreshes(true);
    assert(three !== undefined && four !== undefined && three !== four);
  } finally {
    console.warn = warn;
  }
});

Deno.test("a secret key with cookies acts as the user, and as the service without them", async () => {
  const jar = new Map<string, string>();
  await serverClient(stack.url, apiKeys.publishable, jar, true).auth.signUp(someone());
  const bearer = async (cookies: Map<string, string>) => {
    requests.length = 0;
    await serverClient(stack.url, apiKeys.secret, cookies, true).from("todos").select();
    const sent = requests.find(({ url }) => url.includes("/rest/v1/"));
    return sent?.headers.get("Authorization");
  };
  assertMatch(await bearer(jar) ?? "", /^Bearer eyJ/);
  assertEquals(await bearer(new Map()), `Bearer ${apiKeys.secret}`);
});

Deno.test("a client with the caller's header calls Auth for some methods, and for others not", async () => {
  const { token } = await signedIn();
  const calls: string[] = [];
  const supabase = createClient(stack.url, apiKeys.publishable, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: {
      headers: { Authorization: `Bearer ${token}` },
      fetch: (input, init) => {
        const { method, url, headers } = new Request(input, init);
        assertEquals(headers.get("Authorization"), `Bearer ${token}`);
        calls.push(`${method} ${new URL(url).pathname.replace("/auth/v1", "")}`);
        return Promise.resolve(Response.json({ id: "u", factors: [] }));
      },
    },
  });
  const { auth } = supabase;
  const asked = async (call: () => Promise<{ error: unknown }>) => {
    calls.length = 0;
    const { error } = await call();
    return [calls.join(), (error as Error | null)?.name];
  };
  assertEquals(await asked(() => auth.getUser()), ["GET /user", undefined]);
  assertEquals(await asked(() => auth.mfa.listFactors()), ["GET /user", undefined]);
  assertEquals(await asked(() => auth.mfa.enroll({ factorType: "totp" })), [
    "POST /factors",
    undefined,
  ]);
  const missing = "AuthSessionMissingError";
  assertEquals(await asked(() => auth.updateUser({ data: {} })), ["", missing]);
  assertEquals(await asked(() => auth.reauthenticate()), ["", missing]);
  assertEquals(await asked(() => auth.refreshSession()), ["", missing]);
  assertEquals(await asked(() => auth.signOut({ scope: "others" })), ["", undefined]);
  const { data } = await auth.mfa.getAuthenticatorAssuranceLevel();
  assertEquals([data?.currentLevel, calls], [null, []]);
});

/** Whether a refresh ends when a listener awaits the client that it listens to. */
async function endsWithAwaitingListener(make: typeof createClient): Promise<boolean> {
  const { storage } = await signedIn();
  const supabase = make(stack.url, apiKeys.publishable, {
    auth: { storage, autoRefreshToken: false },
    global: {
      fetch: (input, init) =>
        new URL(new Request(input, init).url).pathname.startsWith("/rest/")
          ? Promise.resolve(Response.json([]))
          : fetch(input, init),
    },
  });
  const { data: { subscription } } = supabase.auth.onAuthStateChange(async () => {
    await supabase.from("todos").select();
  });
  let ended = false;
  void supabase.auth.getSession().then(() => ended = true);
  // Nothing here waits for the network: what has not ended after so many turns waits for itself.
  for (let turn = 0; turn < 200 && !ended; turn++) await new Promise((go) => setTimeout(go, 0));
  subscription.unsubscribe();
  return ended;
}

Deno.test("a listener that awaits its client hangs it in 2.109.0, and not in the newest", async () => {
  assertEquals(
    await endsWithAwaitingListener(createOldClient as unknown as typeof createClient),
    false,
  );
  assertEquals(await endsWithAwaitingListener(createClient), true);
});

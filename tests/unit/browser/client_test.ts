import { assertEquals, assertThrows } from "@std/assert";
import { type AnyClient, clientOf } from "../../../shared/browser/client.ts";
import { onBoth, openTab, session, STORAGE_KEY, store, TabStorage, URL_ } from "./_support.ts";

const offline = () => Promise.reject(new TypeError("offline"));

onBoth("clientOf() reads and removes the session without a request", async (create) => {
  const storage = new TabStorage();
  const client = clientOf(openTab(create, storage, offline));
  assertEquals([client.url, client.peek()], [URL_, null]);
  const initialSession = store(storage, session());
  const peeked = client.peek();
  // Synchronous, so that nothing can change between the read and the removal.
  assertEquals(
    peeked instanceof Promise ? undefined : peeked?.access_token,
    initialSession.access_token,
  );
  const dropped = client.removeSession();
  assertEquals(storage.items.has(STORAGE_KEY), false);
  await dropped;
});

onBoth("clientOf() finds no session when the stored value is not a session", (create) => {
  const storage = new TabStorage();
  const client = clientOf(openTab(create, storage, offline));
  for (const text of ["", "null", "[]", "{", "{}", '{"access_token":1,"refresh_token":"x"}']) {
    storage.setItem(STORAGE_KEY, text);
    assertEquals(client.peek(), null);
  }
});

Deno.test("clientOf() throws when the value is not a supported client", () => {
  const auth = { storage: new TabStorage(), storageKey: STORAGE_KEY };
  for (const wrong of [{ auth: {}, functions: {} }, { auth, functions: {} }]) {
    const unknown: unknown = { supabaseUrl: URL_, supabaseKey: "key", ...wrong };
    assertThrows(() => clientOf(unknown as AnyClient), TypeError, "2.109 or later");
  }
  const none: unknown = {};
  assertThrows(() => clientOf(none as AnyClient), TypeError, "2.109 or later");
});

onBoth(
  "clientOf() announces no refresh of the known token, but what another tab tells",
  async (create) => {
    const supabase = openTab(create, new TabStorage(), offline);
    const client = clientOf(supabase);
    const events: string[] = [];
    supabase.auth.onAuthStateChange((event) => void events.push(event));
    await supabase.auth.getSession();
    const auth = supabase.auth as unknown as {
      _notifyAllSubscribers(event: string, about: unknown, isOwn?: boolean): Promise<void>;
    };
    const [known, fresh] = [session(), session()];
    client.knownToken = known.access_token;
    await auth._notifyAllSubscribers("TOKEN_REFRESHED", known);
    assertEquals(events, ["INITIAL_SESSION"]);
    await auth._notifyAllSubscribers("SIGNED_IN", known);
    await auth._notifyAllSubscribers("TOKEN_REFRESHED", fresh);
    await auth._notifyAllSubscribers("TOKEN_REFRESHED", known, false);
    await auth._notifyAllSubscribers("SIGNED_OUT", null);
    assertEquals(events.slice(1), [
      "SIGNED_IN",
      "TOKEN_REFRESHED",
      "TOKEN_REFRESHED",
      "SIGNED_OUT",
    ]);
  },
);

onBoth("clientOf() throws when the client lacks a member that is used", (create) => {
  for (const name of ["_removeSession", "_notifyAllSubscribers", "fetch", "storage"]) {
    const supabase = openTab(create, new TabStorage(), offline);
    const auth = supabase.auth as unknown as Record<string, unknown>;
    const member = auth[name];
    auth[name] = undefined;
    assertThrows(() => clientOf(supabase), TypeError, "2.109 or later");
    auth[name] = member; // supabase-js itself goes on with it
  }
});

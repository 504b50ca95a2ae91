import { assertEquals, assertThrows } from "@std/assert";
import { createClient } from "@supabase/supabase-js";
import { type AnyClient, clientOf } from "../../../shared/browser/client.ts";
import { KEY, onBoth, openTab, session, STORAGE_KEY, store, TabStorage, URL_ } from "./_support.ts";

const offline = () => Promise.reject(new TypeError("offline"));

onBoth("clientOf() finds what it needs in a client, and drops without sending", async (create) => {
  const storage = new TabStorage();
  const client = clientOf(openTab(create, storage, offline));
  assertEquals([client.base.href, client.peek()], [`${URL_}/`, null]);
  const mine = store(storage, session());
  const peeked = client.peek();
  // At once, so that a look and a removal can be one turn.
  assertEquals(peeked instanceof Promise ? undefined : peeked?.access_token, mine.access_token);
  const dropped = client.drop();
  assertEquals(storage.items.has(STORAGE_KEY), false);
  await dropped;
});

Deno.test("clientOf() drops a session by public means when a newer supabase-js has no other", async () => {
  const storage = new TabStorage();
  store(storage, session());
  const seen: unknown[] = [];
  const made = createClient(URL_, KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const auth = {
    storage,
    storageKey: STORAGE_KEY,
    signOut: (options: unknown) => {
      seen.push(options, storage.items.size);
      return Promise.resolve();
    },
  };
  const future: unknown = { auth, functions: made.functions, supabaseUrl: `${URL_}//` };
  const client = clientOf(future as AnyClient);
  assertEquals(client.base.href, `${URL_}/`);
  await client.drop();
  // Nothing was stored any more, so there was nothing that it could send.
  assertEquals(seen, [{ scope: "local" }, 0]);
});

onBoth("clientOf() takes what is no session for none", (create) => {
  const storage = new TabStorage();
  const client = clientOf(openTab(create, storage, offline));
  for (const text of ["", "null", "[]", "{", "{}", '{"access_token":1,"refresh_token":"x"}']) {
    storage.setItem(STORAGE_KEY, text);
    assertEquals(client.peek(), null);
  }
});

Deno.test("clientOf() refuses what is no such client", () => {
  const auth = { storage: new TabStorage(), storageKey: STORAGE_KEY };
  for (const wrong of [{ auth: {}, functions: {} }, { auth, functions: {} }]) {
    const unknown: unknown = { supabaseUrl: URL_, ...wrong };
    assertThrows(() => clientOf(unknown as AnyClient), TypeError);
  }
});

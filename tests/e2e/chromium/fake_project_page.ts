/** The page of fake_project.ts: a client set up as the README shows, and what it was told. */
import { createClient } from "@supabase/supabase-js";
import { createRecovery, onSession, problemOf } from "../../../shared/browser/mod.ts";

const told: string[] = [];
const kinds: string[] = [];
const outages: number[] = [];
const errors: string[] = [];
/** The dialogs that were opened; each is ended by a test. */
const dialogs: { complete: (answer?: object) => void; cancel: () => void }[] = [];

const log = console.error;
console.error = (...args) => {
  errors.push(String(args[0]));
  log(...args);
};

const query = new URLSearchParams(location.search);

/** A promise that is not a Promise, as other libraries have them. */
function foreign<T>(value: T): PromiseLike<T> {
  return { then: (...args) => Promise.resolve(value).then(...args) };
}

let reads = 0;
let writtenAtMs = -Infinity;
/** Storages that real projects have, instead of localStorage itself. */
const STORAGES: Readonly<Record<string, (key: string) => PromiseLike<string | null>>> = {
  "foreign-promises": (key) => foreign(localStorage.getItem(key)),
  "null-while-writing": (key) =>
    foreign(performance.now() - writtenAtMs < 300 ? null : localStorage.getItem(key)),
  "one-read-fails": (key) =>
    ++reads === 3 ? Promise.reject(new Error("busy")) : foreign(localStorage.getItem(key)),
};
const getItem = STORAGES[query.get("storage") ?? ""];
const storage = getItem && {
  getItem,
  setItem: (key: string, value: string) => {
    writtenAtMs = performance.now();
    return foreign(localStorage.setItem(key, value));
  },
  removeItem: (key: string) => foreign(localStorage.removeItem(key)),
};

const recovery = createRecovery({
  onSignedOut: ({ code }) => told.push(code),
  onOutage: (outage) => outages.push(outage === null ? 0 : 1),
  onStepUp: (_, { complete, cancel }) => {
    dialogs.push({ complete: () => complete(true), cancel });
  },
  onReauthenticate: (_, { complete, cancel }) => {
    dialogs.push({ complete: (answer = {}) => complete(answer), cancel });
  },
  patience: Number(query.get("patience") ?? 20_000),
});

const supabase = recovery.attach(
  createClient(location.origin, "sb_publishable_x", {
    auth: {
      storageKey: "sb-test-auth-token",
      ...(storage ? { storage: storage as unknown as Storage } : {}),
    },
    global: { fetch: recovery.fetch },
  }),
);

onSession(supabase, ({ kind }) => kinds.push(kind));

const app = { supabase, told, kinds, outages, errors, dialogs, problemOf, createRecovery };
/** What tests reach in the page. */
export type App = typeof app;
Object.assign(globalThis, { app });

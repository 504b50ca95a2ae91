// Clients of pages, phones and middlewares, and what needs a session.
import { app, AT, edge, type Shown, SRC } from "../_project.ts";

const MAKE = `import { createClient } from "@supabase/supabase-js";\n`;
const VITE =
  `createClient(import.meta.env.VITE_SUPABASE_URL, import.meta.env.VITE_SUPABASE_ANON_KEY`;
const HEADER =
  `import { createClient } from "npm:@supabase/supabase-js@2"; export const f = async (req: Request) => { ` +
  `const supabase = createClient("u", "k", { global: { headers: { Authorization: req.headers.get("Authorization")! } } });\n`;
const NEXT =
  `import { createServerClient } from "@supabase/ssr"; import { NextResponse } from "next/server";\n`;
const middleware = (body: string) => ({
  "middleware.ts":
    `${NEXT}export async function middleware(request) { let response = NextResponse.next({ request });
const supabase = createServerClient(u, k, { cookies: { getAll: () => request.cookies.getAll(), setAll: (all) => all.forEach((one) => response.cookies.set(one.name, one.value, one.options)) } });
const { data, error } = await supabase.auth.getUser();
${body} return response; }`,
});

/** By id. */
export const appExamples: Readonly<Record<string, Shown>> = {
  "listener-deadlock": {
    fires: [
      {
        when: "a method of the class is awaited, which awaits rows",
        files: app(
          `export class Auth { start() { supabase.auth.onAuthStateChange(async (event, session) => { await this.load(session); }); } async load() { await supabase.from("a").select(); } }`,
        ),
        severity: "warning",
        at: `${SRC}:2`,
      },
      {
        when: "rows are awaited",
        files: app(
          `supabase.auth.onAuthStateChange(async (event, session) => { await supabase.from("a").select(); });`,
        ),
        severity: "warning",
        at: `${SRC}:2`,
      },
      {
        when: "the result is kept",
        files: app(
          `supabase.auth.onAuthStateChange(async (event, session) => { const { data } = await supabase.auth.getUser(); set(data); });`,
        ),
        severity: "warning",
        at: `${SRC}:2`,
      },
      {
        when: "a helper is awaited that does it",
        files: app(
          `const load = async (id) => { const { data } = await supabase.from("profiles").select().eq("id", id); return data; }; supabase.auth.onAuthStateChange(async (_, session) => { if (session) await load(session.user.id); });`,
        ),
        severity: "warning",
        at: `${SRC}:2`,
      },
      {
        when: "the helper is in another file, and the listener has a name",
        files: {
          "src/profile.ts":
            `import { supabase } from "./client"; export async function load() { return await supabase.rpc("profile"); }`,
          "src/a.ts":
            `import { load } from "./profile"; import { supabase } from "./client";\nconst listener = async () => { await load(); };\nsupabase.auth.onAuthStateChange(listener);`,
        },
        severity: "warning",
        at: `${SRC}:3`,
      },
      {
        when: "the promise is returned by an arrow",
        files: app(
          `supabase.auth.onAuthStateChange((_event, session) => supabase.from("a").select().eq("id", session.user.id));`,
        ),
        severity: "warning",
        at: `${SRC}:2`,
      },
    ],
    quiet: [
      {
        when: "it is put off",
        files: app(
          `supabase.auth.onAuthStateChange(async () => { setTimeout(async () => { await supabase.from("a").select(); }, 0); });`,
        ),
      },
      {
        when: "the package is one that does not hang",
        files: {
          "package.json": `{ "dependencies": { "@supabase/supabase-js": "^2.111.0" } }`,
          ...app(
            `supabase.auth.onAuthStateChange(async () => { await supabase.from("a").select(); });`,
          ),
        },
      },
      {
        when: "it is not awaited",
        files: app(
          `supabase.auth.onAuthStateChange((event, session) => { supabase.from("a").select().then(set); });`,
        ),
      },
      {
        when: "something else is awaited",
        files: app(`supabase.auth.onAuthStateChange(async () => { await fetch("/a"); });`),
      },
    ],
  },
  "many-browser-clients": {
    fires: [
      {
        when: "two modules make one",
        files: {
          "src/a.ts": `${MAKE}export const a = ${VITE});`,
          "src/b.tsx": `${MAKE}export const b = ${VITE}, {});`,
        },
        severity: "warning",
        at: "src/b.tsx:2",
      },
      {
        when: "a component makes one for itself",
        files: {
          "src/a.ts": `${MAKE}export const a = ${VITE});`,
          "src/b.tsx":
            `${MAKE}import { useState } from "react"; export function B() { const [c] = useState(() => ${VITE})); }`,
        },
        severity: "warning",
        at: "src/b.tsx:2",
      },
    ],
    quiet: [
      {
        when: "one of them is a script of Node",
        files: {
          "src/a.ts": `${MAKE}export const a = ${VITE});`,
          "src/check.ts": `${MAKE}const b = ${VITE}); if (!b) process.exit(1);`,
        },
      },

      { when: "there is one", files: { "src/a.ts": `${MAKE}export const a = ${VITE});` } },
      {
        when: "the second stores nothing",
        files: {
          "src/a.ts": `${MAKE}export const a = ${VITE});`,
          "src/b.ts": `${MAKE}export const b = ${VITE}, { auth: { persistSession: false } });`,
        },
      },
      {
        when: "the second has a storage key of its own",
        files: {
          "src/a.ts": `${MAKE}export const a = ${VITE});`,
          "src/b.ts": `${MAKE}export const b = ${VITE}, { auth: { storageKey: "b" } });`,
        },
      },
      {
        when: "they are of two apps of a monorepo",
        files: {
          "x/package.json": "{}",
          "y/package.json": "{}",
          "x/src/a.ts": `${MAKE}export const a = ${VITE});`,
          "y/src/a.ts": `${MAKE}export const a = ${VITE});`,
        },
      },
      {
        when: "they speak to two projects",
        files: {
          "src/a.ts": `${MAKE}export const a = ${VITE});`,
          "src/b.ts":
            `${MAKE}export const b = createClient(import.meta.env.VITE_OTHER_URL, import.meta.env.VITE_OTHER_KEY);`,
        },
      },
    ],
  },
  "react-native-auto-refresh": {
    fires: [
      {
        when: "nothing starts it",
        files: {
          "lib/a.ts":
            `import AsyncStorage from "@react-native-async-storage/async-storage";\n${MAKE}export const a = createClient(u, k, { auth: { storage: AsyncStorage } });`,
        },
        severity: "warning",
        at: "lib/a.ts:3",
      },
      {
        when: "the options are a constant",
        files: {
          "lib/a.ts":
            `import * as SecureStore from "expo-secure-store";\n${MAKE}const options = { auth: { storage: adapter, autoRefreshToken: true } };\nexport const a = createClient(u, k, options);`,
        },
        severity: "warning",
        at: "lib/a.ts:4",
      },
    ],
    quiet: [
      {
        when: "another file starts it",
        files: {
          "lib/a.ts":
            `import AsyncStorage from "@react-native-async-storage/async-storage";\n${MAKE}export const a = createClient(u, k, { auth: { storage: AsyncStorage } });`,
          "App.tsx":
            `import { AppState } from "react-native"; AppState.addEventListener("change", (s) => s === "active" ? supabase.auth.startAutoRefresh() : supabase.auth.stopAutoRefresh());`,
        },
      },
      {
        when: "it is a web page",
        files: {
          "lib/a.ts":
            `${MAKE}export const a = createClient(u, k, { auth: { storage: localStorage } });`,
        },
      },
    ],
  },
  "middleware-drops-cookies": {
    fires: [
      {
        when: "a helper of another file refreshes",
        files: {
          "lib/session.ts":
            `import { createServerClient } from "@supabase/ssr"; export async function updateSession(request) { let response = next(request); const client = createServerClient(u, k, { cookies: { getAll: () => request.cookies.getAll(), setAll: (all) => all.forEach(({ name, value }) => response.cookies.set(name, value)) } }); await client.auth.getUser(); return response; }`,
          "middleware.ts":
            `import { updateSession } from "./lib/session"; import { NextResponse } from "next/server";\nexport async function middleware(request) { const response = await updateSession(request); if (isClosed(request)) return NextResponse.redirect(new URL("/soon", request.url)); return response; }`,
        },
        severity: "warning",
        at: "middleware.ts:2",
      },
      {
        when: "a redirect is made anew",
        files: middleware(
          `if (!data.user) return NextResponse.redirect(new URL("/login", request.url));`,
        ),
        severity: "warning",
        at: "middleware.ts:3",
      },
      {
        when: "it goes through a constant",
        files: middleware(
          `if (!data.user) { const away = NextResponse.redirect(url); return away; }`,
        ),
        severity: "warning",
        at: "middleware.ts:3",
      },
      {
        when: "an API is answered in JSON",
        files: middleware(
          `if (!data.user) return NextResponse.json({ error: "who" }, { status: 401 });`,
        ),
        severity: "warning",
        at: "middleware.ts:3",
      },
    ],
    quiet: [
      {
        when: "the cookies are copied",
        files: middleware(
          `if (!data.user) { const away = NextResponse.redirect(url); response.cookies.getAll().forEach((one) => away.cookies.set(one)); return away; }`,
        ),
      },
      {
        when: "the headers are taken along",
        files: middleware(
          `if (!data.user) return NextResponse.redirect(url, { headers: response.headers });`,
        ),
      },
      {
        when: "cookies() of Next is written",
        files: {
          "route.ts":
            `${NEXT}import { cookies } from "next/headers"; export async function GET() { const jar = await cookies(); const s = createServerClient(u, k, { cookies: { getAll: () => jar.getAll(), setAll: (all) => all.forEach((one) => jar.set(one)) } }); await s.auth.getUser(); return NextResponse.redirect("/a"); }`,
        },
      },
    ],
  },
  "ssr-get-set-remove": {
    fires: [
      {
        when: "a server's client has them",
        files: app(
          `createServerClient(u, k, { cookies: { get: (n) => jar.get(n), set: (n, v) => jar.set(n, v), remove: (n) => jar.delete(n) } });`,
        ),
        severity: "warning",
        at: `${SRC}:2`,
      },
      {
        when: "they stand in a constant",
        files: app(
          `const cookies = { get(name) {}, set() {}, remove() {} }; createBrowserClient(u, k, { cookies });`,
        ),
        severity: "warning",
        at: `${SRC}:2`,
      },
    ],
    quiet: [{
      when: "all are read and written",
      files: app(`createServerClient(u, k, { cookies: { getAll() {}, setAll() {} } });`),
    }],
  },
  "method-needs-session": {
    fires: [
      {
        when: "the user is changed",
        files: edge(`${HEADER}await supabase.auth.updateUser({ password }); };`),
        severity: "error",
        at: AT,
      },
      {
        when: "the user is signed out",
        files: edge(`${HEADER}await supabase.auth.signOut({ scope: "others" }); };`),
        severity: "error",
        at: AT,
      },
      {
        when: "the level is asked for",
        files: edge(
          `${HEADER}const { data } = await supabase.auth.mfa.getAuthenticatorAssuranceLevel(); return data; };`,
        ),
        severity: "error",
        at: AT,
      },
    ],
    quiet: [
      {
        when: "factors are listed, which works with a header",
        files: edge(`${HEADER}await supabase.auth.mfa.listFactors(); };`),
      },
      {
        when: "a session was set",
        files: edge(
          `${HEADER}await supabase.auth.setSession(s); await supabase.auth.updateUser({ password }); };`,
        ),
      },
      { when: "it is a page", files: app(`await supabase.auth.updateUser({ password });`) },
    ],
  },
};

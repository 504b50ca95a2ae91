/// <reference lib="dom" />
/** The snippets of shared/browser/README.md in one page, as an application puts them together. */
import { createElement } from "react";
// @ts-types="@types/react-dom/client"
import { createRoot } from "react-dom/client";
import { createApp } from "vue";
import "../../docs/cookbook/plain.ts";
import { me, queries } from "../../docs/cookbook/query.ts";
import { Private } from "../../docs/cookbook/react.ts";
import { redirect, supabase } from "../../docs/cookbook/supabase.ts";
import { useSession } from "../../docs/cookbook/vue.ts";

const root = createRoot(document.querySelector("#react")!);
root.render(createElement(Private, { page: "The page.", signIn: "Sign in." }));

createApp({
  setup() {
    const session = useSession();
    return () => session.value === undefined ? null : session.value?.user.email ?? "Nobody.";
  },
}).mount("#vue");

const app = { supabase, redirect, loadMe: () => queries.fetchQuery(me) };
/** What tests reach in the page. */
export type ReadmeApp = typeof app;
Object.assign(globalThis, { app });

/// <reference lib="dom" />
/** The snippet of shared/browser/README.md for @supabase/ssr, in a page. */
import { supabase } from "../../docs/cookbook/ssr_browser.ts";

const app = { supabase };
/** What tests reach in the page. */
export type ReadmeSsrApp = typeof app;
Object.assign(globalThis, { app });

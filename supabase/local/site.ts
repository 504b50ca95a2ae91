/** The page at `/` and /auth/confirm, where the links of its mails lead. */

import { bundle, BundleError } from "./bundle.ts";
import type { ApiKeys } from "./keys.ts";

/** What the page is built with. */
export interface SiteOptions {
  readonly keys: ApiKeys;
  /** New at every start, so that the page forgets the users of the database before. */
  readonly boot: string;
  /** Whether to bundle the script at every request. */
  readonly watch: boolean;
  /** The names of the functions. */
  readonly functions: () => Promise<readonly string[]>;
  /** Whether they are another project's: then each has a button, instead of those of this repository. */
  readonly isProject: boolean;
  readonly log: (line: string) => void;
}

const folder = new URL("./page/", import.meta.url);

const headers = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; " +
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

const types = { html: "text/html", css: "text/css", js: "text/javascript" };

function file(type: keyof typeof types, content: string): Response {
  return new Response(content, {
    headers: { ...headers, "content-type": `${types[type]}; charset=utf-8` },
  });
}

/** Whether a path is one of the page's. */
export function isSitePath(path: string): boolean {
  return path === "/" || path === "/auth/confirm" || path.startsWith("/_local/page/");
}

async function html({ keys, boot, functions, isProject }: SiteOptions): Promise<Response> {
  const names = await functions();
  let text = await Deno.readTextFile(new URL("index.html", folder));
  if (isProject) text = text.replace(CALLS, () => callRows(names));
  return file(
    "html",
    text.replace("$PUBLISHABLE_KEY", keys.publishable).replace("$BOOT", boot)
      .replace("$FUNCTIONS", names.join(" ")),
  );
}

/** The buttons that call functions. */
const CALLS = /<!-- calls:[^]*<!-- end of calls -->/;

/** The field with the body of every POST; without one, a function that reads a body has only refusals. */
const POST_BODY = `<li class="field">
              <label for="post-body">JSON body of POST</label>
              <input id="post-body" value="{}" autocomplete="off" spellcheck="false"
                aria-describedby="post-body-hint">
              <small id="post-body-hint" hidden>This is not JSON.</small>
            </li>`;

/** A button for each function and the methods that most have. Names need no escaping in HTML. */
function callRows(names: readonly string[]): string {
  if (names.length === 0) {
    return "<li><small>None yet: supabase/functions/&lt;name&gt;/index.ts</small></li>";
  }
  // `me` is the first function that `deno task adopt` writes.
  const [first, ...others] = [...names].sort((a, b) => Number(b === "me") - Number(a === "me"));
  const row = (call: string, times = "", text = call) =>
    `<li><button type="button" data-call="${call}"${times}>${text}</button></li>`;
  return [
    POST_BODY,
    row(`GET ${first}`),
    row(`GET ${first}`, ' data-times="10"', `GET ${first}, 10 at once`),
    row(`POST ${first}`),
    ...others.flatMap((name) => [row(`GET ${name}`), row(`POST ${name}`)]),
  ].join("\n            ");
}

async function script({ watch, log }: SiteOptions): Promise<Response> {
  try {
    return file("js", await bundle(new URL("main.ts", folder), watch));
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    log(`the page cannot be bundled: ${error.message}`);
    const sentence = "The page could not be built. The terminal says why.";
    return file("js", `document.getElementById("status").textContent = "${sentence}";`);
  }
}

/** Answers a request for the page. */
export async function answerSite(request: Request, options: SiteOptions): Promise<Response> {
  const url = new URL(request.url);
  if (request.method !== "GET") {
    return new Response(null, { status: 405, headers: { allow: "GET" } });
  }
  // `localhost` would be another origin with another storage.
  const host = request.headers.get("host") ?? url.host;
  if (!host.startsWith("127.0.0.1")) {
    const location = `http://127.0.0.1:${url.port}${url.pathname}${url.search}`;
    return new Response(null, { status: 307, headers: { ...headers, location } });
  }
  switch (url.pathname) {
    case "/_local/page/style.css":
      return file("css", await Deno.readTextFile(new URL("style.css", folder)));
    case "/_local/page/main.js":
      return await script(options);
    case "/":
    case "/auth/confirm":
      return await html(options);
    default:
      return Response.json({ message: "Not found." }, { status: 404, headers });
  }
}

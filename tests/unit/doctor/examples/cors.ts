// What a page sees of a function.
import { config, edge, type Shown } from "../_project.ts";

const OFF = config("[functions.f]\nverify_jwt = false\n");
const ENTRY = "supabase/functions/f/index.ts";
const HEADERS = `{ "Access-Control-Allow-Origin": "*", ` +
  `"Access-Control-Allow-Headers": "authorization, x-client-info, apikey, content-type" }`;
const CORS = `const cors = ${HEADERS};\n`;
const PREFLIGHT = `if (req.method === "OPTIONS") return new Response("ok", { headers: cors });`;
const handler = (body: string) => `${CORS}Deno.serve(async (req) => { ${PREFLIGHT}\n${body}\n});`;
const SHARED = { "supabase/functions/_shared/cors.ts": `export ${CORS}` };

/** By id. */
export const corsExamples: Readonly<Record<string, Shown>> = {
  "cors-answer-without-headers": {
    fires: [
      {
        when: "a refusal has none",
        files: {
          ...OFF,
          ...edge(handler(`if (!req.body) return new Response("no", { status: 400 });
return Response.json({}, { headers: cors });`)),
        },
        severity: "warning",
        at: `${ENTRY}:3`,
      },
      {
        when: "the headers come from _shared, and a JSON answer has others",
        files: {
          ...OFF,
          ...SHARED,
          ...edge(`import { cors } from "../_shared/cors.ts";
Deno.serve((req) => { ${PREFLIGHT}
  if (!token(req)) return Response.json({ error: "who" }, { status: 401, headers: { "Content-Type": "application/json" } });
  return new Response("ok", { headers: { ...cors, "X-A": "b" } });
});`),
        },
        severity: "warning",
        at: `${ENTRY}:3`,
      },
    ],
    quiet: [
      {
        when: "an origin that is not allowed gets none",
        files: {
          ...OFF,
          ...edge(handler(
            `if (!isOriginAllowed(req)) return new Response("no", { status: 403 }); return Response.json(await req.json(), { headers: cors });`,
          )),
        },
      },

      {
        when: "another service sends the browser there, with a code",
        files: {
          ...OFF,
          ...edge(handler(
            `const code = new URL(req.url).searchParams.get("code"); if (!code) return new Response("no", { status: 400 }); await req.text(); return new Response("ok", { headers: cors });`,
          )),
        },
      },
      {
        when: "the method is one that no page uses",
        files: {
          ...OFF,
          ...edge(handler(
            `if (req.method !== "POST") return new Response("no", { status: 405 }); return Response.json(await req.json(), { headers: cors });`,
          )),
        },
      },
      {
        when: "the answer to OPTIONS is the only one with headers",
        files: {
          ...OFF,
          ...edge(
            `Deno.serve(async (req) => { if (req.method === "OPTIONS") return new Response(null, { headers: { "Access-Control-Allow-Origin": "*" } }); return Response.json(await req.json()); });`,
          ),
        },
      },

      {
        when: "all answers spread them",
        files: {
          ...OFF,
          ...edge(handler(
            `return new Response("no", { status: 400, headers: { ...cors, "Content-Type": "text/plain" } });`,
          )),
        },
      },
      {
        when: "a helper adds them",
        files: {
          ...OFF,
          ...edge(handler(`return withCors(new Response("no", { status: 400 }));`)),
        },
      },
      {
        when: "they are set on the answer afterwards",
        files: {
          ...OFF,
          ...edge(
            `Deno.serve(async (req) => { const answer = await route(req); answer.headers.set("Access-Control-Allow-Origin", "*"); return answer; });
const route = (req: Request) => req.method === "OPTIONS" ? new Response() : Response.json({ a: 1 });`,
          ),
        },
      },
      {
        when: "an answer is kept, and gets them later",
        files: {
          ...OFF,
          ...edge(handler(`const answer = new Response("no", { status: 400 });
return decorate(answer);`)),
        },
      },
      {
        when: "it is a page of its own, at the end of a sign-in elsewhere",
        files: {
          ...OFF,
          ...edge(handler(
            "if (req.body) return new Response(`<html>${name}</html>`, { status: 400 }); return new Response(page(), { headers: { 'Content-Type': 'text/html' } });",
          )),
        },
      },
      {
        when: "it redirects a page",
        files: {
          ...OFF,
          ...edge(
            handler(`return new Response(null, { status: 302, headers: { Location: "/" } });`),
          ),
        },
      },
      {
        when: "the sender of a webhook is no page",
        files: {
          ...OFF,
          ...edge(handler(`await stripe.webhooks.constructEventAsync(body, sig, secret);
return new Response("no", { status: 400 });`)),
        },
      },
      {
        when: "no page calls it",
        files: { ...OFF, ...edge(`Deno.serve(() => new Response("no", { status: 400 }));`) },
      },
    ],
  },
  "cors-preflight-unanswered": {
    fires: [{
      when: "the handler reads the body first",
      files: {
        ...OFF,
        ...edge(
          `${CORS}Deno.serve(async (req) => { const a = await req.json(); return Response.json(a, { headers: cors }); });`,
        ),
      },
      severity: "warning",
      at: `${ENTRY}:1`,
    }],
    quiet: [
      {
        when: "a helper answers it",
        files: {
          ...OFF,
          "supabase/functions/_shared/cors.ts":
            `${CORS}export const preflight = (req: Request) => req.method === "OPTIONS" ? new Response("ok", { headers: cors }) : undefined;`,
          ...edge(`import { preflight } from "../_shared/cors.ts";
Deno.serve(async (req) => preflight(req) ?? Response.json(await req.json()));`),
        },
      },
      {
        when: "Hono's cors() answers it",
        files: {
          ...OFF,
          ...edge(`import { Hono } from "npm:hono@4"; import { cors } from "npm:hono@4/cors";
const app = new Hono(); app.use(cors()); app.post("/", async (c) => c.json(await c.req.json(), 200, { "Access-Control-Allow-Origin": "*" }));
Deno.serve(app.fetch);`),
        },
      },
    ],
  },
  "cors-allowed-headers": {
    fires: [
      {
        when: "a page calls by supabase-js",
        files: {
          ...OFF,
          ...edge(
            handler("return new Response(null, { headers: cors });").replace(
              ", x-client-info, apikey",
              "",
            ),
          ),
          "package.json": `{ "dependencies": { "react-dom": "19.0.0" } }`,
          "src/a.ts": `supabase.functions.invoke<Answer>("f", { body });`,
        },
        severity: "warning",
        at: `${ENTRY}:1`,
      },

      {
        when: "headers of supabase-js are missing",
        files: {
          ...OFF,
          ...edge(
            handler("return new Response(null, { headers: cors });").replace(
              "authorization, x-client-info, apikey, content-type",
              "Content-Type, Authorization",
            ),
          ),
        },
        severity: "warning",
        at: `${ENTRY}:1`,
      },
      {
        when: "it is an asterisk",
        files: {
          ...OFF,
          ...edge(
            handler("return new Response(null, { headers: cors });").replace(
              "authorization, x-client-info, apikey, content-type",
              "*",
            ),
          ),
        },
        severity: "warning",
        at: `${ENTRY}:1`,
      },
    ],
    quiet: [
      {
        when: "what supabase-js adds is missing, and no page calls by it",
        files: {
          ...OFF,
          ...edge(
            handler("return new Response(null, { headers: cors });").replace(
              ", x-client-info, apikey",
              "",
            ),
          ),
          "src/a.ts": `fetch("/functions/v1/f", { headers: { authorization } });`,
        },
      },
      {
        when: "an app of a phone calls, which asks no preflight",
        files: {
          ...OFF,
          ...edge(
            handler("return new Response(null, { headers: cors });").replace(
              ", x-client-info, apikey",
              "",
            ),
          ),
          "package.json": `{ "dependencies": { "react-native": "0.80.0" } }`,
          "src/a.ts": `supabase.functions.invoke("f");`,
        },
      },
      {
        when: "there are more",
        files: {
          ...OFF,
          ...edge(
            handler("return new Response(null, { headers: cors });").replace(
              "apikey",
              "apikey, x-region",
            ),
          ),
        },
      },
    ],
  },
};

// An outage of Auth that is taken for a sign-out.
import { app, asked, AT, CLIENT, edge, type Shown, SRC } from "../_project.ts";

const route = (line: string, call = "supabase.auth.getUser(token)") =>
  edge(
    `${CLIENT}Deno.serve(async (req) => { const { data, error } = await ${call}; ${line} return Response.json(data); });`,
  );
const fires = (when: string, files: Shown["fires"][number]["files"], at = AT) => ({
  when,
  files,
  severity: "warning" as const,
  at,
});

/** By id. */
export const outageExamples: Readonly<Record<string, Shown>> = {
  "auth-outage-as-signed-out": {
    fires: [
      fires(
        "a class of error is thrown, and caught as 401",
        app(
          `export async function f(c) { try { const { error } = await supabase.auth.getUser(t); if (error) throw new AuthError("Failed", { cause: error }); return c.json({}); } catch (caught) { if (caught instanceof ZodError) return c.json({}, 400); if (caught instanceof AuthError) return c.json({}, 401); return c.json({}, 500); } }`,
        ),
        `${SRC}:2`,
      ),

      fires(
        "the error is told apart for the log only",
        asked(
          `if (error && error.name !== "AuthSessionMissingError") console.error(error.message); if (!data.user) redirect("/login");`,
        ),
        `${SRC}:2`,
      ),

      fires(
        "any error is 401",
        route(`if (error || !data.user) return new Response("no", { status: 401 });`),
      ),
      fires(
        "only the user is looked at",
        edge(
          `${CLIENT}Deno.serve(async (req) => { const { data: { user } } = await supabase.auth.getUser(t); if (!user) return Response.json({}, { status: 401 }); return Response.json(user); });`,
        ),
      ),
      fires(
        "getClaims() fails",
        route(
          `if (error) return new Response(null, { status: 401 });`,
          "supabase.auth.getClaims(token)",
        ),
      ),
      fires(
        "the answer is chosen by a condition",
        route(`return data ? Response.json(data) : new Response(null, { status: 401 });`),
      ),
      fires(
        "the user stands in the other branch",
        route(`if (data.user) { serve(); } else { return new Response(null, { status: 401 }); }`),
      ),
      fires("a helper of the file answers", route(`if (error) return refuse(401, "who");`)),
      fires(
        "the whole result is kept",
        edge(
          `${CLIENT}export async function f(c) { const result = await supabase.auth.getUser(t); if (result.error) return c.json({}, 401); }`,
        ),
      ),
      fires(
        "the user is taken out of the awaited call",
        edge(
          `${CLIENT}export async function f(c) { const user = (await supabase.auth.getUser(t)).data.user; if (user === null) return c.json({}, 401); }`,
        ),
      ),
      fires(
        "it is thrown as an exception of Hono",
        edge(
          `${CLIENT}export async function f() { const { error } = await supabase.auth.getUser(t); if (error) throw new HTTPException(401); }`,
        ),
      ),
      fires(
        "it is thrown, and caught as 401",
        edge(
          `${CLIENT}Deno.serve(async () => { try { const { data, error } = await supabase.auth.getUser(t); if (error) throw error; return Response.json(data); } catch { return new Response("no", { status: 401 }); } });`,
        ),
      ),
      fires(
        "a helper returns null",
        edge(
          `${CLIENT}async function caller(t: string) { const { data, error } = await supabase.auth.getUser(t); if (error) return null; return data.user; }`,
        ),
      ),
      fires(
        "a helper of another file hands the user out, and the caller answers",
        {
          "supabase/functions/_shared/user.ts":
            `${CLIENT}export const getCaller = async (t: string) => { const { data: { user } } = await supabase.auth.getUser(t); return user; };`,
          ...edge(
            `import { getCaller } from "../_shared/user.ts";\nDeno.serve(async (req) => { const user = await getCaller(t(req)); if (!user) return new Response(null, { status: 401 }); return Response.json(user); });`,
          ),
        },
      ),
      fires(
        "the result is compared with null",
        edge(
          `${CLIENT}export async function f(c) { const res = await supabase.auth.getUser(t); if (res.error !== null) return c.json({}, 401); }`,
        ),
      ),
      fires(
        "the user is assigned in a try block",
        edge(
          `${CLIENT}export async function f(c) { let user = null; try { user = (await supabase.auth.getUser(t)).data.user; } finally { done(); } if (!user) return c.json({}, 401); }`,
        ),
      ),
      fires("a helper of another file throws, and the caller catches it as 401", {
        "supabase/functions/_shared/user.ts":
          `${CLIENT}export async function requireUser(t: string) { const { data, error } = await supabase.auth.getUser(t); if (error) throw new Error("no"); return data.user; }`,
        ...edge(
          `import { requireUser } from "../_shared/user.ts";\nDeno.serve(async (req) => { try { return Response.json(await requireUser(t(req))); } catch { return new Response(null, { status: 401 }); } });`,
        ),
      }),
      fires(
        "Auth is asked by fetch",
        edge(
          "// one\nDeno.serve(async () => { const answer = await fetch(`${url}/auth/v1/user`, { headers }); if (!answer.ok) return new Response(null, { status: 401 }); return answer; });",
        ),
      ),
      fires("a middleware redirects", {
        "middleware.ts":
          `import { createServerClient } from "@supabase/ssr"; import { NextResponse } from "next/server";\nexport async function middleware(r) { const { data: { user } } = await createServerClient(u, k, o).auth.getUser(); if (!user && !r.nextUrl.pathname.startsWith("/login")) return NextResponse.redirect(new URL("/login", r.url)); }`,
      }, "middleware.ts:2"),
      fires(
        "a page goes to the sign-in",
        app(
          `supabase.auth.getUser().then(({ data }) => { if (!data.user) router.push("/login"); });`,
        ),
        `${SRC}:2`,
      ),
      fires(
        "a helper returns an error of authentication",
        edge(
          `${CLIENT}export async function requireUser(client) { const { data, error } = await client.auth.getUser(); if (!data.user || error) { return { data: null, error: new AuthenticationError() }; } return { data: data.user, error: null }; }`,
        ),
      ),
      fires(
        "a helper says that nobody is signed in",
        edge(
          `${CLIENT}export async function act(t: string) { const { data: { user } } = await supabase.auth.getUser(t); if (!user) return { ok: false, code: "unauthenticated" }; return { ok: true }; }`,
        ),
      ),
      fires(
        "a helper of the project redirects to the sign-in",
        asked(`if (error) throw redirectToSignIn();`),
        `${SRC}:2`,
      ),
      fires(
        "a router's guard leads to the sign-in",
        asked(`if (!data.user) return { name: "login" };`),
        `${SRC}:2`,
      ),
      fires(
        "a guard goes on to the sign-in",
        asked(`if (!data.user) return next("/sign-in");`),
        `${SRC}:2`,
      ),
      fires(
        "401 is a constant",
        edge(
          `const NOBODY = 401; ${CLIENT}Deno.serve(async () => { const { error } = await supabase.auth.getUser(t); return error ? new Response(null, { status: NOBODY }) : new Response(); });`,
        ),
      ),
      fires(
        "it is thrown as an error of tRPC",
        asked(`if (error) throw new TRPCError({ code: "UNAUTHORIZED" });`),
        `${SRC}:2`,
      ),
      fires("the middleware of a helper redirects", {
        "lib/session.ts":
          `import { createServerClient } from "@supabase/ssr"; export async function updateSession(r) { const client = createServerClient(u, k, o); const { data: { user } } = await client.auth.getUser(); return { answer: next(r), user }; }`,
        "middleware.ts":
          `import { updateSession } from "./lib/session"; import { NextResponse } from "next/server";\nexport async function middleware(r) { const { answer, user } = await updateSession(r); if (!user) return NextResponse.redirect(new URL("/login", r.url)); return answer; }`,
      }, "middleware.ts:2"),
      fires(
        "the call goes through a timer",
        route(
          `if (error) return new Response(null, { status: 401 });`,
          `measure("auth", () => supabase.auth.getUser(token))`,
        ),
      ),
      fires(
        "the call races against time",
        route(
          `if (error) return new Response(null, { status: 401 });`,
          `Promise.race([supabase.auth.getUser(token), late])`,
        ),
      ),
      fires("location is set", asked(`if (error) window.location.href = "/login";`), `${SRC}:2`),
    ],
    quiet: [
      {
        when: "the class of error that is thrown is caught as 503",
        files: app(
          `export async function f(c) { try { const { error } = await supabase.auth.getUser(t); if (error) throw new AuthOutage(error); return c.json({}); } catch (caught) { if (caught instanceof AuthOutage) return c.json({}, 503); if (caught instanceof Refused) return c.json({}, 401); return c.json({}, 500); } }`,
        ),
      },

      {
        when: "null says that nothing was written",
        files: app(
          `export async function updateProfile(updates: object) { const { data: { user } } = await supabase.auth.getUser(); if (!user) return null; return save(user.id, updates); }`,
        ),
      },
      {
        when: "both ways lead into the app",
        files: app(
          `export async function after(router) { const { data: { user } } = await supabase.auth.getUser(); if (user?.email && OWNERS.includes(user.email)) { router.push("/admin"); } else { router.push("/dashboard"); } }`,
        ),
      },
      {
        when: "it stands in a copy of the API that nothing builds",
        files: {
          "api_backup/move/route.ts":
            `${CLIENT}export async function f(c) { const { error } = await supabase.auth.getUser(t); if (error) return c.json({}, 401); }`,
        },
      },
      {
        when: "it stands in a copy of the source",
        files: {
          "src-backup-2025/a.ts":
            `${CLIENT}export async function f(c) { const { error } = await supabase.auth.getUser(t); if (error) return c.json({}, 401); }`,
        },
      },

      {
        when: "every error is answered 500 first, and a missing user 401",
        files: route(
          `if (error) return Response.json({}, { status: 500 }); if (!data.user) return new Response(null, { status: 401 });`,
        ),
      },
      {
        when: "every error is thrown to nobody who answers 401",
        files: route(
          `try { if (error) throw error; if (!data.user) return new Response(null, { status: 401 }); } catch (cause) { return Response.json({}, { status: 500 }); }`,
        ),
      },
      {
        when: "a list that cannot be loaded is null, and no user",
        files: app(
          `export const loadOrders = async () => { const { data: { user } } = await supabase.auth.getUser(); if (!user) return null; return supabase.from("orders").select(); };`,
        ),
      },
      {
        when: "a retryable error is told apart",
        files: route(
          `if (error && isAuthRetryableFetchError(error)) return new Response(null, { status: 503 }); if (error) return new Response(null, { status: 401 });`,
        ),
      },
      {
        when: "its status is looked at",
        files: route(
          `if (error) return new Response(null, { status: error.status >= 500 ? 503 : 401 });`,
        ),
      },
      {
        when: "its code is looked at",
        files: route(`if (error?.code === "bad_jwt") return new Response(null, { status: 401 });`),
      },
      {
        when: "its name is looked at",
        files: route(
          `if (error?.name === "AuthRetryableFetchError") throw error; if (error) return new Response(null, { status: 401 });`,
        ),
      },
      {
        when: "a function of the project judges it",
        files: route(`if (error) return toResponse(error);`),
      },
      {
        when: "an error is 503",
        files: route(`if (error) return new Response(null, { status: 503 });`),
      },
      { when: "it is only logged", files: route(`if (error) console.error(error.message);`) },
      {
        when: "a signed-in user is sent on",
        files: route(`if (data.user) return Response.redirect("/app");`),
      },
      {
        when: "the status of the answer is looked at",
        files: edge(
          "Deno.serve(async () => { const a = await fetch(`${url}/auth/v1/user`); if (a.status === 403) return new Response(null, { status: 401 }); return a; });",
        ),
      },
      {
        when: "another call fails",
        files: asked(
          `if (error) return new Response(null, { status: 401 });`,
          `supabase.from("a").select()`,
        ),
      },
      {
        when: "a caught error is judged",
        files: edge(
          `${CLIENT}Deno.serve(async () => { try { const { data, error } = await supabase.auth.getUser(t); if (error) throw error; return Response.json(data); } catch (error) { return new Response(null, { status: isAuthRetryableFetchError(error) ? 503 : 401 }); } });`,
        ),
      },
    ],
  },
  "sign-out-on-any-error": {
    fires: [
      fires(
        "a function of the project signs out",
        app(
          `const logOut = () => supabase.auth.signOut({ scope: "local" });\nexport async function f() { try { await load(); } catch (cause) { report(cause); await logOut(); } }`,
        ),
        `${SRC}:3`,
      ),
      fires(
        "a hook hands the sign-out out",
        app(
          `export function A() { const { signOut } = useAuth(); load().catch((cause) => { report(cause); signOut(); }); }`,
        ),
        `${SRC}:2`,
      ),
      fires(
        "a function could not be called",
        asked(
          `if (error) await supabase.auth.signOut({ scope: "local" });`,
          `supabase.functions.invoke("me")`,
        ),
        `${SRC}:2`,
      ),
      fires(
        "the branch is for every error",
        asked(`if (error) { await supabase.auth.signOut({ scope: "local" }); }`),
        `${SRC}:2`,
      ),
      fires(
        "a missing user goes along",
        asked(`if (error || !data.user) await supabase.auth.signOut({ scope: "local" });`),
        `${SRC}:2`,
      ),
      fires(
        "it stands in a catch clause",
        app(
          `export async function f() { try { await load(); } catch { await supabase.auth.signOut({ scope: "local" }); } }`,
        ),
        `${SRC}:2`,
      ),
      fires(
        "an answer is not ok",
        app(
          `export async function f() { const res = await fetch("/me"); if (!res.ok) { await supabase.auth.signOut({ scope: "local" }); } }`,
        ),
        `${SRC}:2`,
      ),
      fires(
        "a status other than 200 comes",
        app(
          `export async function f() { const res = await fetch("/me"); if (res.status !== 200) supabase.auth.signOut({ scope: "local" }); }`,
        ),
        `${SRC}:2`,
      ),
      fires(
        "a promise is rejected",
        app(`load().catch(() => supabase.auth.signOut({ scope: "local" }));`),
        `${SRC}:2`,
      ),
    ],
    quiet: [
      {
        when: "every error was thrown before, and the user may not be here",
        files: asked(
          `if (error) throw error; if (!data.user || !isStaff(data.user)) await supabase.auth.signOut();`,
        ),
      },
      {
        when: "a sign-in has failed",
        files: asked(
          `if (error) await supabase.auth.signOut();`,
          "supabase.auth.signInWithPassword(form)",
        ),
      },
      {
        when: "what follows a sign-up fails, and it is taken back",
        files: app(
          `export async function join() { await supabase.auth.signUp(form); try { await accept(); } catch { await supabase.auth.signOut({ scope: "local" }); } }`,
        ),
      },
      {
        when: "the provider of the sign-in is asked, and it is taken back",
        files: app(
          `export async function onCallback(session) { const token = session.provider_token; try { const me = await fetch("https://provider.example/me", { headers: { Authorization: "Bearer " + token } }); if (!me.ok) return await supabase.auth.signOut(); show(await me.json()); } catch { await supabase.auth.signOut(); } }`,
        ),
      },
      {
        when: "a sign-up is taken back",
        files: app(
          `export async function join() { try { await supabase.auth.signUp(form); await accept(); } catch { await supabase.auth.signOut({ scope: "local" }); } }`,
        ),
      },

      {
        when: "the error is judged",
        files: asked(
          `if (error) { if (isAuthSessionMissingError(error)) await supabase.auth.signOut({ scope: "local" }); }`,
        ),
      },
      { when: "the branch only tells", files: asked(`if (error) console.error(error.code);`) },
      {
        when: "the status of the answer decides",
        files: app(
          `export async function f() { const res = await fetch("/me"); if (res.status === 401) await supabase.auth.signOut({ scope: "local" }); }`,
        ),
      },
      {
        when: "what was caught is judged",
        files: app(
          `export async function f() { try { await load(); } catch (e) { if (e instanceof SignedOut) await supabase.auth.signOut({ scope: "local" }); } }`,
        ),
      },
      {
        when: "a failed sign-out is tried again, locally",
        files: app(
          `export async function f() { try { await supabase.auth.signOut({ scope: "global" }); } catch { await supabase.auth.signOut({ scope: "local" }); } }`,
        ),
      },
      {
        when: "a button does it",
        files: app(
          `export const leave = async () => { await supabase.auth.signOut({ scope: "local" }); };`,
        ),
      },
    ],
  },
};

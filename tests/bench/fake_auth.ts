// Supabase Auth, as far as a benchmark needs it: a process of its own, so that its CPU is not the
// subject's. It issues the tokens, so that it knows them and need not check a signature.
//
//     GET  /auth/v1/user, /auth/v1/.well-known/jwks.json    counted, and answered after the delay
//     POST /_bench/tokens?kind=live&count=8                 issues tokens
//     POST /_bench/delay?ms=20                              how long Auth takes from now on
//     POST /_bench/calls                                    the calls since the last time, by path
import { createIssuer, type Issuer, type TokenKind, userBody } from "./tokens.ts";

const USER = "/auth/v1/user";
const JWKS = "/auth/v1/.well-known/jwks.json";

/** What the issuer said about a token: alive, or ended. */
type Issued = Map<string, { readonly alive: boolean; readonly sub: string }>;

const issued: Issued = new Map();
let calls: Record<string, number> = {};
let delay = 0;

function answer(status: number, body: string, code?: string): Response {
  const headers = new Headers({ "Content-Type": "application/json" });
  if (code !== undefined) headers.set("x-sb-error-code", code);
  return new Response(body, { status, headers });
}

const refuse = (code: string) =>
  answer(403, JSON.stringify({ code: 403, error_code: code, msg: "refused" }), code);

function getUser(request: Request): Response {
  const token = request.headers.get("authorization")?.replace(/^Bearer /i, "") ?? "";
  const known = issued.get(token);
  if (known === undefined) return refuse("bad_jwt");
  return known.alive ? answer(200, userBody(known.sub)) : refuse("session_not_found");
}

async function control(path: string, query: URLSearchParams, issuer: Issuer): Promise<Response> {
  switch (path) {
    case "/_bench/tokens": {
      const kind = query.get("kind") as TokenKind;
      const minted = await Promise.all(
        Array.from({ length: Number(query.get("count")) }, () => issuer.mint(kind)),
      );
      if (kind === "live" || kind === "dead") {
        for (const { token, sub } of minted) issued.set(token, { alive: kind === "live", sub });
      }
      return Response.json(minted.map(({ token }) => token));
    }
    case "/_bench/delay":
      delay = Number(query.get("ms"));
      return Response.json(delay);
    case "/_bench/calls": {
      const counted = calls;
      calls = {};
      return Response.json(counted);
    }
    default:
      return new Response(null, { status: 404 });
  }
}

if (import.meta.main) {
  const issuer = Promise.withResolvers<Issuer>();
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
  }, async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname.startsWith("/_bench/")) {
      return await control(pathname, searchParams, await issuer.promise);
    }
    calls[pathname] = (calls[pathname] ?? 0) + 1;
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    if (pathname === JWKS) return answer(200, JSON.stringify((await issuer.promise).jwks));
    return pathname === USER ? getUser(request) : answer(404, "{}");
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  issuer.resolve(await createIssuer(url));
  console.log(JSON.stringify({ url, jwks: (await issuer.promise).jwks }));
  // Whoever started this holds the other end of stdin: when it goes away, so does this process.
  for await (const _ of Deno.stdin.readable);
  await server.shutdown();
}

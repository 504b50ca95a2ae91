/** What servers do to a session. */

import { readSpecifier } from "../project/packages.ts";
import { compareVersions, readVersion, type Version } from "../project/versions.ts";
import { authCall } from "../source/auth_call.ts";
import { secretComparison } from "../source/caller_check.ts";
import {
  authorizationOf,
  bearerOf,
  clientOf,
  hasSecretKey,
  isCallersToken,
  madeBy,
} from "../source/client.ts";
import {
  at,
  environmentName,
  follow,
  foreign,
  type Place,
  UNKNOWN_NAME,
} from "../source/follow.ts";
import {
  around,
  bare,
  child,
  children,
  isFunction,
  isReference,
  memberPath,
  nameOf,
  type Node,
  text,
  walk,
} from "../source/node.ts";
import { placeOf, type Rule } from "../source/rule.ts";
import { originOf, valueOf } from "../source/scope.ts";

/** `auth.getSession()` on a server. */
export const getSessionOnServer: Rule = {
  id: "get-session-on-server",
  why:
    "getSession() asks nobody: it hands back what the storage or the cookie holds, so a signed-out, deleted or banned user passes until the token's `exp`, and a forged cookie does too.",
  fix:
    "Ask Auth: `const { data, error } = await supabase.auth.getUser()`, with the client of the cookies.",
  types: ["CallExpression"],
  look(node, surroundings) {
    const { runtime } = surroundings;
    if (runtime !== "function" && runtime !== "server") return;
    const call = authCall(node);
    if (call?.method !== "getSession") return;
    if (isCheckedBeside(node) || opensSession(node) || givesTokenOnly(node)) return;
    if (runtime === "server") {
      // It refreshes the cookies, as the guides of old had it.
      if (isUnused(node) && /middleware|proxy/.test(surroundings.file?.path ?? "")) return;
      return {
        severity: "warning",
        message: "auth.getSession() on a server: what it returns is not checked by Auth.",
      };
    }
    const client = clientOf(at(placeOf(node, surroundings), call.client));
    const isSure = client?.made === "createClient" && bearerOf(client) !== "unknown";
    return {
      severity: isSure ? "error" : "warning",
      message: isSure
        ? "auth.getSession() in an Edge Function: its client holds no session, so it is null for everybody."
        : "auth.getSession() in an Edge Function: it does not ask Auth whether the session is alive.",
      fix:
        "Ask Auth with the caller's token: `const { data, error } = await supabase.auth.getUser(token)`; or mount edge-auth, which does.",
    };
  },
};

/** Whether nobody looks at what a call returns. */
function isUnused(node: Node): boolean {
  let one = node;
  while (one.parent && bare(one.parent) === node) one = one.parent;
  return one.parent?.type === "ExpressionStatement";
}

/** The outermost function around a node: what is asked in a callback is asked in it as well. */
function outermost(node: Node): Node | undefined {
  let found: Node | undefined;
  for (let one = node.parent; one; one = one.parent) if (isFunction(one)) found = one;
  return found;
}

/** The same function also asks, as in the guides of SvelteKit and Next.js. */
function isCheckedBeside(node: Node): boolean {
  const scope = outermost(node) ?? around(node, (one) => one.type === "Program");
  return scope !== undefined &&
    [...walk(scope)].some((one) => /^get(?:User|Claims)$/.test(authCall(one)?.method ?? ""));
}

/** Of the session only its token is taken, to be passed on to somebody who checks it. */
function givesTokenOnly(node: Node): boolean {
  const scope = outermost(node);
  if (scope === undefined) return false;
  const names = [...walk(scope)].filter((one) => {
    if (one.type !== "Identifier") return false;
    const origin = originOf(one);
    return origin?.init !== undefined && bare(origin.init) === node && isReference(one) &&
      !isPattern(one, origin.node);
  });
  return names.length > 0 && names.every((one) => {
    const path = pathFrom(one);
    if (/token$/.test(path.at(-1) ?? "") || path.includes("access_token")) return true;
    return isMereTest(one);
  });
}

function isPattern(node: Node, declarator: Node): boolean {
  const id = child(declarator, "id");
  return id !== undefined && [...walk(id)].includes(node);
}

function pathFrom(identifier: Node): string[] {
  const path: string[] = [];
  let one: Node = identifier;
  while (one.parent && (one.parent.type === "MemberExpression" || bare(one.parent) === bare(one))) {
    if (one.parent.type === "MemberExpression") {
      if (one.parent.object !== one) break;
      path.push(nameOf(child(one.parent, "property")) ?? "()");
    }
    one = one.parent;
  }
  return path;
}

function isMereTest(identifier: Node): boolean {
  let one: Node = identifier;
  while (
    one.parent &&
    /^(?:MemberExpression|LogicalExpression|UnaryExpression|ChainExpression)$/.test(one.parent.type)
  ) one = one.parent;
  return /^(?:If|While)Statement$|^ConditionalExpression$/.test(one.parent?.type ?? "") &&
    one.parent!.test === one;
}

/** `auth.getUser()` in a function whose client holds no session. */
export const getUserWithoutToken: Rule = {
  id: "get-user-without-token",
  why:
    "A client in a function has no stored session. getUser() without a token then answers AuthSessionMissingError without a call, for every caller; with an Authorization header on the client it does so in supabase-js up to 2.39.3 and in 2.42.5.",
  fix: 'Pass the token: `supabase.auth.getUser(authorization.replace(/^Bearer /i, ""))`.',
  types: ["CallExpression"],
  look(node, surroundings) {
    if (surroundings.runtime !== "function") return;
    const call = authCall(node);
    if (call?.method !== "getUser" || call.args.length > 0) return;
    const client = clientOf(at(placeOf(node, surroundings), call.client));
    if (client?.made !== "createClient" || opensSession(node)) return;
    const bearer = bearerOf(client);
    if (bearer === "key") {
      return {
        severity: "error",
        message:
          "auth.getUser() without a token, on a client without a session or an Authorization header.",
      };
    }
    const version = exactVersion(client.from);
    if (bearer !== "caller" || version === undefined || !ignoresHeader(version)) return;
    // Up to 2.39.3 the package takes the newest gotrue-js: a lock file may hold one that works.
    const isPinned = compareVersions(version, [2, 39, 3]) > 0;
    return {
      severity: isPinned ? "error" : "warning",
      message: `auth.getUser() without a token makes no call in supabase-js ${version.join(".")}` +
        `${isPinned ? "" : ", as its dependencies are resolved today"}, also with an ` +
        "Authorization header on the client.",
    };
  },
};

/** The version of a specifier that names one exactly: `npm:@supabase/supabase-js@2.39.3`. */
function exactVersion(specifier: string | undefined): Version | undefined {
  const range = specifier === undefined ? undefined : readSpecifier(specifier)?.range;
  return range !== undefined && /^v?\d+\.\d+\.\d+$/.test(range) ? readVersion(range) : undefined;
}

/** Measured: 2.39.0 and 2.39.3 ignore it, 2.39.4 to 2.39.8 do not, 2.42.5 does, 2.43.0 does not. */
function ignoresHeader(version: Version): boolean {
  return compareVersions(version, [2, 39, 3]) <= 0 || compareVersions(version, [2, 42, 5]) === 0;
}

/** A sign-in or setSession around the call gives the client a session. */
function opensSession(node: Node): boolean {
  const scope = around(node, (one) => one.type === "Program");
  return scope !== undefined &&
    [...walk(scope)].some((one) =>
      /^(?:setSession|signIn|signUp|verifyOtp|exchangeCodeForSession|refreshSession|initialize)/
        .test(authCall(one)?.method ?? "")
    );
}

/** What needs a stored session, where there is none. */
export const noSession: Rule = {
  id: "method-needs-session",
  why:
    "A client that only has the caller's Authorization header holds no session. updateUser(), reauthenticate() and refreshSession() answer AuthSessionMissingError without a call, getAuthenticatorAssuranceLevel() says null, and signOut() reports success without one.",
  fix:
    "Send the caller's bearer to Auth yourself: `PUT /auth/v1/user`, `GET /auth/v1/reauthenticate`; sign out with `auth.admin.signOut(token, scope)`; read `aal` from `getClaims(token)`.",
  types: ["CallExpression"],
  look(node, surroundings) {
    if (surroundings.runtime !== "function") return;
    const call = authCall(node);
    const effect = call && NEEDS_SESSION[call.method];
    if (call === undefined || effect === undefined) return;
    if (/^(?:refreshSession|mfa\.)/.test(call.method) && call.args.length > 0) return;
    const client = clientOf(at(placeOf(node, surroundings), call.client));
    if (client?.made !== "createClient" || bearerOf(client) === "unknown") return;
    if (opensSession(node)) return;
    return {
      severity: "error",
      message: `auth.${call.method}() on a client without a session: ${effect}.`,
    };
  },
};

/** Measured with supabase-js 2.119.1 on a client with an Authorization header. */
const NEEDS_SESSION: Readonly<Record<string, string>> = {
  updateUser: "AuthSessionMissingError, and nothing is changed",
  reauthenticate: "AuthSessionMissingError, and no mail is sent",
  refreshSession: "AuthSessionMissingError",
  signOut: "no error, and nobody is signed out",
  "mfa.getAuthenticatorAssuranceLevel": "the level is always null",
};

/** A client of the service that speaks as somebody else. */
export const serviceClientOverridden: Rule = {
  id: "service-client-overridden",
  why:
    "The bearer decides who acts, not the key. With the caller's Authorization header, or after a sign-in, a client made with the service_role key acts as that user: row level security applies, and which of the two acts depends on the request.",
  fix:
    "Use two clients: one with the publishable key and the caller's header, and one with the secret key, no header, and `auth: { persistSession: false }`, that never signs in.",
  types: ["CallExpression"],
  look(node, surroundings) {
    const place = placeOf(node, surroundings);
    const call = authCall(node);
    if (call !== undefined) {
      if (!/^(?:signIn|signUp|verifyOtp|setSession|exchangeCodeForSession)/.test(call.method)) {
        return;
      }
      const client = clientOf(at(place, call.client));
      if (client?.made !== "createClient" || !hasSecretKey(client)) return;
      return {
        severity: "warning",
        message:
          `auth.${call.method}() on a client with a secret key: from then on it acts as that user.`,
      };
    }
    const client = madeBy(place);
    if (client?.made !== "createClient") return;
    if (!hasSecretKey(client) || bearerOf(client) !== "caller") return;
    const header = authorizationOf(client);
    if (header === undefined || !isCallersToken(header)) return;
    return {
      severity: "warning",
      message:
        "A client with a secret key carries the caller's Authorization header: it acts as the caller.",
    };
  },
};

/** A secret compared with an operator. */
export const secretCompared: Rule = {
  id: "secret-compared",
  why:
    "`===` stops at the first character that differs, so its time tells how much was right; and where the variable is not set, `Bearer undefined` is let in.",
  fix:
    'Refuse if the variable is not set, and compare with `timingSafeEqual` of node:crypto over two SHA-256 digests; or mount edge-auth with `auth: { allow: ["secret:<name>"] }`.',
  types: ["BinaryExpression"],
  look(node, surroundings) {
    if (surroundings.runtime !== "function" && surroundings.runtime !== "server") return;
    const name = secretComparison(placeOf(node, surroundings));
    if (name === undefined || /ANON|PUBLISHABLE/.test(name)) return;
    const what = name === UNKNOWN_NAME ? "A secret of the environment" : name;
    return { severity: "warning", message: `${what} is compared with ${String(node.operator)}.` };
  },
};

/** Verification with the shared secret alone. */
export const hs256Only: Rule = {
  id: "hs256-only",
  why:
    "A project with asymmetric signing keys signs with ES256 or RS256. Whoever verifies with the shared secret refuses every token that is minted after the change: all users look signed out.",
  fix:
    "Verify against the key set, `createRemoteJWKSet(new URL(`${url}/auth/v1/.well-known/jwks.json`))` of jose; or ask Auth with getUser().",
  types: ["CallExpression"],
  look(node, surroundings) {
    if (!/^(?:jwtVerify|verify|jwt)$/.test(memberPath(child(node, "callee")).at(-1) ?? "")) return;
    const place = placeOf(node, surroundings);
    const used = foreign(at(place, child(node, "callee")));
    if (
      used === undefined ||
      !VERIFIES.some(([from, name]) => from.test(used.from) && name.test(used.imported))
    ) {
      return;
    }
    const secret = [...walk(node)].map((one) =>
      /^(?:Identifier|CallExpression|MemberExpression)$/.test(one.type)
        ? secretOf(at(place, one))
        : undefined
    ).find((name) => name !== undefined);
    const program = around(node, (one) => one.type === "Program");
    // With the key set tried as well, the secret is for tokens of before.
    const knowsKeys = program !== undefined &&
      [...walk(program)].some((one) => /jwks/i.test(nameOf(one) ?? ""));
    if (secret === undefined || knowsKeys || isFromCookie(children(node, "arguments")[0])) return;
    const { signing } = surroundings;
    const facts = signing === undefined
      ? "Whether the project has such keys is not seen here."
      : signing.isSeen
      ? `The project has such keys: ${signing.where}.`
      : `The project has signing keys, by signing_keys_path in ${signing.where}.`;
    return {
      severity: signing?.isSeen ? "error" : "warning",
      message:
        `Tokens are verified with ${secret} alone: those of asymmetric signing keys are refused. ` +
        facts,
    };
  },
};

/** Whether a token comes out of a cookie: that of Auth is kept in parts, so it is one of the app's own. */
function isFromCookie(token: Node | undefined): boolean {
  const value = valueOf(token);
  return value?.type === "CallExpression" &&
    memberPath(child(value, "callee")).some((name) => /cookie/i.test(name));
}

/** The name of a JWT secret that an expression is made of. */
function secretOf(place: Place): string | undefined {
  const found = follow(place);
  if (found === undefined) return undefined;
  for (const one of walk(found.node)) {
    const name = environmentName(at(found, one));
    if (name !== undefined && /JWT_?SECRET/.test(name)) return name;
  }
  return undefined;
}

const VERIFIES: readonly (readonly [RegExp, RegExp])[] = [
  [/\bjose\b/, /^jwtVerify$/],
  [/\bdjwt\b/, /^verify$/],
  [/\bjsonwebtoken\b/, /^verify$/],
  [/\bhono\b.*\/jwt/, /^(?:jwt|verify)$/],
];

/** What users write themselves, taken for what the project says of them. */
export const userMetadataRole: Rule = {
  id: "user-metadata-role",
  why:
    "user_metadata is the user's own: `updateUser({ data })` of any signed-in client writes it. A role, a tenant or a plan in there is whatever its user wants it to be.",
  fix:
    "Keep it in `app_metadata`, which only the service writes (`auth.admin.updateUserById(id, { app_metadata })`), or in a table under row level security.",
  types: ["MemberExpression", "VariableDeclarator"],
  look(node, { runtime }) {
    const name = node.type === "VariableDeclarator" ? takenRight(node) : readRight(node);
    if (name === undefined) return;
    return {
      severity: runtime === "browser" ? "info" : "warning",
      message: `user_metadata.${name} decides, and every user can write it.`,
    };
  },
};

const METADATA = /^(?:user_metadata|raw_user_meta_data)$/;

/** `user.user_metadata.role`, also through `const metadata = user.user_metadata`. */
function readRight(node: Node): string | undefined {
  const path = memberPath(node);
  const name = path.at(-1)!;
  if (!RIGHTS.test(name)) return undefined;
  let owner = path.at(-2) ?? "";
  const object = bare(child(node, "object"));
  if (object?.type === "Identifier") {
    const origin = originOf(object);
    owner = origin?.path.at(-1) ?? (memberPath(valueOf(object)).at(-1) ?? owner);
  }
  return METADATA.test(owner) && decides(node) ? name : undefined;
}

/** `const { role } = user.user_metadata`. */
function takenRight(declarator: Node): string | undefined {
  if (!METADATA.test(memberPath(withoutDefault(child(declarator, "init"))).at(-1) ?? "")) {
    return undefined;
  }
  for (const one of children(child(declarator, "id"), "properties")) {
    const name = nameOf(child(one, "key"));
    if (name !== undefined && RIGHTS.test(name) && namesDecide(declarator)) return name;
  }
  return undefined;
}

/** `a ?? {}` is `a`. */
function withoutDefault(node: Node | undefined): Node | undefined {
  const found = bare(node);
  return found?.type === "LogicalExpression" ? bare(child(found, "left")) : found;
}

const RIGHTS =
  /^(?:role|roles|user_?role|is_?(?:super_?)?admin|admin|permissions?|scopes?|tenant(?:_?id)?|org(?:anization)?_?id|workspace_?id|plan|tier|subscription|is_?(?:staff|moderator|owner|premium|pro))$/i;

/** Whether a name that a declaration makes decides anything. */
function namesDecide(declarator: Node, depth = 0): boolean {
  const id = child(declarator, "id");
  const program = around(declarator, (each) => each.type === "Program");
  if (id === undefined || program === undefined) return false;
  const own = new Set(walk(id));
  return [...walk(program)].some((each) =>
    each.type === "Identifier" && !own.has(each) && originOf(each)?.node === declarator &&
    decides(each, depth)
  );
}

/** Whether a value is compared, or is a condition, also through a name. */
function decides(node: Node, depth = 0): boolean {
  let one: Node = node;
  for (; one.parent; one = one.parent) {
    const { parent } = one;
    if (/^(?:BinaryExpression|SwitchStatement|IfStatement)$/.test(parent.type)) {
      return parent.type === "BinaryExpression"
        ? /^[!=]==?$/.test(String(parent.operator))
        : parent.consequent !== one;
    }
    if (parent.type === "ConditionalExpression") {
      if (parent.test === one) return true;
      continue;
    }
    if (parent.type === "UnaryExpression" && parent.operator === "!") return true;
    if (parent.type === "CallExpression") {
      return /^(?:includes|has|some)$/.test(memberPath(child(parent, "callee")).at(-1) ?? "");
    }
    if (parent.type === "VariableDeclarator") return depth < 2 && namesDecide(parent, depth + 1);
    if (parent.type === "Property") return isWrittenAsRight(parent);
    if (/Statement$|Function|Property$|JSX/.test(parent.type)) return false;
  }
  return false;
}

/** `insert({ role })`: what a right is in a table from then on. */
function isWrittenAsRight(property: Node): boolean {
  if (!RIGHTS.test(nameOf(child(property, "key")) ?? "")) return false;
  const call = around(property, (one) => !/^(?:Object|Array)Expression$/.test(one.type));
  return call?.type === "CallExpression" &&
    /^(?:insert|upsert|update)$/.test(memberPath(child(call, "callee")).at(-1) ?? "");
}

const TAKES_TOKEN = new Set(["getUser", "getClaims"]);

/** The whole Authorization header where a token belongs. */
export const headerAsToken: Rule = {
  id: "header-as-token",
  why:
    "The header begins with the scheme, `Bearer`, so Auth is sent `Bearer Bearer …` and answers 401 no_authorization: a living session looks lost.",
  fix: 'Cut the scheme off: `header.replace(/^Bearer /i, "")`.',
  types: ["CallExpression"],
  look(node) {
    const call = authCall(node);
    if (call === undefined || !TAKES_TOKEN.has(call.method)) return;
    const [token] = call.args;
    if (!isAuthorizationHeader(token)) return;
    return {
      severity: "error",
      message: `The whole Authorization header is passed to auth.${call.method}() as the token.`,
    };
  },
};

/** `headers.get("Authorization")` of fetch, or `c.req.header("Authorization")` of Hono. */
function isAuthorizationHeader(node: Node | undefined): boolean {
  const value = valueOf(node);
  if (value?.type === "LogicalExpression") return isAuthorizationHeader(child(value, "left"));
  if (value?.type === "TemplateLiteral") {
    const before = children(value, "quasis")[0];
    return rawOf(before).startsWith("Bearer ");
  }
  if (value?.type === "MemberExpression") { // request.headers.authorization of Node
    const path = memberPath(value);
    return path.at(-1)?.toLowerCase() === "authorization" && path.at(-2) === "headers";
  }
  if (value?.type !== "CallExpression") return false;
  const path = memberPath(child(value, "callee"));
  const reads = (path.at(-1) === "get" && /headers$/i.test(path.at(-2) ?? "")) ||
    (path.at(-1) === "header" && path.at(-2) === "req");
  return reads && text(children(value, "arguments")[0])?.toLowerCase() === "authorization";
}

function rawOf(element: Node | undefined): string {
  const value = element?.value as { raw?: unknown } | undefined;
  return String(value?.raw ?? element?.raw ?? "");
}

/** The answer to a preflight, behind the check of the token. */
export const preflightAfterAuth: Rule = {
  id: "cors-after-auth",
  why:
    'A preflight carries no token. Refused, it has no CORS headers, the browser never sends the request, and a living session looks like "offline".',
  fix: "Answer OPTIONS, or mount cors(), before anything that looks at the token.",
  types: ["CallExpression", "BinaryExpression"],
  look(node) {
    return node.type === "CallExpression" ? corsBehindAuth(node) : optionsBehindAuth(node);
  },
};

const message = "CORS comes after the check of the token: preflights are refused.";

/** `app.use(cors())` behind `app.use(auth())`, on one app, for the same or all paths. */
function corsBehindAuth(node: Node) {
  const cors = mounted(node);
  if (cors?.what !== "cors") return;
  const list = around(node, (one) => one.type === "Program" || one.type === "BlockStatement");
  for (const statement of children(list, "body")) {
    for (const earlier of walk(statement)) {
      if (earlier === node) return;
      const auth = mounted(earlier);
      if (auth?.what !== "auth" || auth.app !== cors.app) continue;
      if (auth.path === undefined || auth.path === cors.path) {
        return { severity: "error", message } as const;
      }
    }
  }
  return;
}

const CHECKS_TOKEN: Readonly<Record<string, RegExp>> = {
  auth: /edge-auth|shared\/(?:mod|server\/auth)\.ts$/,
  jwt: /^(?:npm:|jsr:@)?hono[@/]/,
  jwk: /^(?:npm:|jsr:@)?hono[@/]/,
  bearerAuth: /^(?:npm:|jsr:@)?hono[@/]/,
};

function mounted(node: Node): { app: string; path: string | undefined; what: string } | undefined {
  if (node.type !== "CallExpression") return;
  const path = memberPath(child(node, "callee"));
  if (path.at(-1) !== "use" || path.length !== 2) return;
  const args = children(node, "arguments");
  const route = text(args[0]);
  for (const one of args) {
    const call = bare(one);
    const id = call?.type === "CallExpression" ? child(call, "callee") : undefined;
    const origin = id && importOf(id);
    if (origin === undefined) continue;
    const all = route === undefined || route === "*" || route === "/*";
    const at = { app: path[0]!, path: all ? undefined : route };
    if (origin.imported === "cors") return { ...at, what: "cors" };
    if (CHECKS_TOKEN[origin.imported]?.test(origin.from)) return { ...at, what: "auth" };
  }
  return;
}

function importOf(id: Node): { imported: string; from: string } | undefined {
  const origin = originOf(id);
  if (origin?.kind !== "import" || !origin.from || !origin.imported) return undefined;
  return { imported: origin.imported, from: origin.from };
}

/** `if (req.method === "OPTIONS")` behind a getUser() of the same function. */
function optionsBehindAuth(node: Node) {
  if (text(child(node, "right")) !== "OPTIONS") return;
  if (memberPath(child(node, "left")).at(-1) !== "method") return;
  if (!/^===?$/.test(String(node.operator))) return;
  const handler = around(node, isFunction);
  const body = child(handler, "body");
  for (const statement of children(body, "body")) {
    for (const one of walk(statement)) {
      if (one === node) return;
      const call = authCall(one);
      if (call?.method === "getUser" && around(one, isFunction) === handler) {
        return { severity: "warning", message } as const;
      }
    }
  }
  return;
}

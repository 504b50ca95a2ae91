/** Secrets and service keys on servers. */

import { authCall } from "../source/auth_call.ts";
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
  memberPath,
  nameOf,
  type Node,
  walk,
} from "../source/node.ts";
import { placeOf, type Rule, type Surroundings } from "../source/rule.ts";
import type { Modules } from "../project/modules.ts";
import { originOf, valueOf } from "../source/scope.ts";
import { secretComparison } from "../source/secret.ts";

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
      // The other ways of signing in send a mail, or lead the browser away: they open no session.
      if (
        !/^(?:signIn(?:WithPassword|WithIdToken|Anonymously)|signUp|verifyOtp|setSession|exchangeCodeForSession)$/
          .test(call.method)
      ) {
        return;
      }
      const client = clientOf(at(place, call.client));
      if (client?.made !== "createClient" || !hasSecretKey(client)) return;
      if (!actsAfter(node, call.client, surroundings)) return;
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

/** Whether a client is asked for more than auth, which keeps the key, after a call; or may be. */
function actsAfter(call: Node, client: Node | undefined, { modules }: Surroundings): boolean {
  const root = bare(client);
  const origin = root?.type === "Identifier" ? originOf(root) : undefined;
  const program = around(call, (one) => one.type === "Program");
  if (origin === undefined || program === undefined) return true;
  // What stands beside the functions is there for the next request too, and for other files.
  const isShared = around(origin.node, isFunction) === undefined;
  if (origin.kind === "import" && modules !== undefined) {
    const name = nameOf(root);
    const imports = new RegExp(
      `\\b${name}\\b[^;]*["'][^"']*${/[^/]*$/.exec(origin.from!)![0]}["']`,
    );
    const acts = new RegExp(`\\b${name}\\b\\s*[!?]?\\.?\\s*\\.${ACTS.source.slice(1, -1)}\\b`);
    const doesAct = (text = "") => acts.test(text) && imports.test(text);
    if (modules.sources.paths.some((path) => doesAct(modules.sources.text(path)))) return true;
  }
  return [...walk(program)].some((one) => {
    if (one.type !== "Identifier" || one === root || originOf(one)?.node !== origin.node) {
      return false;
    }
    if (!isShared && Number(one.start ?? 0) < Number(call.end ?? 0)) return false;
    const { parent } = one;
    return parent?.type === "MemberExpression"
      ? ACTS.test(nameOf(child(parent, "property")) ?? "")
      : parent?.type === "CallExpression" && children(parent, "arguments").includes(one);
  });
}

const ACTS = /^(?:from|rpc|schema|storage|functions|channel)$/;

/** A secret compared with an operator. */
export const secretCompared: Rule = {
  id: "secret-compared",
  why:
    "`===` stops at the first character that differs, so its time tells how much was right; and where the variable is not set, `Bearer undefined` is let in.",
  fix:
    'Refuse if the variable is not set, and compare with `timingSafeEqual` of node:crypto over two SHA-256 digests; or mount edge-auth with `auth: { allow: ["secret:<name>"] }`.',
  types: ["BinaryExpression", "IfStatement"],
  look(node, surroundings) {
    if (surroundings.runtime !== "function" && surroundings.runtime !== "server") return;
    if (node.type === "IfStatement") {
      const unset = admitsWhereUnset(placeOf(node, surroundings));
      return unset === undefined ? undefined : {
        severity: "warning",
        message: `Where ${unset} is not set, nothing is compared, and all are let in.`,
      };
    }
    const place = placeOf(node, surroundings);
    const name = secretComparison(place);
    if (name === undefined || /ANON|PUBLISHABLE/.test(name)) return;
    const what = name === UNKNOWN_NAME ? "A secret of the environment" : name;
    const unset = isSkippedWhereUnset(place)
      ? ", and only where it is set: else all are let in"
      : "";
    return {
      severity: "warning",
      message: `${what} is compared with ${String(node.operator)}${unset}.`,
    };
  },
};

/** `if (!secret) return true` of a function that verifies: the variable that is asked for. */
function admitsWhereUnset({ node, ...place }: Place): string | undefined {
  const test = bare(child(node, "test"));
  if (test?.type !== "UnaryExpression" || test.operator !== "!") return undefined;
  const branch = child(node, "consequent")!;
  const last = branch.type === "BlockStatement" ? children(branch, "body").at(-1) : branch;
  const result = last?.type === "ReturnStatement" ? bare(child(last, "argument")) : undefined;
  if (result?.type !== "Literal" || result.value !== true) return undefined;
  const scope = around(node, isFunction);
  const named = nameOf(child(scope, "id")) ?? nameOf(child(scope?.parent ?? undefined, "id")) ?? "";
  if (!/verif|valid|check|auth|allow/i.test(named)) return undefined;
  const name = environmentName({ ...place, node: child(test, "argument")! });
  return /SECRET|TOKEN|KEY/.test(name ?? "") ? name : undefined;
}

/** `if (secret && given !== secret) return refused`: nobody is refused where there is no secret. */
function isSkippedWhereUnset({ node: comparison, ...place }: Place): boolean {
  const { parent } = comparison;
  if (!String(comparison.operator).startsWith("!") || parent?.operator !== "&&") return false;
  return parent.right === comparison && parent.parent?.type === "IfStatement" &&
    parent.parent.test === parent &&
    environmentName({ ...place, node: child(parent, "left")! }) !== undefined;
}

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
    const { signing, runtime, modules } = surroundings;
    const isOfSupabase = /SUPABASE|GOTRUE/.test(secret);
    // A function cannot name its secret SUPABASE_…; a server of Node that signs has tokens of its own.
    if (runtime !== "function" && !isOfSupabase && modules !== undefined && signsTokens(modules)) {
      return;
    }
    const facts = signing === undefined
      ? "Whether the project has such keys is not seen here."
      : signing.isSeen
      ? `The project has such keys: ${signing.where}.`
      : `The project has signing keys, by signing_keys_path in ${signing.where}.`;
    return {
      severity: signing?.isSeen && isOfSupabase ? "error" : "warning",
      message:
        `Tokens are verified with ${secret} alone: those of asymmetric signing keys are refused. ` +
        facts,
    };
  },
};

const signers = new WeakMap<Modules, boolean>();

/** Whether anything in a project signs JWTs: `jwt.sign(…)`, `new SignJWT(…)`. */
function signsTokens(modules: Modules): boolean {
  const { sources } = modules;
  const known = signers.get(modules) ??
    sources.paths.some((path) => /\bjwt\.sign\(|\bSignJWT\(/i.test(sources.text(path) ?? ""));
  signers.set(modules, known);
  return known;
}

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

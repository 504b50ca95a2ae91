/** What one call, or a package, does to the credential of a caller. */

import type { Modules } from "../project/modules.ts";
import { authCall } from "./auth_call.ts";
import type { CallerCheck } from "./caller_check.ts";
import { bearerOf, type Client, hasSecretKey, headerOf, madeBy } from "./client.ts";
import { at, follow, type Place } from "./follow.ts";
import {
  bare,
  child,
  children,
  isFunction,
  memberPath,
  nameOf,
  type Node,
  property,
  text,
  walk,
} from "./node.ts";
import type { Reach } from "./reach.ts";
import { originOf, valueOf } from "./scope.ts";
import { holdsSecret, isFromCaller, secretComparison } from "./secret.ts";

export interface Evidence {
  readonly check: CallerCheck;
  readonly by: string;
  readonly at?: { file: string; line: number };
}

/** What packages do for the function. */
export function* foreignEvidence({ foreign }: Reach, modules: Modules): Generator<Evidence> {
  for (const { from, imported, node, file } of foreign) {
    if (from === "edge-auth") {
      if (/^(?:edgeFunction|auth|authenticate|createAuthenticator)$/.test(imported)) {
        yield { check: "asks_auth", by: "edge-auth" };
      }
      continue;
    }
    if (/@supabase\/server/.test(from)) {
      const open = officialMode({ node, file, modules });
      if (
        /^(?:withSupabase|createSupabaseContext|supabaseMiddleware|supabase|verify\w*)$/i.test(
          imported,
        )
      ) {
        if (!open) yield { check: "asks_auth", by: `the official middleware, ${imported}()` };
      }
    } else if (SIGNATURE.some(([pack, name]) => pack.test(from) && name.test(imported))) {
      yield { check: "verifies_signature", by: `${imported}()` };
    } else if (
      /discord-interactions|svix|standardwebhooks|@octokit\/webhooks|tweetnacl/.test(from)
    ) {
      yield { check: "webhook_signature", by: `${imported} of ${packageName(from)}` };
    } else if (/\b(?:bcrypt|argon2|scrypt)/.test(from) && /^(?:compare|verify)/.test(imported)) {
      yield { check: "compares_secret", by: `${imported}() of ${packageName(from)}` };
    } else if (/@clerk\/|firebase-admin|next-auth|better-auth/.test(from)) {
      yield { check: "verifies_signature", by: `${imported} of ${packageName(from)}` };
    } else if (/\bgrammy\b/.test(from) && imported === "webhookCallback") {
      const options = node.parent ? children(node.parent, "arguments")[2] : undefined;
      if (property(options, "secretToken") !== undefined) {
        yield { check: "compares_secret", by: "webhookCallback() with a secretToken" };
      }
    } else if (/inngest|uploadthing|@trigger\.dev|@modelcontextprotocol/.test(from)) {
      yield { check: "webhook_signature", by: packageName(from) };
    }
  }
}

const SIGNATURE: readonly (readonly [RegExp, RegExp])[] = [
  [/\bjose\b/, /^(?:jwtVerify|compactVerify|createRemoteJWKSet)$/],
  [/\bdjwt\b/, /^verify$/],
  [/\bjsonwebtoken\b/, /^verify$/],
  [/\bhono\b.*\/(?:jwt|jwk)|hono\/(?:jwt|jwk)/, /^(?:jwt|jwk|verify|verifyWithJwks)$/],
  [/\bhono\b.*bearer-auth/, /^bearerAuth$/],
];

export function packageName(from: string): string {
  const path = from.replace(
    /^(?:npm:\/?|jsr:\/?|https:\/\/(?:esm\.sh|deno\.land\/x|cdn\.\w+\.\w+)\/)/,
    "",
  );
  return /^(?:@[\w.-]+\/)?[\w.-]+/.exec(path)?.[0] ?? from;
}

/** `auth: "none"` and `auth: "publishable"` of @supabase/server let everybody in. */
function officialMode({ node }: Place): boolean {
  const call = node.parent?.type === "CallExpression" ? node.parent : undefined;
  for (const one of children(call, "arguments")) {
    const options = valueOf(one);
    const mode = valueOf(property(options, "auth") ?? property(options, "allow"));
    const modes = mode?.type === "ArrayExpression"
      ? children(mode, "elements")
      : mode
      ? [mode]
      : [];
    const names = modes.map(text);
    if (
      names.length > 0 &&
      names.every((each) => /^(?:none|always|public|publishable)/.test(each ?? ""))
    ) {
      return true;
    }
  }
  return false;
}

/** What one call does to the caller's credential. */
export function callEvidence(place: Place): Evidence | undefined {
  const { node } = place;
  const call = authCall(node);
  const args = children(node, "arguments");
  if (call?.method === "getUser") return { check: "asks_auth", by: "getUser()" };
  if (call?.method === "getClaims") return { check: "verifies_signature", by: "getClaims()" };
  const path = memberPath(child(node, "callee"));
  const method = path.at(-1) ?? "";
  if (method === "fetch" && mentions(args[0], /\/auth\/v1\/user\b/, place)) {
    return { check: "asks_auth", by: "GET /auth/v1/user" };
  }
  if (/^constructEvent(?:Async)?$/.test(method)) {
    return { check: "webhook_signature", by: `${method}()` };
  }
  if (path.slice(-2).join(".") === "subtle.verify") {
    return { check: "webhook_signature", by: "crypto.subtle.verify()" };
  }
  if (VERIFIES_WEBHOOK.test(method) && !isOwn(place)) {
    return { check: "webhook_signature", by: `${method}()` };
  }
  if (/match|equal|compare|verify|valid|check|auth/i.test(method) && args.length > 1) {
    const name = args.map((one) => holdsSecret(at(place, one))).find((one) => one !== undefined);
    if (name !== undefined && args.some((one) => isFromCaller(one))) {
      return { check: "compares_secret", by: `${method}() with ${name}` };
    }
  }
  if (method === "verify" && /webhook|^wh$|hook/i.test(path.at(-2) ?? "")) {
    return { check: "webhook_signature", by: "verify()" };
  }
  if (/^(?:verifyToken|verifyIdToken|verifyJwt|verifyJWT|authenticateRequest)$/.test(method)) {
    if (originOf(child(node, "callee")!) === undefined) {
      return { check: "verifies_signature", by: `${method}()` };
    }
  }
  if (/timing_?safe|constant_?time|safe_?(?:equal|compare)|secure_?compare/i.test(method)) {
    return { check: "compares_secret", by: `${method}()` };
  }
  if (
    (method === "includes" || method === "has") &&
    args.some((one) => isFromCaller(one)) &&
    (holdsSecret(at(place, child(bare(child(node, "callee")), "object"))) !== undefined ||
      args.some((one) => NAMES_SECRET.test(memberPath(one).at(-1)!)))
  ) {
    return { check: "compares_secret", by: `${method}()` };
  }
  const column = lookedUpSecret(node);
  if (column !== undefined) return { check: "compares_secret", by: `a look-up by ${column}` };
  if (
    /^(?:decodeJwt|jwtDecode|jwt_decode|decodeJWT|parseJwt|parseJWT)$/.test(method) &&
    args[0] !== undefined && isFromCaller(args[0])
  ) {
    return { check: "reads_jwt_unverified", by: `${method}()` };
  }
  if (
    /^atob$|^decodeBase64(?:Url)?$/i.test(method) && isTokenPart(args[0]) && isFromCaller(args[0]!)
  ) {
    return { check: "reads_jwt_unverified", by: `${method}()` };
  }
  const client = madeBy(place);
  if (client !== undefined && speaksForCaller(client)) {
    return { check: "passes_token_on", by: "a client with the caller's token" };
  }
  return undefined;
}

export const VERIFIES_WEBHOOK =
  /^(?:verify|validate|is_?valid|check)\w*(?:signature|hmac)|^(?:verify|validate)\w*webhook/i;

/** Whether a call is of a function of the project: what that does is read, not its name. */
function isOwn(place: Place): boolean {
  const callee = follow(at(place, child(place.node, "callee")));
  return callee !== undefined && isFunction(callee.node);
}

/** The name of what only its holder knows, by which a row is looked up, or a function of the database asked. */
function lookedUpSecret(node: Node): string | undefined {
  const callee = bare(child(node, "callee"));
  const method = memberPath(callee).at(-1) ?? "";
  const args = children(node, "arguments");
  if (method === "rpc") {
    const name = text(args[0]) ?? "";
    const isOfCode =
      /^(?:validate|verify|check|consume|redeem|use|claim)_.*(?:code|token|invit|key)/
        .test(name);
    const given = children(args[1], "properties").find((one) =>
      (isOfCode || SECRET_COLUMN.test(nameOf(child(one, "key")) ?? "")) &&
      text(child(one, "value")) === undefined
    );
    return given && nameOf(child(given, "key"));
  }
  if (!/^(?:eq|match|filter)$/.test(method) || text(args[1]) !== undefined) return undefined;
  const column = text(args[0]) ?? "";
  if (SECRET_COLUMN.test(column)) return column;
  // A short name says it together with its table: `oauth_states.state`, `reset_codes.code_hash`.
  if (!/^(?:state|(?:code_?)?hash|code)$/.test(column)) return undefined;
  let owner = bare(child(callee, "object"));
  while (owner?.type === "CallExpression" && memberPath(child(owner, "callee")).at(-1) !== "from") {
    owner = bare(child(bare(child(owner, "callee")), "object"));
  }
  const table = text(children(owner, "arguments")[0]) ?? "";
  return /state|auth|invit|otp|verif|code|reset|magic/.test(table) ? column : undefined;
}

const SECRET_COLUMN =
  /(?:^|_)(?:token|secret|api_?key|key_?hash|token_?hash|otp|nonce|(?:access|invite|verification|security|reset|confirmation|otp|magic)_?code(?:_hash)?)$/i;

function speaksForCaller(client: Client): boolean {
  return client.made === "createClient" && bearerOf(client) === "caller" && !hasSecretKey(client);
}

/** `token.split(".")[1]`, also through names. */
function isTokenPart(node: Node | undefined): boolean {
  if (node === undefined) return false;
  for (const one of walk(node)) {
    if (one.type === "CallExpression" && memberPath(child(one, "callee")).at(-1) === "split") {
      if (text(children(one, "arguments")[0]) === ".") return true;
    }
    const origin = one.type === "Identifier" ? originOf(one) : undefined;
    if (origin?.init && origin.init !== node && origin.kind === "const") {
      if (
        [...walk(origin.init)].some((each) =>
          each.type === "CallExpression" &&
          memberPath(child(each, "callee")).at(-1) === "split" &&
          text(children(each, "arguments")[0]) === "."
        )
      ) return true;
    }
  }
  return false;
}

/** Whether the text of an expression, or of what its names stand for, matches. */
function mentions(node: Node | undefined, pattern: RegExp, place: Place, depth = 0): boolean {
  if (node === undefined || depth > 3) return false;
  for (const one of walk(node)) {
    const value = one.type === "TemplateElement"
      ? (one.value as { cooked?: string }).cooked
      : one.type === "Literal"
      ? one.value
      : undefined;
    if (typeof value === "string" && pattern.test(value)) return true;
    const origin = one.type === "Identifier" ? originOf(one) : undefined;
    if (origin?.init && origin.init !== node && mentions(origin.init, pattern, place, depth + 1)) {
      return true;
    }
  }
  return false;
}

/** The name of a secret of a row, or of a message, that is compared with something that is not written. */
export function comparedSecret(node: Node): string | undefined {
  return comparedSides(node)?.map((one) => memberPath(one).at(-1)!)
    .find((name) => NAMES_SECRET.test(name));
}

/** The header that is compared with something that is not written: with a token of a table, as a rule. */
export function comparedHeader(node: Node): string | undefined {
  return comparedSides(node)?.map((one) => headerBehind(one)).find((name) => name !== undefined);
}

/** The two sides of a comparison for equality, if neither is written in the code. */
function comparedSides(node: Node): Node[] | undefined {
  if (!/^[!=]==?$/.test(String(node.operator))) return undefined;
  const sides = [valueOf(child(node, "left")), valueOf(child(node, "right"))];
  const isOpen = (one: Node | undefined): one is Node =>
    one !== undefined && one.type !== "UnaryExpression" && one.type !== "Literal" &&
    text(one) === undefined && nameOf(one) !== "undefined";
  return sides.every(isOpen) ? sides : undefined;
}

/** The header that an expression is: as it came, or trimmed, cut, or with something for none. */
function headerBehind(node: Node): string | undefined {
  const found = valueOf(node);
  if (found?.type === "LogicalExpression") return headerBehind(child(found, "left")!);
  if (found?.type !== "CallExpression") return undefined;
  const callee = bare(child(found, "callee"));
  return headerOf(found) ??
    (callee?.type === "MemberExpression" &&
        /^(?:replace|trim|slice|substring)$/.test(memberPath(callee).at(-1)!)
      ? headerBehind(child(callee, "object")!)
      : undefined);
}

const NAMES_SECRET =
  /(?:token|secret|otp|^pin|_pin|passcode|password|api_?key|(?:token|key|pass\w*|secret|pin)_?hash|(?:access|invite|verification|security|reset|auth|join)_?code|signature)$/i;

export function comparison(place: Place): Evidence | undefined {
  const name = secretComparison(place);
  return name === undefined
    ? undefined
    : { check: "compares_secret", by: `a comparison with ${name}` };
}

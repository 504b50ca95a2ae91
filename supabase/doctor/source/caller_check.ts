/** How a function checks who calls it: read from the code that it runs. */

import type { Modules } from "../project/modules.ts";
import { lineOf, type SourceFile } from "../project/source_file.ts";
import { authCall } from "./auth_call.ts";
import { bearerOf, type Client, hasSecretKey, hasSpread, headerOf, madeBy } from "./client.ts";
import { at, environmentName, follow, type Foreign, type Place, UNKNOWN_NAME } from "./follow.ts";
import {
  bare,
  child,
  children,
  isFunction,
  isReference,
  memberPath,
  nameOf,
  type Node,
  property,
  text,
  walk,
} from "./node.ts";
import { type Reach, reach, type Reached } from "./reach.ts";
import { originOf, valueOf } from "./scope.ts";

/** The ways a caller is checked, the strongest first. */
export const CHECKS = [
  "asks_auth",
  "verifies_signature",
  "webhook_signature",
  "compares_secret",
  "passes_token_on",
  "reads_jwt_unverified",
  "none",
] as const;

/** One of the ways. */
export type CallerCheck = typeof CHECKS[number];

/** What is known of a function. */
export interface CallerFacts {
  readonly check: CallerCheck;
  /** The call that checks, as people write it: `getUser()`. */
  readonly by: string;
  /** The power that it acts with, if it goes around row level security. */
  readonly power: string | undefined;
  /** Why a check may be there that cannot be seen. */
  readonly doubt: string | undefined;
  /** Whether it writes anything, as far as is seen: rows, files, users, or calls of functions. */
  readonly writes: boolean;
  /** Whether it changes, deletes or lists users by auth.admin. */
  readonly changesUsers: boolean;
  /** Whether it limits how often it is called, as what is open to everybody does. */
  readonly limitsCallers: boolean;
  /** Whether anything that it does is worth protecting. */
  readonly hasEffects: boolean;
  /** Whether it reads a header in which senders of webhooks put their signature. */
  readonly readsSignature: boolean;
  /** Where the power, or the unverified token, is. */
  readonly file: string;
  readonly line: number;
}

interface Evidence {
  readonly check: CallerCheck;
  readonly by: string;
  readonly at?: { file: string; line: number };
}

/** Reads a function by its entry. */
export function callerFacts(entry: SourceFile, modules: Modules): CallerFacts & { reach: Reach } {
  const reached = reach(entry, modules);
  const evidence: Evidence[] = [...foreignEvidence(reached, modules)];
  const power: { what: string; file: string; line: number }[] = [];
  const doubts = new Set<string>();
  const headers = new Set<string>();
  let hasEffects = false;
  let writes = false;
  let changesUsers = false;
  let limitsCallers = false;
  let hashes = false;
  let verifies: string | undefined;
  for (const { node, file } of reached.nodes) {
    const place: Place = { node, file, modules };
    const where = { file: file.path, line: lineOf(node) };
    if (node.type === "CallExpression") {
      const found = callEvidence(place);
      if (found !== undefined && !isSwitchedOff(place, entry)) {
        evidence.push({ ...found, at: where });
      }
      const header = headerOf(node);
      const isRead = header !== undefined && !isSwitchedOff(place, entry);
      if (isRead && !PLAIN_HEADERS.test(header)) headers.add(header);
      if (isRead && header === "authorization" && isUsed(node, file)) {
        doubts.add("it uses the Authorization header");
      }
      if (authCall(node)?.method.startsWith("admin.")) power.push({ what: "auth.admin", ...where });
      const client = madeBy(place);
      if (client !== undefined && hasSecretKey(client)) {
        power.push({ what: "a service_role or secret key", ...where });
      }
      const method = memberPath(child(node, "callee")).at(-1) ?? "";
      const auth = authCall(node)?.method ?? "";
      if (/^(?:signIn|signUp|verifyOtp|exchangeCode|refreshSession|setSession)/.test(auth)) {
        doubts.add(`it signs its caller in, by ${auth}()`);
      }
      if ((WRITES.test(method) && !isBookkeeping(node)) || auth.startsWith("admin.")) writes = true;
      if (/^admin\.(?:updateUserById|deleteUser)$/.test(auth)) {
        const [id] = children(node, "arguments");
        changesUsers ||= id !== undefined && isFromCaller(id);
      }
      if (RECOVERS.test(memberPath(child(node, "callee")).join("."))) {
        doubts.add(`it verifies a signature, by ${method}()`);
      }
      if (/captcha|turnstile/i.test(method)) doubts.add("it asks for a captcha");
      if (LIMITS.test(method)) limitsCallers = true;
      if (method === "retrieve" && PAYS.test(memberPath(child(node, "callee")).join("."))) {
        doubts.add("it asks Stripe whether something is paid");
      }
      if (EFFECTS.test(method) || isFreeCall(node)) hasEffects = true;
      if (/^(?:createHmac|importKey|timingSafeEqual|hmac)$/.test(method)) hashes = true;
      if (VERIFIES_WEBHOOK.test(method)) verifies ??= `${method}()`;
    } else if (node.type === "BinaryExpression") {
      const found = comparison(place);
      if (found !== undefined && !isSwitchedOff(place, entry)) {
        evidence.push({ ...found, at: where });
      }
    } else if (node.type === "MemberExpression") {
      const path = memberPath(node);
      if (path.at(-2) === "headers" && path.at(-1) === "authorization" && isUsed(node, file)) {
        doubts.add("it uses the Authorization header");
      }
      if (path.at(-1) === "supabaseAdmin") power.push({ what: "supabaseAdmin", ...where });
    } else if (node.type === "Property" && node.parent?.type === "ObjectPattern") {
      if (nameOf(child(node, "key")) === "supabaseAdmin") {
        power.push({ what: "supabaseAdmin", ...where });
      }
    } else if (node.type === "Literal" && typeof node.value === "string") {
      if (/^SUPABASE_DB_URL$/.test(node.value)) {
        power.push({ what: "a direct connection to the database", ...where });
      }
    }
  }
  const signed = [...headers].find((one) => /sign|hmac|hub-|svix|digest/.test(one));
  if (hashes && verifies) evidence.push({ check: "webhook_signature", by: verifies });
  else if (hashes && signed) {
    evidence.push({ check: "webhook_signature", by: `the header ${signed}` });
  }
  for (const header of headers) {
    if (header !== "authorization") doubts.add(`it reads the header ${header}`);
  }
  if (entry.comments.some(({ text }) => SAYS_PUBLIC.test(text))) {
    doubts.add("a comment says that it is public");
  }
  for (const one of reached.missing) doubts.add(`${one} could not be read`);
  for (const one of reached.foreign) {
    if (takesRequest(one)) doubts.add(`${packageName(one.from)} handles the request`);
  }
  const best = CHECKS.map((check) => evidence.find((one) => one.check === check))
    .find((one) => one !== undefined);
  const check = best?.check ?? "none";
  const first = power.find(({ file }) => file === entry.path);
  const place = check === "reads_jwt_unverified" ? best?.at : undefined;
  return {
    check,
    by: best?.by ?? "",
    power: (first ?? power[0])?.what,
    doubt: [...doubts][0],
    writes,
    changesUsers,
    limitsCallers,
    hasEffects: hasEffects || power.length > 0,
    readsSignature: signed !== undefined,
    file: place?.file ?? first?.file ?? entry.path,
    line: place?.line ?? first?.line ?? 1,
    reach: reached,
  };
}

/**
 * Whether a check stands behind an option of a factory, `if (options?.requireSecret)`, and the entry
 * calls the factory without it.
 */
function isSwitchedOff({ node, file, modules }: Place, entry: SourceFile): boolean {
  let inner = node;
  for (let one = node.parent; one; inner = one, one = one.parent) {
    if (one.type !== "IfStatement" || one.consequent !== inner) continue;
    const test = bare(child(one, "test"));
    const root = bare(child(test, "object"));
    if (test?.type !== "MemberExpression" || root?.type !== "Identifier") continue;
    const origin = originOf(root);
    const factory = origin?.kind === "parameter" ? origin.node.parent : undefined;
    if (!factory || origin!.node.type !== "Identifier" || file === entry) continue;
    const index = children(factory, "params").indexOf(origin!.node);
    const calls = entry.nodes.filter((each) =>
      each.type === "CallExpression" &&
      follow({ node: child(each, "callee")!, file: entry, modules })?.node === factory
    );
    const name = nameOf(child(test, "property"))!;
    const isOff = (call: Node) => {
      const given = children(call, "arguments")[index];
      return given === undefined ||
        (given.type === "ObjectExpression" && !hasSpread(given) &&
          property(given, name) === undefined);
    };
    if (calls.length > 0 && calls.every(isOff)) return true;
  }
  return false;
}

const SAYS_PUBLIC =
  /\bpublic(?:ly)? (?:endpoint|function|api|access\w*|callable|available)|\banon(?:ymous(?:ly)?)?[- ]callable|\b(?:anyone|everybody|everyone) (?:can|may) call|\bno (?:auth\w*|login|account) (?:is )?(?:required|needed)/i;

/** Headers that say nothing about who calls. */
const PLAIN_HEADERS =
  /^(?:accept|content-|origin$|referer$|host$|user-agent$|x-forwarded-|x-real-ip$|cf-|range$|if-|upgrade$|access-control-|x-client-info$|x-region$|x-request-id$|x-(?:trace|span|correlation)-id$|traceparent$|tracestate$|baggage$|x-b3-|idempotency-key$|connection$|sec-|prefer$|apikey$|location$|retry-after$|x-ratelimit|etag$|x-supabase-api-version$)/;
/** Calls that reach beyond the function. */
const EFFECTS = /^(?:fetch|from|rpc|invoke|upload|send|query|create\w*Client|connect)$/;

const WRITES =
  /^(?:insert|update|upsert|delete|rpc|invoke|upload|remove|move|copy|query|execute|unsafe|send|fetch)$/;

/** What recovers who signed a message: the holder of a wallet. */
const RECOVERS =
  /sign\.detached\.verify$|(?:^|\.)(?:recoverAddress|recoverMessageAddress|recoverPublicKey|verifyMessage|verifyTypedData)$/;

const LIMITS = /rate_?limit/i;
const PAYS = /\b(?:sessions|paymentIntents|setupIntents)\.retrieve$/;

/** A row in a log, or a counter: what a page that everybody may read writes as well. */
function isBookkeeping(node: Node): boolean {
  const callee = bare(child(node, "callee"));
  const method = memberPath(callee).at(-1);
  const named = method === "rpc" ? node : bare(child(callee, "object"));
  const name = text(children(named, "arguments")[0]) ?? "";
  return method === "rpc"
    ? /increment|_count|track_|log_|rate_limit/.test(name)
    : /^(?:insert|upsert)$/.test(method ?? "") &&
      /(?:^|_)(?:logs?|events|analytics|metrics|visits|views|rate_limits?)$/.test(name);
}

/** A call of something that is not of the language: what it does cannot be seen. */
function isFreeCall(node: Node): boolean {
  const callee = bare(child(node, "callee"));
  return callee?.type === "Identifier" && originOf(callee) === undefined &&
    !(nameOf(callee)! in globalThis) && !/^(?:serve|require)$/.test(nameOf(callee)!);
}

/** Whether a header's value goes anywhere but into a test of its presence or into the log. */
function isUsed(read: Node, file: SourceFile): boolean {
  let node: Node = read;
  while (node.parent && (node.parent.type !== "VariableDeclarator") && !isStop(node.parent)) {
    node = node.parent;
  }
  const declared = node.parent?.type === "VariableDeclarator"
    ? child(node.parent, "id")
    : undefined;
  if (declared?.type !== "Identifier") return leaves(node);
  const name = nameOf(declared);
  return file.nodes.some((one) =>
    one !== declared && one.type === "Identifier" && one.name === name &&
    originOf(one)?.node === declared.parent && leaves(one)
  );
}

function isStop(node: Node): boolean {
  return /Statement$|^Property$|^ArrowFunction|^CallExpression$|^NewExpression$/.test(node.type) &&
    !isTextMethod(node);
}

function isTextMethod(node: Node): boolean {
  const callee = node.type === "CallExpression" ? bare(child(node, "callee")) : undefined;
  return callee?.type === "MemberExpression" && TEXT_METHODS.test(memberPath(callee).at(-1) ?? "");
}

const TEXT_METHODS =
  /^(?:replace(?:All)?|startsWith|endsWith|includes|split|slice|substring|trim|toLowerCase|toString|at|match|test)$/;

/** Whether a value is handed to something: an argument of a call, a property, a template. */
function leaves(node: Node): boolean {
  for (let one: Node = node; one.parent; one = one.parent) {
    const { parent } = one;
    if (/^(?:If|While)Statement$|^UnaryExpression$|^BinaryExpression$/.test(parent.type)) {
      return false;
    }
    if (parent.type === "Property" || parent.type === "TemplateLiteral") return !isLogged(parent);
    if (parent.type === "ReturnStatement") return true;
    if (parent.type === "VariableDeclarator") return isUsedName(parent);
    if (parent.type === "CallExpression" || parent.type === "NewExpression") {
      if (children(parent, "arguments").includes(one)) {
        return !isLogged(one) && !isTextMethod(parent);
      }
    }
    if (/Statement$|Function/.test(parent.type)) return false;
  }
  return false;
}

function isUsedName(declarator: Node): boolean {
  const id = child(declarator, "id");
  if (id?.type !== "Identifier") return true;
  let program: Node = declarator;
  while (program.parent) program = program.parent;
  for (const one of walk(program)) {
    if (one === id || one.type !== "Identifier" || one.name !== id.name) continue;
    if (originOf(one)?.node === declarator && leaves(one)) return true;
  }
  return false;
}

/** Whether a node is an argument of console. */
export function isLogged(node: Node): boolean {
  for (let one: Node | null | undefined = node; one; one = one.parent) {
    if (one.type === "CallExpression" && memberPath(child(one, "callee"))[0] === "console") {
      return true;
    }
    if (/Statement$/.test(one.type)) return false;
  }
  return false;
}

/** What packages do for the function. */
function* foreignEvidence({ foreign }: Reach, modules: Modules): Generator<Evidence> {
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

/** Packages that route and serve: what they are given decides nothing by itself. */
const SERVES =
  /deno\.land\/std|@std\/|\bhono\b|\boak\b|supabase-js|\bzod\b|openai|anthropic|std\/http|xhr/;

/** Whether a package's function gets the request itself, or makes what does: it may check. */
function takesRequest({ from, node, file }: Foreign & Reached): boolean {
  if (SERVES.test(from)) return false;
  const call = node.parent;
  if (call?.type !== "CallExpression" || call.callee !== node) return false;
  const isRequest = (one: Node) => /^(?:req|request|c|ctx|event)$/.test(nameOf(bare(one)) ?? "");
  if (children(call, "arguments").some(isRequest)) return true;
  // `const handler = wrap(…)`, then `handler(req)` or `serve(handler)`.
  const declarator = call.parent;
  const name = declarator?.type === "VariableDeclarator"
    ? nameOf(child(declarator, "id"))
    : undefined;
  return file.nodes.some((one) => {
    if (one.type !== "CallExpression") return false;
    const args = children(one, "arguments");
    const isServe = /^(?:serve|Deno\.serve)$/.test(memberPath(child(one, "callee")).join("."));
    if (
      isServe && args.some((each) => bare(each) === call || nameOf(bare(each)) === name && name)
    ) {
      return true;
    }
    return name !== undefined && nameOf(child(one, "callee")) === name && args.some(isRequest);
  });
}

function packageName(from: string): string {
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
function callEvidence(place: Place): Evidence | undefined {
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
    args.some((one) =>
      environmentName(at(place, child(bare(child(node, "callee")), "object"))) && one
    )
  ) {
    return { check: "compares_secret", by: `${method}()` };
  }
  const column = lookedUpSecret(node);
  if (column !== undefined) return { check: "compares_secret", by: `a look-up by ${column}` };
  if (/^(?:decodeJwt|jwtDecode|jwt_decode|decodeJWT|parseJwt|parseJWT)$/.test(method)) {
    return { check: "reads_jwt_unverified", by: `${method}()` };
  }
  if (/^atob$|^decodeBase64(?:Url)?$/i.test(method) && isTokenPart(args[0])) {
    return { check: "reads_jwt_unverified", by: `${method}()` };
  }
  const client = madeBy(place);
  if (client !== undefined && speaksForCaller(client)) {
    return { check: "passes_token_on", by: "a client with the caller's token" };
  }
  return undefined;
}

const VERIFIES_WEBHOOK =
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
  // A short name says it together with its table: `oauth_states.state`, `invitations.code`.
  if (column !== "state" && column !== "code") return undefined;
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

/** Whether an expression holds a secret out of the environment. */
function holdsSecret(place: Place | undefined): string | undefined {
  if (place === undefined) return undefined;
  for (const node of walk(place.node, (one) => one.type !== "BinaryExpression")) {
    if (!/^(?:Identifier|MemberExpression|CallExpression)$/.test(node.type)) continue;
    const name = environmentName(at(place, node));
    if (name === UNKNOWN_NAME || SECRET_VARIABLE.test(name ?? "")) return name;
    const value = node.type === "Identifier" ? valueOf(node) : undefined;
    if (value?.type === "TemplateLiteral" && node !== value) {
      const inner = holdsSecret(at(place, value));
      if (inner !== undefined) return inner;
    }
  }
  return undefined;
}

const SECRET_VARIABLE = /SECRET|KEY|TOKEN|PASS|AUTH|SALT|HMAC|PIN$/;

/** A comparison of what came with a secret: which operator, and with which variable. */
export function secretComparison(place: Place): string | undefined {
  const { node } = place;
  if (node.type !== "BinaryExpression" || !/^[!=]==?$/.test(String(node.operator))) {
    return undefined;
  }
  const [left, right] = [child(node, "left")!, child(node, "right")!];
  for (const [one, other] of [[left, right], [right, left]] as const) {
    if (text(other) !== undefined || isConstant(other)) continue;
    const name = holdsSecret(at(place, one));
    if (name === undefined || holdsSecret(at(place, other)) !== undefined) continue;
    if (isFromCaller(other, 0, name === UNKNOWN_NAME)) return name;
  }
  return undefined;
}

/**
 * Whether an expression holds what came with a request: a header, the query, the body, a parameter.
 *
 * @param isCertain Whether a parameter, of which nothing is known, does not count.
 */
function isFromCaller(node: Node, depth = 0, isCertain = false): boolean {
  for (const one of walk(node)) {
    if (one.type === "CallExpression") {
      if (headerOf(one) !== undefined) return true;
      const path = memberPath(child(one, "callee"));
      if (/^(?:searchParams|query|params|headers)$/.test(path.at(-2) ?? "")) return true;
      if (/^(?:json|text|formData|query|param|body)$/.test(path.at(-1) ?? "")) return true;
    }
    if (one.type === "MemberExpression" && memberPath(one).includes("headers")) return true;
    if (!isReference(one)) continue;
    const origin = originOf(one);
    if (origin?.kind === "parameter" && !isCertain) return true;
    if (origin?.init === undefined || depth >= 4) continue;
    if (isFromCaller(origin.init, depth + 1, isCertain)) return true;
  }
  return false;
}

function isConstant(node: Node): boolean {
  const found = bare(node)!;
  return found.type === "Literal" || nameOf(found) === "undefined" ||
    (found.type === "UnaryExpression");
}

function comparison(place: Place): Evidence | undefined {
  const name = secretComparison(place);
  return name === undefined
    ? undefined
    : { check: "compares_secret", by: `a comparison with ${name}` };
}

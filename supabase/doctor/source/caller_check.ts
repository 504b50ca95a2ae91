/** How a function checks who calls it: read from the code that it runs. */

import type { Modules } from "../project/modules.ts";
import { lineOf, type SourceFile } from "../project/source_file.ts";
import { authCall } from "./auth_call.ts";
import { hasSecretKey, hasSpread, headerOf, madeBy } from "./client.ts";
import {
  callEvidence,
  comparedHeader,
  comparedSecret,
  comparison,
  type Evidence,
  foreignEvidence,
  packageName,
  VERIFIES_WEBHOOK,
} from "./evidence.ts";
import { follow, type Foreign, type Place } from "./follow.ts";
import { isUsed } from "./header_use.ts";
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
import { originOf } from "./scope.ts";
import { isFromCaller } from "./secret.ts";

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
  /** A variable of the environment by whose key it uses another service, at this project's cost. */
  readonly spends: string | undefined;
  /** Why a check may be there that cannot be seen. */
  readonly doubt: string | undefined;
  /** Whether it writes anything, as far as is seen: rows, files, users, or calls of functions. */
  readonly writes: boolean;
  /** Whether it calls auth.admin. */
  readonly managesUsers: boolean;
  /** Whether it changes or deletes a user whom its caller names, by auth.admin. */
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

/** What the code of a function was seen to do. */
class Seen {
  readonly evidence: Evidence[] = [];
  readonly power: { what: string; file: string; line: number }[] = [];
  readonly doubts = new Set<string>();
  readonly headers = new Set<string>();
  hasEffects = false;
  writes = false;
  changesUsers = false;
  limitsCallers = false;
  /** Whether it computes a keyed hash, as for the signature of a webhook. */
  hashes = false;
  spends: string | undefined;
  /** A function of the project that says by its name that it verifies a signature. */
  verifies: string | undefined;

  constructor(readonly entry: SourceFile) {}

  look(place: Place & Reached): void {
    const { node } = place;
    if (node.type === "CallExpression") this.#lookAtCall(place);
    else if (node.type === "IfStatement") {
      if (refuses(node)) this.doubts.add(`it refuses some callers, in line ${lineOf(node)}`);
    } else if (node.type === "BinaryExpression") {
      this.#note(comparison(place), place);
      const header = comparedHeader(node);
      if (header !== undefined && !PLAIN_HEADERS.test(header)) {
        this.#note(
          { check: "compares_secret", by: `a comparison with the header ${header}` },
          place,
        );
      }
      const compared = comparedSecret(node);
      if (compared !== undefined) this.doubts.add(`it compares ${compared}`);
    } else if (node.type === "MemberExpression") {
      const [owner, name] = memberPath(node).slice(-2);
      if (
        owner === "headers" && name === "authorization" &&
        isUsed(node, place.file)
      ) {
        this.doubts.add("it uses the Authorization header");
      }
      if (name === "supabaseAdmin") this.#hasPower("supabaseAdmin", place);
    } else if (
      node.type === "Property" && node.parent?.type === "ObjectPattern"
    ) {
      if (nameOf(child(node, "key")) === "supabaseAdmin") {
        this.#hasPower("supabaseAdmin", place);
      }
    } else if (node.type === "Literal" && node.value === "SUPABASE_DB_URL") {
      this.#hasPower("a direct connection to the database", place);
    }
  }

  #lookAtCall(place: Place & Reached): void {
    const { node, file } = place;
    this.#note(callEvidence(place), place);
    const header = headerOf(node);
    if (header !== undefined && !isSwitchedOff(place, this.entry)) {
      if (!PLAIN_HEADERS.test(header)) this.headers.add(header);
      if (header === "authorization" && isUsed(node, file)) {
        this.doubts.add("it uses the Authorization header");
      }
    }
    const client = madeBy(place);
    if (client !== undefined && hasSecretKey(client)) {
      this.#hasPower("a service_role or secret key", place);
    }
    this.#lookAtAuth(place);
    const path = memberPath(child(node, "callee"));
    const method = path.at(-1)!;
    if (path.slice(-2).join(".") === "env.get") {
      const name = text(children(node, "arguments")[0]) ?? "";
      if (KEY_OF_SERVICE.test(name)) this.spends ??= name;
    }
    if (WRITES.test(method) && !isBookkeeping(node) && !isReadByRpc(node)) this.writes = true;
    if (EFFECTS.test(method) || isFreeCall(node)) this.hasEffects = true;
    const named = method === "rpc" ? text(children(node, "arguments")[0]) ?? "" : method;
    if (LIMITS.test(named)) this.limitsCallers = true;
    if (/^(?:createHmac|importKey|timingSafeEqual|hmac)$/.test(method)) {
      this.hashes = true;
    }
    if (VERIFIES_WEBHOOK.test(method)) this.verifies ??= `${method}()`;
    if (RECOVERS.test(path.join("."))) {
      this.doubts.add(`it verifies a signature, by ${method}()`);
    }
    if (/captcha|turnstile/i.test(method)) {
      this.doubts.add("it asks for a captcha");
    }
    if (PAYS.test(path.join("."))) {
      this.doubts.add("it asks Stripe whether something is paid");
    }
  }

  #lookAtAuth(place: Place & Reached): void {
    const call = authCall(place.node);
    if (call === undefined) return;
    const { method, args } = call;
    if (
      /^(?:signIn|signUp|verifyOtp|exchangeCode|refreshSession|setSession)/
        .test(method)
    ) {
      this.doubts.add(`it signs its caller in, by ${method}()`);
    }
    if (!method.startsWith("admin.")) return;
    this.#hasPower("auth.admin", place);
    this.writes = true;
    if (/^admin\.(?:updateUserById|deleteUser)$/.test(method)) {
      this.changesUsers ||= args[0] !== undefined && isFromCaller(args[0]);
    }
  }

  #note(found: Evidence | undefined, place: Place & Reached): void {
    if (found === undefined || isSwitchedOff(place, this.entry)) return;
    this.evidence.push({
      ...found,
      at: { file: place.file.path, line: lineOf(place.node) },
    });
  }

  #hasPower(what: string, { node, file }: Reached): void {
    this.power.push({ what, file: file.path, line: lineOf(node) });
  }
}

/** Reads a function by its entry. */
export function callerFacts(
  entry: SourceFile,
  modules: Modules,
): CallerFacts & { reach: Reach } {
  const reached = reach(entry, modules);
  const seen = new Seen(entry);
  const { evidence, power, doubts, headers } = seen;
  evidence.push(...foreignEvidence(reached, modules));
  for (const one of reached.nodes) seen.look({ ...one, modules });
  const signed = [...headers].find((one) => /sign|hmac|hub-|svix|digest/.test(one));
  const by = seen.verifies ?? (signed && `the header ${signed}`);
  if (seen.hashes && by) evidence.push({ check: "webhook_signature", by });
  for (const header of headers) {
    if (header !== "authorization") doubts.add(`it reads the header ${header}`);
  }
  if (entry.comments.some(({ text }) => SAYS_PUBLIC.test(text))) {
    doubts.add("a comment says that it is public");
  }
  for (const one of reached.missing) doubts.add(`${one} could not be read`);
  for (const one of reached.foreign) {
    if (takesRequest(one)) {
      doubts.add(`${packageName(one.from)} handles the request`);
    }
  }
  const best = CHECKS.map((check) => evidence.find((one) => one.check === check))
    .find((one) => one !== undefined);
  const check = best?.check ?? "none";
  const first = power.find(({ file }) => file === entry.path);
  const place = check === "reads_jwt_unverified" ? best?.at : undefined;
  const { writes, changesUsers, limitsCallers, hasEffects, spends } = seen;
  const managesUsers = power.some(({ what }) => what === "auth.admin");
  return {
    check,
    by: best?.by ?? "",
    power: (first ?? power[0])?.what,
    spends: writes ? spends : undefined,
    doubt: [...doubts][0],
    writes,
    managesUsers,
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
function isSwitchedOff(
  { node, file, modules }: Place,
  entry: SourceFile,
): boolean {
  let inner = node;
  for (let one = node.parent; one; inner = one, one = one.parent) {
    if (one.type !== "IfStatement" || one.consequent !== inner) continue;
    const test = bare(child(one, "test"));
    const root = bare(child(test, "object"));
    if (test?.type !== "MemberExpression" || root?.type !== "Identifier") {
      continue;
    }
    const origin = originOf(root);
    const factory = origin?.kind === "parameter" ? origin.node.parent : undefined;
    if (!factory || origin!.node.type !== "Identifier" || file === entry) {
      continue;
    }
    const index = children(factory, "params").indexOf(origin!.node);
    const calls = entry.nodes.filter((each) =>
      each.type === "CallExpression" &&
      follow({ node: child(each, "callee")!, file: entry, modules })?.node ===
        factory
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

/** Whether a branch refuses by what somebody answered who was given something of the caller's. */
function refuses(node: Node): boolean {
  return [...walk(child(node, "test")!)].some((one) => {
    const init = isReference(one) ? originOf(one)?.init : undefined;
    return init !== undefined && [...walk(init)].some(isAskedAboutCaller);
  }) &&
    [...walk(child(node, "consequent")!, (one) => !isFunction(one))].some((one) =>
      one.type === "Literal" &&
      (one.value === 401 || one.value === 403 || REFUSAL.test(text(one) ?? ""))
    );
}

function isAskedAboutCaller(node: Node): boolean {
  const call = node.type === "AwaitExpression" ? child(node, "argument") : undefined;
  return call !== undefined && !readsBody(bare(call)) &&
    [...walk(call)].some((one) =>
      one.type === "CallExpression" &&
      children(one, "arguments").some((given) => isFromCaller(given, 0, true))
    );
}

const REFUSAL =
  /unauthori[sz]ed|forbidden|access denied|not allowed|invalid (?:credentials|password|code|pin|token)/i;

/** `req.json()`, also with something for a body that is none. */
function readsBody(call: Node | undefined): boolean {
  const callee = bare(child(call, "callee"));
  const path = memberPath(callee);
  if (path.at(-1) === "catch") return readsBody(bare(child(callee, "object")));
  const owner = bare(child(callee, "object"));
  return /^(?:json|text|formData|arrayBuffer)$/.test(path.at(-1)!) &&
    owner?.type === "Identifier" &&
    originOf(owner)?.kind === "parameter";
}

const SAYS_PUBLIC =
  /^\W*public\b[,.:]|\bno[- ]jwt\b|\bpublic(?:ly)? (?:endpoint|function|api|access\w*|callable|available)|\banon(?:ymous(?:ly)?)?[- ]callable|\b(?:anyone|everybody|everyone) (?:can|may) call|\bno (?:auth\w*|login|account) (?:is )?(?:required|needed)/i;

/** Names of variables that hold the key of a service that is not Supabase. */
const KEY_OF_SERVICE =
  /^(?!SUPABASE_|SB_)(?!.*(?:ANON|PUBLI|WEBHOOK)).*(?:API_?KEY|AUTH_TOKEN|ACCESS_TOKEN|BOT_TOKEN|SECRET_KEY)$/;

/** Headers that say nothing about who calls. */
const PLAIN_HEADERS =
  /^(?:accept|content-|origin$|referer$|host$|user-agent$|x-forwarded-|x-real-ip$|cf-|range$|if-|upgrade$|access-control-|x-client-info$|x-region$|x-request-id$|x-(?:[a-z]+-)?(?:trace|span|correlation)-id$|traceparent$|tracestate$|baggage$|x-b3-|idempotency-key$|connection$|sec-|prefer$|apikey$|location$|retry-after$|x-ratelimit|etag$|x-supabase-api-version$)/;

/** Calls that reach beyond the function. */
const EFFECTS = /^(?:fetch|from|rpc|invoke|upload|send|query|create\w*Client|connect)$/;

const WRITES =
  /^(?:insert|update|upsert|delete|rpc|invoke|upload|remove|move|copy|query|execute|unsafe|send|fetch)$/;

/** What recovers who signed a message: the holder of a wallet. */
const RECOVERS =
  /sign\.detached\.verify$|(?:^|\.)(?:recoverAddress|recoverMessageAddress|recoverPublicKey|verifyMessage|verifyTypedData)$/;

const LIMITS = /rate_?limit/i;

const PAYS = /\b(?:sessions|paymentIntents|setupIntents)\.retrieve$/;

/** `rpc("search_…")`: a function of the database that says by its name that it only reads. */
function isReadByRpc(node: Node): boolean {
  return memberPath(child(node, "callee")).at(-1) === "rpc" &&
    /^(?:get|list|search|find|fetch|count|match|is|has|calculate|compute)_/.test(
      text(children(node, "arguments")[0]) ?? "",
    );
}

/** A row in a log, or a counter: what a page that everybody may read writes as well. */
function isBookkeeping(node: Node): boolean {
  const callee = bare(child(node, "callee"));
  const method = memberPath(callee).at(-1);
  const named = method === "rpc" ? node : bare(child(callee, "object"));
  const name = text(children(named, "arguments")[0]) ?? "";
  return method === "rpc"
    ? /increment|_count|track_|log_|rate_limit/.test(name)
    : /^(?:insert|upsert)$/.test(method ?? "") &&
      /(?:^|_)(?:logs?|events|analytics|metrics|visits|views|rate_limits?)$/
        .test(name);
}

/** A call of something that is not of the language: what it does cannot be seen. */
function isFreeCall(node: Node): boolean {
  const callee = bare(child(node, "callee"));
  return callee?.type === "Identifier" && originOf(callee) === undefined &&
    !(nameOf(callee)! in globalThis) &&
    !/^(?:serve|require)$/.test(nameOf(callee)!);
}

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
    const isServe = /^(?:serve|Deno\.serve)$/.test(
      memberPath(child(one, "callee")).join("."),
    );
    if (
      isServe &&
      args.some((each) => bare(each) === call || nameOf(bare(each)) === name && name)
    ) {
      return true;
    }
    return name !== undefined && nameOf(child(one, "callee")) === name &&
      args.some(isRequest);
  });
}

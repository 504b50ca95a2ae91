/** How a function checks who calls it: read from the code that it runs. */

import type { Modules } from "../project/modules.ts";
import { lineOf, type SourceFile } from "../project/source_file.ts";
import { authCall } from "./auth_call.ts";
import { hasSpread, headerOf } from "./client.ts";
import { refuses, takesRequest } from "./doubt.ts";
import { Effects } from "./effects.ts";
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
import { follow, type Place } from "./follow.ts";
import { isUsed } from "./header_use.ts";
import { bare, child, children, memberPath, nameOf, type Node, property } from "./node.ts";
import { type Reach, reach, type Reached } from "./reach.ts";
import { originOf } from "./scope.ts";

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

/** Who is asked about a caller in the code of a function, and what is compared. */
class Seen {
  readonly evidence: Evidence[] = [];
  readonly doubts = new Set<string>();
  readonly headers = new Set<string>();
  /** Whether it computes a keyed hash, as for the signature of a webhook. */
  hashes = false;
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
    this.#lookAtAuth(node);
    const path = memberPath(child(node, "callee"));
    const method = path.at(-1)!;
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

  #lookAtAuth(node: Node): void {
    const { method = "" } = authCall(node) ?? {};
    if (
      /^(?:signIn|signUp|verifyOtp|exchangeCode|refreshSession|setSession)/
        .test(method)
    ) {
      this.doubts.add(`it signs its caller in, by ${method}()`);
    }
  }

  #note(found: Evidence | undefined, place: Place & Reached): void {
    if (found === undefined || isSwitchedOff(place, this.entry)) return;
    this.evidence.push({
      ...found,
      at: { file: place.file.path, line: lineOf(place.node) },
    });
  }
}

/** Reads a function by its entry. */
export function callerFacts(
  entry: SourceFile,
  modules: Modules,
): CallerFacts & { reach: Reach } {
  const reached = reach(entry, modules);
  const [seen, effects] = [new Seen(entry), new Effects()];
  const { evidence, doubts, headers } = seen;
  evidence.push(...foreignEvidence(reached, modules));
  for (const one of reached.nodes) {
    const place = { ...one, modules };
    seen.look(place);
    effects.look(place);
  }
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
  const place = check === "reads_jwt_unverified" ? best?.at : undefined;
  const { power, writes, changesUsers, limitsCallers, hasEffects, spends } = effects;
  const first = power.find(({ file }) => file === entry.path);
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

const SAYS_PUBLIC =
  /^\W*public\b[,.:]|\bno[- ]jwt\b|\bpublic(?:ly)? (?:endpoint|function|api|access\w*|callable|available)|\banon(?:ymous(?:ly)?)?[- ]callable|\b(?:anyone|everybody|everyone) (?:can|may) call|\bno (?:auth\w*|login|account) (?:is )?(?:required|needed)/i;

/** Headers that say nothing about who calls. */
const PLAIN_HEADERS =
  /^(?:accept|content-|origin$|referer$|host$|user-agent$|x-forwarded-|x-real-ip$|cf-|range$|if-|upgrade$|access-control-|x-client-info$|x-region$|x-request-id$|x-(?:[a-z]+-)?(?:trace|span|correlation)-id$|traceparent$|tracestate$|baggage$|x-b3-|idempotency-key$|connection$|sec-|prefer$|apikey$|location$|retry-after$|x-ratelimit|etag$|x-supabase-api-version$)/;

/** What recovers who signed a message: the holder of a wallet. */
const RECOVERS =
  /sign\.detached\.verify$|(?:^|\.)(?:recoverAddress|recoverMessageAddress|recoverPublicKey|verifyMessage|verifyTypedData)$/;

const PAYS = /\b(?:sessions|paymentIntents|setupIntents)\.retrieve$/;

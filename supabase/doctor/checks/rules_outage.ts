/** An outage of Auth that looks like a sign-out. */

import { namesSignIn, REDIRECTS, signedOut } from "./signed_out.ts";
import {
  asksForError,
  bindingsOf,
  exits,
  failsIn,
  nodesWithin,
  returnsUser,
  throws,
} from "../source/answer.ts";
import { authCall } from "../source/auth_call.ts";
import { follow } from "../source/follow.ts";
import { oncePer } from "../source/once.ts";
import { catchAround, handlerAround, isJudged } from "../source/judged.ts";
import {
  around,
  bare,
  child,
  children,
  isFunction,
  nameOf,
  type Node,
  walk,
} from "../source/node.ts";
import { placeOf, type Rule, type Surroundings } from "../source/rule.ts";
import type { Runtime } from "../source/runtime.ts";

const FIX: Readonly<Record<Runtime, string>> = {
  function:
    "Judge the error first: answer 503 with Retry-After if `isAuthRetryableFetchError(error)` or its status is 429, and 401 only for the rest. Behind edge-auth that is done.",
  server:
    "Judge the error first: if `isAuthRetryableFetchError(error)`, keep the cookies and show an error page; send to the sign-in only for the rest.",
  browser:
    "Judge the error first: if `isAuthRetryableFetchError(error)`, keep the session and try again; go to the sign-in only for the rest.",
  unknown:
    "Judge the error first: if `isAuthRetryableFetchError(error)`, try again or answer 503; take only the rest for signed out.",
};

/** What a failed check of the caller leads to. */
export const outageAsSignedOut: Rule = {
  id: "auth-outage-as-signed-out",
  why:
    "getUser() and getClaims() also fail when Auth is down, slow or limits the caller. Taken for signed out, an outage of Auth ends every session at once: 401, a redirect to the sign-in, or no user.",
  fix: FIX.unknown,
  types: ["CallExpression"],
  look(node, surroundings) {
    const asked = questionOf(node, surroundings);
    if (asked === undefined || isBeyondBound(node)) return;
    const outcome = asked.throws ? caughtAs(node) : outcomeOf(node, asked.isFetch, surroundings);
    if (outcome === undefined) return;
    return {
      severity: "warning",
      message: `Any error of ${asked.what} ${outcome}, also in an outage of Auth.`,
      fix: FIX[surroundings.runtime],
    };
  },
};

/** So many calls of one scope are looked at: each looks through the scope, and code may be generated. */
const MAX_PER_SCOPE = 50;

const lookedAt = oncePer((_scope: Node) => new Set<Node>());

function isBeyondBound(call: Node): boolean {
  const scope = around(call, (one) => isFunction(one) || one.type === "Program")!;
  const calls = lookedAt(scope);
  if (calls.size < MAX_PER_SCOPE) calls.add(call);
  return !calls.has(call);
}

interface Question {
  readonly what: string;
  readonly isFetch: boolean;
  /** A helper throws where the check fails, instead of handing out no user. */
  readonly throws?: boolean;
}

/** A call that asks about the caller: directly, by fetch, or through one helper of the project. */
function questionOf(node: Node, surroundings: Surroundings): Question | undefined {
  const direct = directQuestion(node);
  if (direct !== undefined) return direct;
  if (surroundings.modules === undefined) return undefined;
  const callee = child(node, "callee");
  if (
    callee?.type !== "Identifier" || !/user|auth|session|claim|caller|verif/i.test(nameOf(callee)!)
  ) {
    return undefined;
  }
  const helper = follow(placeOf(callee, surroundings));
  if (helper === undefined || !isFunction(helper.node)) return undefined;
  for (const one of nodesWithin(helper.node)) {
    const inner = one.type === "CallExpression" ? directQuestion(one) : undefined;
    if (inner === undefined || inner.isFetch) continue;
    const there = { ...surroundings, file: helper.file };
    // What the helper itself does with an error is said there.
    if (isJudged(bindingsOf(one)) || outcomeOf(one, false, there) !== undefined) return undefined;
    const what = `${inner.what} in ${nameOf(callee)}()`;
    if (throwsOnFailure(one)) return { what, isFetch: false, throws: true };
    if (returnsUser(helper.node, one)) return { what, isFetch: false };
  }
  return undefined;
}

function directQuestion(node: Node): Question | undefined {
  const method = authCall(node)?.method;
  if (method === "getUser" || method === "getClaims") {
    return { what: `${method}()`, isFetch: false };
  }
  if (node.type !== "CallExpression" || nameOf(child(node, "callee")) !== "fetch") return undefined;
  const [url] = children(node, "arguments");
  return url && [...walk(url)].some((one) => /\/auth\/v1\/user\b/.test(literal(one) ?? ""))
    ? { what: "GET /auth/v1/user", isFetch: true }
    : undefined;
}

function literal(node: Node): string | undefined {
  if (node.type === "TemplateElement") return (node.value as { cooked?: string }).cooked;
  return node.type === "Literal" && typeof node.value === "string" ? node.value : undefined;
}

/** What an error of the call leads to, if that is to be signed out; nothing where it is judged. */
function outcomeOf(call: Node, isFetch: boolean, { file }: Surroundings): string | undefined {
  const all = bindingsOf(call);
  if (isJudged(all)) return undefined;
  const isComponent = /^[A-Z]/.test(functionName(all.scope) ?? "") && /x$/.test(file?.path ?? "");
  const tellsUser = !isComponent && isAboutUser(all.scope, call);
  let isErrorDecided = false;
  for (const one of nodesWithin(all.scope)) {
    if (one.type !== "IfStatement" && one.type !== "ConditionalExpression") continue;
    const test = child(one, "test");
    const side = failsIn(test, all);
    const branch = side && child(one, side);
    if (branch === undefined || (isErrorDecided && !asksForError(test, all))) continue;
    const asValue = one.type === "ConditionalExpression" && !isFetch && isReturned(one);
    const found = signedOut(branch, asValue, tellsUser);
    const other = child(one, side === "consequent" ? "alternate" : "consequent");
    // A fork of the road: both ways lead on.
    const isFork = found === REDIRECTS && other !== undefined && !namesSignIn(branch) &&
      signedOut(other, false, tellsUser) === REDIRECTS;
    if (found !== undefined && !isFork) return found;
    if (one.type !== "IfStatement") continue;
    const caught = throws(branch) ? catchAround(one) : undefined;
    const inCatch = caught && signedOut(caught, false, tellsUser);
    if (inCatch !== undefined) return inCatch;
    const told = toldByClass(branch, tellsUser);
    if (told !== undefined) return told;
    // Every error has left by now, and not as "signed out": a missing user is no outage.
    isErrorDecided ||= asksForError(test, all) && side === "consequent" && exits(branch);
  }
  return undefined;
}

/** What the catch clause around a branch does with the class of error that the branch throws. */
function toldByClass(branch: Node, tellsUser: boolean): string | undefined {
  const thrown = [...walk(branch)].find((one) => one.type === "ThrowStatement");
  const made = nameOf(child(bare(child(thrown, "argument")), "callee"));
  const handler = handlerAround(branch);
  if (made === undefined || handler === undefined) return undefined;
  const asks = (test: Node) =>
    [...walk(test)].some((one) =>
      one.operator === "instanceof" && nameOf(child(one, "right")) === made
    );
  for (const one of walk(handler)) {
    const test = /^(?:If|Conditional)/.test(one.type) ? child(one, "test") : undefined;
    if (test !== undefined && asks(test)) {
      return signedOut(child(one, "consequent")!, false, tellsUser);
    }
  }
  return undefined;
}

const OF_USER =
  /user|auth|session|log_?(?:ged_?)?in|sign_?(?:ed_?)?in|account|profile|caller|identity|principal|claims|admin|role|permission|owner|guard|access|viewer|current|whoami|verif|^me$/i;

/** Whether what a function returns says who the caller is: by its name, or because it is the user. */
function isAboutUser(scope: Node, call: Node): boolean {
  const name = functionName(scope) ?? "";
  return (OF_USER.test(name) && !WRITES.test(name)) ||
    (isFunction(scope) && returnsUser(scope, call));
}

/** Names of functions whose null says that nothing was done. */
const WRITES =
  /^(?:create|update|save|insert|upsert|delete|remove|add|upload|set|send|submit|track|toggle|mark|record|store|increment|sync|assign|grant|revoke|invite)(?:[A-Z_]|$)/;

/** What the catch clause around a call does, if it does not look at what it caught. */
function caughtAs(call: Node): string | undefined {
  const caught = catchAround(call);
  const scope = around(call, (one) => isFunction(one) || one.type === "Program")!;
  return caught && signedOut(caught, false, isAboutUser(scope, call));
}

/** Whether a function throws where its check fails. */
function throwsOnFailure(call: Node): boolean {
  const all = bindingsOf(call);
  return nodesWithin(all.scope).some((one) => {
    if (one.type !== "IfStatement") return false;
    const side = failsIn(child(one, "test"), all);
    const branch = side && child(one, side);
    return branch !== undefined && throws(branch);
  });
}

function functionName(scope: Node): string | undefined {
  const { parent } = scope;
  const named = parent?.type === "VariableDeclarator"
    ? child(parent, "id")
    : /^(?:Property|PropertyDefinition|MethodDefinition)$/.test(parent?.type ?? "")
    ? child(parent!, "key")
    : undefined;
  return nameOf(child(scope, "id")) ?? nameOf(named);
}

function isReturned(node: Node): boolean {
  let at: Node = node;
  while (at.parent && bare(at.parent) === bare(at)) at = at.parent;
  return at.parent?.type === "ReturnStatement" || at.parent?.type === "ArrowFunctionExpression";
}

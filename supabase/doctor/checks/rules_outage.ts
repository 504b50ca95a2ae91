/** An outage of Auth that looks like a sign-out. */

import { authCall, errorOf } from "../source/auth_call.ts";
import { at, follow, type Place } from "../source/follow.ts";
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
  property,
  text,
  walk,
} from "../source/node.ts";
import { placeOf, type Rule, type Surroundings } from "../source/rule.ts";
import type { Runtime } from "../source/runtime.ts";
import { originOf, valueOf } from "../source/scope.ts";

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
const looked = new WeakMap<Node, Set<Node>>();

function isBeyondBound(call: Node): boolean {
  const scope = around(call, (one) => isFunction(one) || one.type === "Program")!;
  const calls = looked.get(scope) ?? new Set();
  looked.set(scope, calls);
  if (calls.size < MAX_PER_SCOPE) calls.add(call);
  return !calls.has(call);
}

const within = new WeakMap<Node, readonly Node[]>();

/** Every node of a scope, listed once. */
function nodesWithin(scope: Node): readonly Node[] {
  let nodes = within.get(scope);
  if (nodes === undefined) within.set(scope, nodes = [...walk(scope)]);
  return nodes;
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

/** The names that hold the answer of a call. */
interface Bindings {
  readonly scope: Node;
  /** By the declaration; what the name holds. */
  readonly names: ReadonlyMap<Node, (path: readonly string[]) => "error" | "user" | undefined>;
}

const meaning = (path: readonly string[]) => {
  const last = path.at(-1);
  if (last === "error" || last === "ok") return "error";
  return path.length === 0 || /^(?:data|user|claims|id|sub|email)$/.test(last!)
    ? "user"
    : undefined;
};

function bindingsOf(call: Node): Bindings {
  let value: Node = call;
  const path: string[] = [];
  for (;;) {
    const { parent } = value;
    const wrapper = wrapperOf(value);
    if (wrapper !== undefined) value = wrapper;
    else if (parent?.type === "MemberExpression") {
      if (parent.object !== value) break;
      const name = nameOf(child(parent, "property")) ?? "()";
      if (name === "then" || name === "catch") break;
      path.push(name);
      value = parent;
    } else if (parent && bare(parent) === bare(value)) value = parent;
    else break;
  }
  let scope = around(value, (one) => isFunction(one) || one.type === "Program")!;
  const names = new Map<Node, (path: readonly string[]) => "error" | "user" | undefined>();
  const { parent } = value;
  if (parent?.type === "VariableDeclarator" && parent.init === value) {
    names.set(parent, (inner) => meaning([...path, ...inner]));
  } else if (parent?.type === "AssignmentExpression" && parent.right === value) {
    const left = child(parent, "left"); // user = (await …).data.user
    const origin = left?.type === "Identifier" ? originOf(left) : undefined;
    if (origin !== undefined) names.set(origin.node, (inner) => meaning([...path, ...inner]));
  } else if (parent?.type === "MemberExpression" && parent.object === value) {
    const then = parent.parent; // .then(({ data, error }) => …)
    const callback = then?.type === "CallExpression" ? children(then, "arguments")[0] : undefined;
    if (callback !== undefined && isFunction(callback)) {
      scope = callback;
      const [first] = children(callback, "params");
      if (first !== undefined) names.set(first, meaning);
    }
  }
  // `const user = data.user`, `const { user } = data`: names of names.
  for (const one of nodesWithin(scope)) {
    if (one.type !== "VariableDeclarator" || names.has(one)) continue;
    const root = rootOf(child(one, "init"));
    const origin = root && originOf(root.node);
    const of = origin && names.get(origin.node);
    if (of === undefined) continue;
    const known = of(origin!.path);
    if (known === "user") names.set(one, (inner) => of([...origin!.path, ...root!.path, ...inner]));
  }
  return { scope, names };
}

const PASSES_ON = /time|retry|race|measure|trace|span|attempt|deadline|abortable/i;

/**
 * The call that hands on what another answers: `withTimeout(getUser())`, `timed(() => getUser())`,
 * `Promise.race([getUser(), late])`.
 */
function wrapperOf(value: Node): Node | undefined {
  let { parent } = value;
  const isBody = parent?.type === "ArrowFunctionExpression" && parent.body === value;
  if (isBody || parent?.type === "ArrayExpression") parent = parent!.parent;
  if (parent?.type !== "CallExpression" || parent.callee === value) return undefined;
  return PASSES_ON.test(memberPath(child(parent, "callee")).at(-1) ?? "") ? parent : undefined;
}

/** `data.user` is the name `data` and the way on from it. */
function rootOf(expression: Node | undefined): { node: Node; path: string[] } | undefined {
  let found = bare(expression);
  if (found?.type === "LogicalExpression" && found.operator !== "&&") {
    found = bare(child(found, "left"));
  }
  const path: string[] = [];
  while (found?.type === "MemberExpression") {
    path.unshift(nameOf(child(found, "property")) ?? "()");
    found = bare(child(found, "object"));
  }
  return found?.type === "Identifier" ? { node: found, path } : undefined;
}

function meaningOf(node: Node | undefined, { names }: Bindings): "error" | "user" | undefined {
  const root = rootOf(node);
  const origin = root && originOf(root.node);
  const of = origin && names.get(origin.node);
  return of?.([...origin!.path, ...root!.path]);
}

/** Whether a test asks if the check failed, and which branch then runs. */
function failsIn(test: Node | undefined, all: Bindings): "consequent" | "alternate" | undefined {
  const found = bare(test);
  switch (found?.type) {
    case "LogicalExpression": {
      const [left, right] = [child(found, "left"), child(found, "right")];
      const sides = [failsIn(left, all), failsIn(right, all)];
      if (sides.includes("consequent")) return "consequent";
      return found.operator === "&&" && sides.includes("alternate") ? "alternate" : undefined;
    }
    case "UnaryExpression": {
      if (found.operator !== "!") return undefined;
      const inner = bare(child(found, "argument"));
      if (inner?.type === "UnaryExpression") return failsIn(child(inner, "argument"), all);
      if (rootOf(inner)?.path.at(-1) === "ok" && meaningOf(inner, all)) return "consequent";
      const what = meaningOf(inner, all);
      return what === "user" ? "consequent" : what === "error" ? "alternate" : undefined;
    }
    case "BinaryExpression": {
      const [left, right] = [child(found, "left"), child(found, "right")];
      if (!isNothing(right)) return undefined;
      const what = meaningOf(left, all);
      if (what === undefined) return undefined;
      const isEqual = /^==/.test(String(found.operator));
      return (what === "user") === isEqual ? "consequent" : "alternate";
    }
    default: {
      if (rootOf(found)?.path.at(-1) === "ok") return meaningOf(found, all) && "alternate";
      const what = meaningOf(found, all);
      return what === "error" ? "consequent" : what === "user" ? "alternate" : undefined;
    }
  }
}

function isNothing(node: Node | undefined): boolean {
  const found = bare(node);
  return (found?.type === "Literal" && found.value === null && found.regex === undefined) ||
    nameOf(found) === "undefined";
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
    if (found !== undefined) return found;
    if (one.type !== "IfStatement") continue;
    const caught = throws(branch) ? catchAround(one) : undefined;
    const inCatch = caught && signedOut(caught, false, tellsUser);
    if (inCatch !== undefined) return inCatch;
    // Every error has left by now, and not as "signed out": a missing user is no outage.
    isErrorDecided ||= asksForError(test, all) && side === "consequent" && exits(branch);
  }
  return undefined;
}

/** Whether a test holds for every error: `error`, or `error || …`. */
function asksForError(test: Node | undefined, all: Bindings): boolean {
  const found = bare(test);
  if (found?.type === "LogicalExpression" && found.operator === "||") {
    return asksForError(child(found, "left"), all) || asksForError(child(found, "right"), all);
  }
  const compared = found?.type === "BinaryExpression" && isNothing(child(found, "right"))
    ? child(found, "left")
    : found?.type === "UnaryExpression" && rootOf(child(found, "argument"))?.path.at(-1) === "ok"
    ? child(found, "argument")
    : found;
  return meaningOf(compared, all) === "error";
}

/** Whether a branch ends the function, or this turn of its loop. */
function exits(branch: Node): boolean {
  const last = branch.type === "BlockStatement" ? children(branch, "body").at(-1) : branch;
  return /^(?:Return|Throw|Continue|Break)Statement$/.test(last?.type ?? "");
}

const OF_USER =
  /user|auth|session|log_?(?:ged_?)?in|sign_?(?:ed_?)?in|account|profile|caller|identity|principal|claims|admin|role|permission|owner|guard|access|viewer|current|whoami|verif|^me$/i;

/** Whether what a function returns says who the caller is: by its name, or because it is the user. */
function isAboutUser(scope: Node, call: Node): boolean {
  return OF_USER.test(functionName(scope) ?? "") || (isFunction(scope) && returnsUser(scope, call));
}

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

const SAYS_UNAUTHORIZED =
  /unauthori[sz]ed|unauthenticated|not[ _](?:authenticated|logged[ _]in|signed[ _]in|authori[sz]ed)|(?:invalid|expired) (?:\w+ )?(?:token|session|jwt)|authentication required|login required|signed out/i;

const UNAUTHORIZED_ERROR =
  /Unauthori[sz]ed|Unauthenticated|NotAuthenticated|NotLoggedIn|NotSignedIn|Authentication(?:Required)?(?:Error|Exception)/;

/**
 * What a branch does that tells its caller "nobody is signed in".
 *
 * @param tellsUser Whether what the function returns says who the caller is.
 */
function signedOut(branch: Node, isValue: boolean, tellsUser: boolean): string | undefined {
  if (isValue && isNothing(branch) && tellsUser) return "becomes null";
  for (const one of walk(branch, (each) => each === branch || !isFunction(each))) {
    if (one.type === "Literal" && (one.value === 401 || one.value === 403)) {
      return `is answered ${one.value}`;
    }
    if (SAYS_401.test(nameOf(one) ?? "")) return `is answered ${nameOf(one)}`;
    if (one.type === "Identifier" && isReference(one)) { // const UNAUTHORIZED = 401
      const value = valueOf(one);
      if (value?.type === "Literal" && value.value === 401) return "is answered 401";
    }
    if (one.type === "CallExpression") {
      if (authCall(one)?.method === "signOut") return "signs the user out";
      const path = memberPath(child(one, "callee"));
      const [owner, name = ""] = path.slice(-2).length === 2 ? path.slice(-2) : ["", path[0]];
      if (
        /^(?:redirect|permanentRedirect|navigateTo|navigate|goto|sendRedirect)$|^redirectTo?\w*(?:Sign|Log)_?[iI]n/
          .test(name)
      ) {
        return "leads to a redirect";
      }
      if (/^(?:push|replace)$/.test(name) && /router|navigation|history|location/i.test(owner!)) {
        return "leads to a redirect";
      }
      if (name === "assign" && owner === "location") return "leads to a redirect";
      if (name === "next" && leadsToSignIn(children(one, "arguments")[0])) {
        return "leads to a redirect";
      }
      if (/^(?:unauthorized|unauthorised)(?:Response|Error)?$/i.test(name)) {
        return "is answered 401";
      }
    }
    if (one.type === "AssignmentExpression") {
      if (/(?:^|\.)location(?:\.href)?$/.test(memberPath(child(one, "left")).join("."))) {
        return "leads to a redirect";
      }
    }
    if (one.type === "ThrowStatement") {
      const made = bare(child(one, "argument"));
      const name = memberPath(child(made, "callee")).at(-1) ?? "";
      if (UNAUTHORIZED_ERROR.test(name)) return `is thrown as ${name}`;
      if (/(?:HTTP|Http|Api|Auth)\w*(?:Exception|Error)$/.test(name)) {
        const said = children(made, "arguments").map(text).find((each) => each !== undefined);
        if (SAYS_UNAUTHORIZED.test(said ?? "")) return `is thrown as ${name}`;
      }
    }
    if (one.type !== "ReturnStatement") continue;
    const value = bare(child(one, "argument"));
    if (value !== undefined && isNothing(value) && tellsUser) return "becomes null";
    if (value?.type === "Literal" && value.value === false && tellsUser) return "becomes false";
    const user = property(value, "user") ?? property(value, "session") ?? property(value, "userId");
    if (user !== undefined && isNothing(user)) return "becomes no user";
    if (leadsToSignIn(value)) return "leads to a redirect"; // a guard of a router
    const told = refusalIn(value);
    if (told !== undefined) return told;
  }
  return undefined;
}

/** How constants and errors are named that mean 401: of tRPC, of enums. */
const SAYS_401 = /^(?:HTTP_|STATUS_|HttpStatus\.)?(?:401_)?UNAUTH(?:ORI[SZ]ED|ENTICATED)$/;

/** `"/login"`, `{ name: "sign-in" }`: where routers send a user. */
function leadsToSignIn(target: Node | undefined): boolean {
  const found = bare(target);
  const place = text(found) ?? text(property(found, "name")) ?? text(property(found, "path"));
  return place !== undefined && /(?:^|[/-])(?:log-?in|sign-?in)\b/i.test(place);
}

/** What an object that a function returns says of the caller: `{ ok: false, error: "…" }`. */
function refusalIn(result: Node | undefined): string | undefined {
  for (const name of ["error", "code", "reason", "message"]) {
    const value = bare(property(result, name));
    const made = memberPath(child(value, "callee")).at(-1) ?? "";
    if (value?.type === "NewExpression" && UNAUTHORIZED_ERROR.test(made)) return `becomes ${made}`;
    const said = text(value);
    if (said !== undefined && SAYS_UNAUTHORIZED.test(said)) return `becomes "${said}"`;
  }
  return undefined;
}

function throws(branch: Node): boolean {
  return [...walk(branch, (one) => one === branch || !isFunction(one))]
    .some((one) => one.type === "ThrowStatement");
}

/** The catch clause that takes what is thrown at a place, if it does not look at it. */
function catchAround(node: Node): Node | undefined {
  let inner: Node = node;
  for (let one = node.parent; one; inner = one, one = one.parent) {
    if (one.type === "TryStatement" && one.block === inner) {
      const handler = child(one, "handler");
      return handler && !judgesCaught(handler) ? child(handler, "body") : undefined;
    }
    if (isFunction(one)) return undefined;
  }
  return undefined;
}

/** Whether a catch clause asks what it caught, by its type, name, status or code. */
function judgesCaught(handler: Node): boolean {
  const param = child(handler, "param");
  const name = nameOf(param);
  if (param === undefined || name === undefined) return param !== undefined;
  return isJudgedIn(child(handler, "body")!, param);
}

/** Whether something that was caught is told apart within a block. */
function isJudgedIn(block: Node, caught: Node): boolean {
  return [...walk(block)].some((one) =>
    one !== caught && one.type === "Identifier" && one.name === caught.name && judges(one)
  );
}

/** Whether an error is told apart from others anywhere around. */
function isJudged(all: Bindings): boolean {
  for (const one of nodesWithin(all.scope)) {
    if (one.type !== "Identifier") continue;
    const origin = originOf(one);
    const of = origin && all.names.get(origin.node);
    if (of === undefined || one.parent === origin?.node) continue;
    const what = of(origin!.path);
    const viaMember = rootPath(one);
    const isError = what === "error" || of([...origin!.path, ...viaMember.slice(0, 1)]) === "error";
    if (isError && judges(one)) return true;
    if (viaMember[0] === "status" && isTested(one)) return true; // of a Response
  }
  return false;
}

function rootPath(identifier: Node): string[] {
  const path: string[] = [];
  for (let one = identifier; one.parent?.type === "MemberExpression"; one = one.parent) {
    if (one.parent.object !== one) break;
    path.push(nameOf(child(one.parent, "property")) ?? "()");
  }
  return path;
}

const TELLS = /^(?:status|code|name|__isAuthError|cause|constructor)$/;
const JUDGES =
  /^(?:is\w*|\w*(?:retryable|transient|outage|network)\w*|(?:to|map|handle|classify|judge|respond|convert|from|throw|assert)[A-Z_]\w*)$/i;

/** Whether one use of an error asks what kind of error it is. */
function judges(identifier: Node): boolean {
  const path = rootPath(identifier);
  if (path.some((name) => TELLS.test(name)) && isTested(identifier)) return true;
  if (path.includes("status") || path.includes("toResponse")) {
    return around(
      identifier,
      (one) => one.type === "Property" && nameOf(child(one, "key")) === "status",
    ) !== undefined;
  }
  let one: Node = identifier;
  while (one.parent?.type === "MemberExpression" && one.parent.object === one) one = one.parent;
  const { parent } = one;
  if (parent?.type === "BinaryExpression" && parent.operator === "instanceof") return true;
  if (parent?.type !== "CallExpression" && parent?.type !== "NewExpression") return false;
  if (!children(parent, "arguments").includes(one)) return false;
  return JUDGES.test(memberPath(child(parent, "callee")).at(-1) ?? "");
}

/** Whether a value is compared, switched over, or looked up. */
function isTested(identifier: Node): boolean {
  for (let one: Node = identifier; one.parent; one = one.parent) {
    const { parent } = one;
    if (parent.type === "BinaryExpression" || parent.type === "SwitchStatement") return true;
    if (parent.type === "CallExpression") {
      return /^(?:includes|has|test|some)$/.test(memberPath(child(parent, "callee")).at(-1) ?? "");
    }
    if (/Statement$|Function|Property$|Declarator$/.test(parent.type)) return false;
  }
  return false;
}

/** Whether a helper hands out what the call found. */
function returnsUser(helper: Node, call: Node): boolean {
  const all = bindingsOf(call);
  const body = child(helper, "body");
  if (body !== undefined && body.type !== "BlockStatement") return [...walk(body)].includes(call);
  return nodesWithin(helper).some((one) => {
    if (one.type !== "ReturnStatement") return false;
    const value = bare(child(one, "argument"));
    if (value === undefined) return false;
    if (value === bare(call) || meaningOf(value, all) === "user") return true;
    return value.type === "ObjectExpression" &&
      children(value, "properties").some((each) => meaningOf(child(each, "value"), all) === "user");
  });
}

/** Signing out because anything went wrong. */
export const signOutOnAnyError: Rule = {
  id: "sign-out-on-any-error",
  why:
    "The error is also there when Auth is down, slow, or limits the caller, and when the device is offline: an outage then signs everybody out, on every device where the scope is global.",
  fix:
    'Sign out only if `isAuthSessionMissingError(error)`, with `{ scope: "local" }`; behind edge-auth only when the answer\'s action is `sign_in`.',
  types: ["CallExpression"],
  look(node, surroundings) {
    const call = signsOut(node, surroundings);
    const cause = call && signOutCause(node, surroundings);
    return cause === undefined ? undefined : { severity: "warning", message: `${call} ${cause}.` };
  },
};

/** How a call signs out: itself, or by a function of the project that does. */
function signsOut(node: Node, surroundings: Surroundings): string | undefined {
  if (authCall(node)?.method === "signOut") return "auth.signOut()";
  const callee = child(node, "callee");
  const name = callee?.type === "Identifier" ? nameOf(callee)! : "";
  if (!/log_?out|sign_?out|log_?off|clear_?(?:auth|session)|force/i.test(name)) return undefined;
  const helper = follow(placeOf(callee!, surroundings));
  if (helper !== undefined && isFunction(helper.node)) {
    const body = nodesWithin(helper.node);
    return body.some((one) => authCall(one)?.method === "signOut") ? `${name}()` : undefined;
  }
  const origin = originOf(callee!); // const { signOut } = useAuth()
  const hook = memberPath(child(bare(origin?.init), "callee")).at(-1) ?? "";
  return origin?.path.length === 1 && /^use\w*(?:Auth|Session|User|Supabase)/.test(hook) &&
      /^(?:sign|log)_?out$/i.test(origin.path[0]!)
    ? `${name}()`
    : undefined;
}

function signOutCause(node: Node, surroundings: Surroundings): string | undefined {
  let inner: Node = node;
  for (let one = node.parent; one; inner = one, one = one.parent) {
    if (isFunction(one)) {
      const call = one.parent; // .catch(() => signOut())
      const [param] = children(one, "params");
      return call?.type === "CallExpression" && children(call, "arguments")[0] === one &&
          memberPath(child(call, "callee")).at(-1) === "catch" &&
          (param === undefined || (param.type === "Identifier" && !isJudgedIn(one, param)))
        ? "on whatever is thrown"
        : undefined;
    }
    if (one.type === "CatchClause") {
      const block = child(one.parent ?? undefined, "block");
      const own = block && [...walk(block)].some((each) => authCall(each)?.method === "signOut");
      const calls = block ? [...walk(block)] : [];
      // A session that was begun in the block is taken back.
      if (calls.some((each) => BEGINS.test(authCall(each)?.method ?? ""))) return undefined;
      const asks = calls.some((each) =>
        each.type === "AwaitExpression" || authCall(each) !== undefined
      );
      // The same sign-out once more, in another scope, is no reaction to an error.
      const isRetry = own && authCall(node)?.args.length !== 0;
      return asks && !isRetry && !judgesCaught(one) ? "on whatever is thrown" : undefined;
    }
    if (one.type === "IfStatement" && one.consequent === inner) {
      const test = child(one, "test");
      if (isNotOk(test, surroundings)) return "on any answer that is not ok";
      if (isInvokeError(test)) return "on any error of functions.invoke()";
      return isAuthError(test) ? "on any error of Supabase Auth" : undefined;
    }
    if (/^(?:If|Switch)Statement$|^ConditionalExpression$/.test(one.type)) return undefined;
  }
  return undefined;
}

function isNotOk(test: Node | undefined, surroundings: Surroundings): boolean {
  const found = bare(test);
  if (found?.type === "LogicalExpression" && found.operator === "||") {
    return isNotOk(child(found, "left"), surroundings) ||
      isNotOk(child(found, "right"), surroundings);
  }
  if (found?.type === "BinaryExpression") { // res.status !== 200, res.status >= 400
    const status = rootOf(child(found, "left"));
    const limit = bare(child(found, "right"))?.value;
    return status?.path.join() === "status" &&
      ((/^!==?$/.test(String(found.operator)) && limit === 200) ||
        (/^>=?$/.test(String(found.operator)) && Number(limit) >= 299 && Number(limit) <= 400));
  }
  if (found?.type !== "UnaryExpression" || found.operator !== "!") return false;
  const root = rootOf(child(found, "argument"));
  if (root?.path.join() !== "ok") return false;
  const value = follow(at({ node: root.node, ...surroundings } as Place, root.node));
  return value === undefined || value.node.type !== "ObjectExpression";
}

/** `error` of an awaited functions.invoke(), which is also there when the device is offline. */
function isInvokeError(test: Node | undefined): boolean {
  const found = bare(test);
  if (found?.type === "LogicalExpression" && found.operator === "||") {
    return isInvokeError(child(found, "left")) || isInvokeError(child(found, "right"));
  }
  return errorOf(found) === "functions";
}

/** Calls after which there is a session, or still none. */
const BEGINS = /^(?:signIn|signUp|verifyOtp|exchangeCode)/;

/** `error`, or `error || !user`, of an awaited call of Auth. */
function isAuthError(test: Node | undefined): boolean {
  const found = bare(test);
  if (found?.type === "LogicalExpression" && found.operator === "||") {
    return isAuthError(child(found, "left")) || isAuthError(child(found, "right"));
  }
  const value = found?.type === "UnaryExpression" && found.operator === "!"
    ? bare(child(found, "argument"))
    : found;
  const isNot = value !== found;
  const root = rootOf(value);
  const origin = root && originOf(root.node);
  const method = authCall(origin?.init)?.method;
  if (origin?.init === undefined || method === undefined || BEGINS.test(method)) return false;
  if (method === "getSession" && isNot) return false;
  const last = [...origin.path, ...root!.path].at(-1);
  return isNot ? last === "user" && !isErrorDecidedBefore(test!, origin.init) : last === "error";
}

/** Whether every error of a call has left its function before a test is made. */
function isErrorDecidedBefore(test: Node, call: Node): boolean {
  const all = bindingsOf(bare(call)!);
  return nodesWithin(all.scope).some((one) =>
    one.type === "IfStatement" && Number(one.end ?? 0) < Number(test.start ?? 0) &&
    asksForError(child(one, "test"), all) && exits(child(one, "consequent")!)
  );
}

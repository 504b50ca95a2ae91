/** Sign-outs that an outage causes. */

import { asksForError, bindingsOf, exits, nodesWithin, rootOf } from "../source/answer.ts";
import { authCall, errorOf } from "../source/auth_call.ts";
import { at, follow, type Place } from "../source/follow.ts";
import { isJudgedIn, judgesCaught } from "../source/judged.ts";
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
import { originOf } from "../source/scope.ts";

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
      // A session that was begun in the same function is taken back.
      const scope = around(one, isFunction);
      if ((scope ? nodesWithin(scope) : calls).some(isOfSignIn)) return undefined;
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
  const scope = around(found, isFunction);
  if (root?.path.join() !== "ok" || (scope && nodesWithin(scope).some(isOfSignIn))) return false;
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

/** Whether a node is of a sign-in: the call itself, or the token that its provider gave with it. */
function isOfSignIn(node: Node): boolean {
  return BEGINS.test(authCall(node)?.method ?? "") || nameOf(node) === "provider_token";
}

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

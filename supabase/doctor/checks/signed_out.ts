/** What tells a caller, or a page, that nobody is signed in. */

import { isNothing } from "../source/answer.ts";
import { authCall } from "../source/auth_call.ts";
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
} from "../source/node.ts";
import { valueOf } from "../source/scope.ts";

/** What {@linkcode signedOut} says of a branch that leads elsewhere. */
export const REDIRECTS = "leads to a redirect";

const SAYS_UNAUTHORIZED =
  /unauthori[sz]ed|unauthenticated|not[ _](?:authenticated|logged[ _]in|signed[ _]in|authori[sz]ed)|(?:invalid|expired) (?:\w+ )?(?:token|session|jwt)|authentication required|login required|signed out/i;

const UNAUTHORIZED_ERROR =
  /Unauthori[sz]ed|Unauthenticated|NotAuthenticated|NotLoggedIn|NotSignedIn|Authentication(?:Required)?(?:Error|Exception)/;

/**
 * What a branch does that tells its caller "nobody is signed in".
 *
 * @param tellsUser Whether what the function returns says who the caller is.
 */
export function signedOut(branch: Node, isValue: boolean, tellsUser: boolean): string | undefined {
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
        return REDIRECTS;
      }
      if (/^(?:push|replace)$/.test(name) && /router|navigation|history|location/i.test(owner!)) {
        return REDIRECTS;
      }
      if (name === "assign" && owner === "location") return REDIRECTS;
      if (name === "next" && leadsToSignIn(children(one, "arguments")[0])) {
        return REDIRECTS;
      }
      if (/^(?:unauthorized|unauthorised)(?:Response|Error)?$/i.test(name)) {
        return "is answered 401";
      }
    }
    if (one.type === "AssignmentExpression") {
      if (/(?:^|\.)location(?:\.href)?$/.test(memberPath(child(one, "left")).join("."))) {
        return REDIRECTS;
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
    if (leadsToSignIn(value)) return REDIRECTS; // a guard of a router
    const told = refusalIn(value);
    if (told !== undefined) return told;
  }
  return undefined;
}

/** How constants and errors are named that mean 401: of tRPC, of enums. */
const SAYS_401 = /^(?:HTTP_|STATUS_|HttpStatus\.)?(?:401_)?UNAUTH(?:ORI[SZ]ED|ENTICATED)$/;

/** Whether a branch names a place of signing in. */
export function namesSignIn(branch: Node): boolean {
  return [...walk(branch)].some((one) => /log-?in|sign-?in|auth/i.test(text(one) ?? ""));
}

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

/** What a page sees of a function: answers, preflights and allowed headers. */

import type { Check, Hit } from "../finding.ts";
import { ownText } from "../own_text.ts";
import { lineOf } from "../project/source_file.ts";
import { hasSpread } from "../source/client.ts";
import { at, follow, type Place } from "../source/follow.ts";
import {
  around,
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
} from "../source/node.ts";
import { originOf } from "../source/scope.ts";
import type { ReadFunction } from "../project/functions.ts";
import { member } from "../project/json_file.ts";
import { packageFolderOf } from "../project/packages.ts";
import { folderOf } from "../project/paths.ts";
import type { Workspace } from "../project/workspace.ts";

const ORIGIN = "access-control-allow-origin";
const HEADERS = "access-control-allow-headers";
/** What supabase-js sends from a page, each a header that a preflight asks for. */
const SENT = ["authorization", "apikey", "content-type", "x-client-info"];

/** One function, and all that was read. */
export type CorsInput = ReadFunction & { readonly modules: Workspace };

/** Names of functions that other servers call. */
const OF_MACHINES = /webhook|inbound|zapier|cron/i;

/** Whether pages call a function at all, as far as its CORS headers tell. */
function isForPages({ name, facts, reach }: CorsInput): boolean {
  const isForMachines = facts.check === "webhook_signature" || facts.check === "compares_secret" ||
    OF_MACHINES.test(name);
  return !isForMachines && facts.by !== "edge-auth" &&
    !reach.nodes.some(({ node }) => isOfRedirect(node)) &&
    !reach.foreign.some(({ from, imported }) =>
      (imported === "cors" && /hono/.test(from)) || /@supabase\/server/.test(from)
    ) && reach.nodes.some(({ node }) => keyOf(node) === ORIGIN && !isOfPreflight(node));
}

/** Whether a node belongs to the answer to OPTIONS alone: with no other answer readable, no page calls. */
function isOfPreflight(node: Node): boolean {
  const branch = around(node, (one) => one.type === "IfStatement");
  return branch !== undefined &&
    [...walk(child(branch, "test")!)].some((one) => text(one) === "OPTIONS");
}

/** `searchParams.get("code")`: the browser itself goes there, sent on by another service. */
function isOfRedirect(node: Node): boolean {
  const path = node.type === "CallExpression" ? memberPath(child(node, "callee")) : [];
  return path.at(-1) === "get" && /^(?:searchParams|params|query)$/.test(path.at(-2) ?? "") &&
    text(children(node, "arguments")[0]) === "code";
}

/** The name of a header that is written: a key of an object, or the first argument of `set`. */
function keyOf(node: Node): string | undefined {
  if (node.type === "Property") return nameOf(child(node, "key"))?.toLowerCase();
  if (node.type !== "CallExpression") return undefined;
  const method = memberPath(child(node, "callee")).at(-1);
  return method === "set" || method === "append" || method === "header"
    ? text(children(node, "arguments")[0])?.toLowerCase()
    : undefined;
}

/** Answers that a page cannot read. */
export const answersWithoutCors: Check<CorsInput> = {
  id: "cors-answer-without-headers",
  why:
    'The browser shows the page no answer without CORS headers, only a network error: a refusal looks like "offline", and code that signs out on 401 never sees it.',
  fix: "Send the CORS headers with every answer, refusals too; edgeFunction() does.",
  *look(one) {
    if (!isForPages(one)) return;
    // Headers that are set on a finished answer: which answers get them is not seen.
    if (
      one.reach.nodes.some(({ node }) => node.type === "CallExpression" && keyOf(node) === ORIGIN)
    ) {
      return;
    }
    const bare = one.reach.nodes.filter(({ node, file }) =>
      isBareAnswer({ node, file, modules: one.modules })
    ).map(({ node, file }) => ({ file: file.path, line: lineOf(node) }))
      .sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
    if (bare.length === 0) return;
    const lines = bare.filter(({ file }) => file === bare[0]!.file).map(({ line }) => line);
    const message = lines.length === 1
      ? "CORS headers are sent, and not with the answer here."
      : `CORS headers are sent, and not with the answers in lines ${lines.join(", ")}.`;
    yield { severity: "warning", ...bare[0]!, message, functions: [one.name] };
  },
};

/** Whether a node makes an answer that certainly has no CORS headers. */
function isBareAnswer(place: Place): boolean {
  const { node } = place;
  const isNew = node.type === "NewExpression" && nameOf(child(node, "callee")) === "Response";
  const isJson = node.type === "CallExpression" &&
    memberPath(child(node, "callee")).join(".") === "Response.json";
  if (!isNew && !isJson) return false;
  if (!isReturned(node) || isPage(node) || isOfOrigin(node)) return false;
  const options = children(node, "arguments")[1];
  if (options === undefined) return true;
  const value = follow(at(place, options));
  if (value?.node.type !== "ObjectExpression") return false;
  const status = bare(property(value.node, "status"));
  if (status?.type === "Literal" && Number(status.value) >= 300 && Number(status.value) < 400) {
    return false;
  }
  // A change of protocol; a method that no page uses.
  if (status?.type === "Literal" && (status.value === 101 || status.value === 405)) return false;
  if (hasSpread(value.node)) return false;
  const headers = property(value.node, "headers");
  return headers === undefined || lacksOrigin(at(value, headers), 0);
}

/** `if (!isOriginAllowed(req)) return …`: who is not allowed gets no headers, on purpose. */
function isOfOrigin(answer: Node): boolean {
  const branch = around(answer, (one) => one.type === "IfStatement" || isFunction(one));
  return branch?.type === "IfStatement" &&
    [...walk(child(branch, "test")!)].some((one) => /origin/i.test(nameOf(one) ?? ""));
}

/** Whether an answer is HTML, which a browser goes to: no script asks for it. */
function isPage(answer: Node): boolean {
  const [body, options] = children(answer, "arguments");
  const type = text(
    children(bare(property(options, "headers")), "properties").flatMap((one) =>
      nameOf(child(one, "key"))?.toLowerCase() === "content-type" ? child(one, "value") ?? [] : []
    )[0],
  );
  const quasi = bare(body)?.type === "TemplateLiteral" ? children(bare(body), "quasis")[0] : body;
  const start = String((quasi?.value as { cooked?: unknown } | undefined)?.cooked ?? text(quasi));
  return /^text\/html/.test(type ?? "") || /^\s*<(?:!doctype|html)/i.test(start);
}

/** Whether an answer is returned as it is; one that is kept or handed on may get its headers later. */
function isReturned(node: Node): boolean {
  let one: Node = node;
  while (one.parent && /^(?:Conditional|Logical|Await)Expression$/.test(one.parent.type)) {
    one = one.parent;
  }
  return one.parent?.type === "ReturnStatement" ||
    (one.parent?.type === "ArrowFunctionExpression" && one.parent.body === one);
}

function lacksOrigin(place: Place, depth: number): boolean {
  const found = follow(place);
  if (found?.node.type !== "ObjectExpression" || depth > 3) return false;
  return children(found.node, "properties").every((one) => {
    if (one.type !== "Property") return lacksOrigin(at(found, child(one, "argument")!), depth + 1);
    return one.computed !== true && nameOf(child(one, "key"))?.toLowerCase() !== ORIGIN;
  });
}

/** A preflight that runs into the handler. */
export const preflightUnanswered: Check<CorsInput> = {
  id: "cors-preflight-unanswered",
  why:
    "Before a call with an Authorization header the browser asks with OPTIONS, without a token and without a body. A handler that does not expect it fails or refuses, and the call is never sent.",
  fix:
    'Answer it first: `if (req.method === "OPTIONS") return new Response("ok", { headers: cors })`.',
  *look(one) {
    if (!isForPages(one)) return;
    const answers = one.reach.nodes.some(({ node }) =>
      (node.type === "Literal" && node.value === "OPTIONS") ||
      (node.type === "CallExpression" &&
        /^(?:options|cors|handleCors|handleOptions|preflight)\w*$/i
          .test(memberPath(child(node, "callee")).at(-1) ?? ""))
    );
    const works = one.reach.nodes.some(({ node }) => readsRequest(node));
    if (answers || !works || one.reach.missing.length > 0) return;
    const message = "CORS headers are sent, and nothing answers OPTIONS.";
    yield { severity: "warning", file: one.entry, line: 1, message, functions: [one.name] };
  },
};

/** Whether a call reads the body of the request, or asks who sent it. */
function readsRequest(node: Node): boolean {
  const callee = node.type === "CallExpression" ? bare(child(node, "callee")) : undefined;
  const path = memberPath(callee);
  if (/^(?:getUser|getClaims)$/.test(path.at(-1)!)) return true;
  if (callee?.type !== "MemberExpression" || !/^(?:json|text|formData)$/.test(path.at(-1)!)) {
    return false;
  }
  const owner = bare(child(callee, "object"));
  return path.at(-2) === "req" ||
    (owner?.type === "Identifier" && originOf(owner)?.kind === "parameter");
}

/** Headers that a page may not send. */
export const allowedHeaders: Check<CorsInput> = {
  id: "cors-allowed-headers",
  why:
    "supabase-js sends authorization, apikey, content-type and x-client-info. What `Access-Control-Allow-Headers` does not list, the browser does not let through, and the call ends as a network error. An asterisk does not cover authorization.",
  fix: "List them: `authorization, x-client-info, apikey, content-type`.",
  *look(one): Generator<Hit> {
    if (!isForPages(one)) return;
    for (const { node, file } of one.reach.nodes) {
      if (keyOf(node) !== HEADERS) continue;
      const value = node.type === "Property"
        ? child(node, "value")
        : children(node, "arguments")[1];
      const written = text(follow(value && { node: value, file, modules: one.modules })?.node);
      if (written === undefined) continue;
      const listed = written.toLowerCase().split(/\s*,\s*/).map((each) => each.trim());
      const lacking = SENT.filter((each) =>
        !listed.includes(each) && (each === "authorization" || !listed.includes("*"))
      );
      // Without a check of the caller, pages may call it without supabase-js.
      const mayBePlain = lacking.includes("authorization") && lacking.includes("apikey") &&
        one.verifyJwt === "off" && one.facts.check === "none";
      if (lacking.length === 0 || mayBePlain) continue;
      // What supabase-js sends of itself, as against what every caller has to send.
      const isOfLibrary = lacking.every((each) => each === "apikey" || each === "x-client-info");
      if (isOfLibrary && !isInvokedByPage(one)) continue;
      const message = `Access-Control-Allow-Headers lacks ${lacking.join(", ")}.`;
      yield {
        severity: "warning",
        file: file.path,
        line: lineOf(node),
        message,
        functions: [one.name],
      };
    }
  },
};

/** Whether a page is seen to call a function by supabase-js; where no page is seen at all, one may. */
function isInvokedByPage({ name, modules }: CorsInput): boolean {
  const { hasPages, names } = callsOfPages(modules);
  return !hasPages || names.has(name);
}

interface Calls {
  readonly hasPages: boolean;
  /** Functions that `invoke()` names. */
  readonly names: ReadonlySet<string>;
}

const calls = new WeakMap<Workspace, Calls>();

/** The functions that pages call by supabase-js; looked for once. An app of a phone asks no preflight. */
function callsOfPages(workspace: Workspace): Calls {
  let found = calls.get(workspace);
  if (found === undefined) {
    const { sources } = workspace;
    const pages = sources.paths.filter((path) => !/(?:^|\/)functions\//.test(path));
    const names = pages.flatMap((path) => {
      const matches = [
        ...(sources.text(path) ?? "").matchAll(/\binvoke\b[^(\n]*\(\s*["'`]([\w-]+)/g),
      ];
      return matches.length === 0 || isOfPhone(path, workspace)
        ? []
        : matches.map(([, name]) => ownText(name!));
    });
    calls.set(workspace, found = { hasPages: pages.length > 0, names: new Set(names) });
  }
  return found;
}

function isOfPhone(path: string, workspace: Workspace): boolean {
  const folder = packageFolderOf(path, workspace);
  const app = workspace.manifests.find((one) => folderOf(one.path) === folder);
  const packages = Object(member(app?.value, "dependencies"));
  return "react-native" in packages && !("react-native-web" in packages);
}

/** All of this file. */
export const corsChecks: readonly Check<CorsInput>[] = [
  answersWithoutCors,
  preflightUnanswered,
  allowedHeaders,
];

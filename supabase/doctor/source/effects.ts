/** What a function does that is worth protecting: read from the code that it runs. */

import { lineOf } from "../project/source_file.ts";
import { authCall } from "./auth_call.ts";
import { hasSecretKey, madeBy } from "./client.ts";
import type { Place } from "./follow.ts";
import { bare, child, children, memberPath, nameOf, type Node, text } from "./node.ts";
import type { Reached } from "./reach.ts";
import { originOf } from "./scope.ts";
import { isFromCaller } from "./secret.ts";

/** The power to go around row level security, and where a function takes it. */
export interface Power {
  readonly what: string;
  readonly file: string;
  readonly line: number;
}

/** What the code of a function was seen to do. */
export class Effects {
  readonly power: Power[] = [];
  hasEffects = false;
  writes = false;
  changesUsers = false;
  limitsCallers = false;
  spends: string | undefined;

  look(place: Place & Reached): void {
    const { node } = place;
    if (node.type === "CallExpression") this.#lookAtCall(place);
    else if (
      node.type === "MemberExpression"
        ? memberPath(node).at(-1) === "supabaseAdmin"
        : node.type === "Property" && node.parent?.type === "ObjectPattern" &&
          nameOf(child(node, "key")) === "supabaseAdmin"
    ) this.#hasPower("supabaseAdmin", place);
    else if (node.type === "Literal" && node.value === "SUPABASE_DB_URL") {
      this.#hasPower("a direct connection to the database", place);
    }
  }

  #lookAtCall(place: Place & Reached): void {
    const { node } = place;
    const client = madeBy(place);
    if (client !== undefined && hasSecretKey(client)) {
      this.#hasPower("a service_role or secret key", place);
    }
    this.#lookAtAdmin(place);
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
  }

  #lookAtAdmin(place: Place & Reached): void {
    const { method = "", args = [] } = authCall(place.node) ?? {};
    if (!method.startsWith("admin.")) return;
    this.#hasPower("auth.admin", place);
    this.writes = true;
    if (/^admin\.(?:updateUserById|deleteUser)$/.test(method)) {
      this.changesUsers ||= args[0] !== undefined && isFromCaller(args[0]);
    }
  }

  #hasPower(what: string, { node, file }: Reached): void {
    this.power.push({ what, file: file.path, line: lineOf(node) });
  }
}

/** Names of variables that hold the key of a service that is not Supabase. */
const KEY_OF_SERVICE =
  /^(?!SUPABASE_|SB_)(?!.*(?:ANON|PUBLI|WEBHOOK)).*(?:API_?KEY|AUTH_TOKEN|ACCESS_TOKEN|BOT_TOKEN|SECRET_KEY)$/;

/** Calls that reach beyond the function. */
const EFFECTS = /^(?:fetch|from|rpc|invoke|upload|send|query|create\w*Client|connect)$/;

const WRITES =
  /^(?:insert|update|upsert|delete|rpc|invoke|upload|remove|move|copy|query|execute|unsafe|send|fetch)$/;

const LIMITS = /rate_?limit/i;

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

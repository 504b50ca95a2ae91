/** The recorded answers of a real Supabase Auth 2.196, and what they are compared by. */

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import type { Stack } from "../../../supabase/local/stack.ts";

/** One recorded answer. */
export interface Recording {
  readonly id: string;
  readonly when: string;
  readonly request?: {
    readonly method: string;
    readonly path: string;
    readonly headers: Record<string, string>;
    readonly body?: unknown;
  };
  readonly response?: {
    readonly status: number;
    readonly headers: Record<string, string>;
    readonly body?: unknown;
  };
}

const file = new URL("../../recordings/auth-2.196.json", import.meta.url);
const { answers }: { answers: Recording[] } = JSON.parse(await Deno.readTextFile(file));

/** All recordings by id. */
export const recordings: ReadonlyMap<string, Recording> = new Map(
  answers.map((recording) => [recording.id, recording]),
);

/** What a recorded request cannot hold: its tokens, ids and addresses are of another database. */
export interface Replay {
  readonly token?: string;
  readonly path?: string;
  readonly body?: unknown;
}

/** The headers that an answer is compared by. */
const compared = [
  "content-type",
  "x-sb-error-code",
  "x-supabase-api-version",
  "allow",
  "cache-control",
  "vary",
  "x-content-type-options",
  "access-control-allow-credentials",
  "access-control-allow-headers",
  "access-control-allow-methods",
];

function requestOf(recording: Recording, replay: Replay, stack: Stack): Request {
  const { method, path, headers, body } = recording.request!;
  const filled = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      value.replaceAll("<token>", replay.token ?? "")
        .replace("<anon key>", stack.keys.anon)
        .replace("<service_role key>", stack.keys.serviceRole)
        .replace("sb_publishable_…", stack.keys.publishable),
    ]),
  );
  const sent = replay.body ?? body;
  return new Request(`${stack.url}/auth/v1${replay.path ?? path}`, {
    method,
    headers: filled,
    redirect: "manual",
    ...(sent === undefined ? {} : { body: typeof sent === "string" ? sent : JSON.stringify(sent) }),
  });
}

/** Where a redirect leads, without the values that differ from run to run. */
function place(location: string): unknown {
  const url = new URL(location);
  const fixed = (query: string) =>
    [...new URLSearchParams(query)].map(([name, value]) =>
      ["error", "error_code", "error_description", "type", "token_type", "sb"].includes(name)
        ? `${name}=${value}`
        : name
    ).sort();
  return [url.origin + url.pathname, fixed(url.search), fixed(url.hash.slice(1))];
}

function compareJson(real: Record<string, unknown>, own: Record<string, unknown>): void {
  assertEquals(Object.keys(own).sort(), Object.keys(real).sort());
  for (const name of ["code", "error_code", "weak_password", "token_type", "expires_in"]) {
    assertEquals(own[name], real[name]);
  }
  for (const name of ["msg", "message"]) assertStrictEquals(typeof own[name], typeof real[name]);
  if (real.user) {
    compareJson(real.user as Record<string, unknown>, own.user as Record<string, unknown>);
  }
}

/** Sends a recorded request again; fails where the answer differs from the recorded one. */
export async function replayOne(id: string, replay: Replay, stack: Stack): Promise<unknown> {
  const recording = recordings.get(id);
  assert(recording?.request && recording.response, `${id} is not a recorded answer`);
  const answer = await fetch(requestOf(recording, replay, stack));
  const text = await answer.text();
  const real = recording.response;
  assertStrictEquals(answer.status, real.status, `${id}: ${text}`);
  for (const name of compared) {
    assertStrictEquals(answer.headers.get(name) ?? undefined, real.headers[name], `${id}: ${name}`);
  }
  for (const name of Object.keys(real.headers).filter((name) => name.startsWith("sb-auth-"))) {
    // Only where a refresh token is handed out does lite say how it begins and whether it is reused.
    if (!name.includes("refresh-token")) assert(answer.headers.has(name), `${id}: ${name}`);
  }
  const location = real.headers.location;
  if (location) assertEquals(place(answer.headers.get("location")!), place(location), id);
  if (real.body === undefined || location) return answer.headers.get("location");
  if (typeof real.body === "string") {
    assertStrictEquals(text, real.body);
    return text;
  }
  const own = JSON.parse(text);
  compareJson(real.body as Record<string, unknown>, own);
  return own;
}

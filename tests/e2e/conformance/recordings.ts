/** The recorded answers of a real Supabase Auth 2.196, and the comparison with them. */

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

/** The token, path and body of a request, where the recorded ones are of another database. */
export interface RequestValues {
  readonly token?: string;
  readonly path?: string;
  readonly body?: unknown;
}

/** The headers that are compared. */
const COMPARED_HEADERS = [
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

function requestOf(recording: Recording, values: RequestValues, stack: Stack): Request {
  const { method, path, headers, body } = recording.request!;
  const filled = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      value.replaceAll("<token>", values.token ?? "")
        .replace("<anon key>", stack.keys.anon)
        .replace("<service_role key>", stack.keys.serviceRole)
        .replace("sb_publishable_…", stack.keys.publishable),
    ]),
  );
  const sent = values.body ?? body;
  return new Request(`${stack.url}/auth/v1${values.path ?? path}`, {
    method,
    headers: filled,
    redirect: "manual",
    ...(sent === undefined ? {} : { body: typeof sent === "string" ? sent : JSON.stringify(sent) }),
  });
}

/** Where a redirect leads, without the values that differ from run to run. */
function redirectTarget(location: string): unknown {
  const url = new URL(location);
  const fixed = (query: string) =>
    [...new URLSearchParams(query)].map(([name, value]) =>
      ["error", "error_code", "error_description", "type", "token_type", "sb"].includes(name)
        ? `${name}=${value}`
        : name
    ).sort();
  return [url.origin + url.pathname, fixed(url.search), fixed(url.hash.slice(1))];
}

function assertSameShape(real: Record<string, unknown>, own: Record<string, unknown>): void {
  assertEquals(Object.keys(own).sort(), Object.keys(real).sort());
  for (const name of ["code", "error_code", "weak_password", "token_type", "expires_in"]) {
    assertEquals(own[name], real[name]);
  }
  for (const name of ["msg", "message"]) assertStrictEquals(typeof own[name], typeof real[name]);
  if (real.user) {
    assertSameShape(real.user as Record<string, unknown>, own.user as Record<string, unknown>);
  }
}

/**
 * Sends a recorded request; fails where the answer differs from the recorded one.
 *
 * @returns The body of the answer, or where a redirect leads.
 */
export async function compareWithRecording(
  id: string,
  values: RequestValues,
  stack: Stack,
): Promise<unknown> {
  const recording = recordings.get(id);
  assert(recording?.request && recording.response, `${id} is not a recorded answer`);
  const answer = await fetch(requestOf(recording, values, stack));
  const text = await answer.text();
  const real = recording.response;
  assertStrictEquals(answer.status, real.status, `${id}: ${text}`);
  for (const name of COMPARED_HEADERS) {
    assertStrictEquals(answer.headers.get(name) ?? undefined, real.headers[name], `${id}: ${name}`);
  }
  for (const name of Object.keys(real.headers).filter((name) => name.startsWith("sb-auth-"))) {
    // Lite describes a refresh token in these headers only where it returns one.
    if (!name.includes("refresh-token")) assert(answer.headers.has(name), `${id}: ${name}`);
  }
  const location = real.headers.location;
  if (location) {
    assertEquals(redirectTarget(answer.headers.get("location")!), redirectTarget(location), id);
  }
  if (real.body === undefined || location) return answer.headers.get("location");
  if (typeof real.body === "string") {
    assertStrictEquals(text, real.body);
    return text;
  }
  const own = JSON.parse(text);
  assertSameShape(real.body as Record<string, unknown>, own);
  return own;
}

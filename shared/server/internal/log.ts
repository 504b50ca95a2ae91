const logged = new Set<string>();

/**
 * Logs a line for the operator once per isolate. The lines are ours and few: they name variables,
 * never values.
 */
export function logOnce(line: string): void {
  if (logged.has(line)) return;
  logged.add(line);
  console.error(`edge-auth: ${line}.`);
}

/** Where a frame of a stack points to; all else in a stack may be somebody's text. */
const LOCATION = /(?:file|https?|npm|node|ext):[^\s()]+:\d+:\d+(?=\)?$)/gm;
const MAX_FRAMES_COUNT = 5;

/**
 * Logs an error that a handler threw, under the request's id. It says where the error happened, not
 * what it said, because a message can hold a token or an address.
 */
export function logHandlerError(requestId: string, thrown: unknown): void {
  const type = thrown instanceof Error ? thrown.name : typeof thrown;
  const name = databaseError(thrown) ?? (/^[A-Za-z_$][\w$]{0,63}$/.test(type) ? type : "an error");
  const stack = thrown instanceof Error ? thrown.stack ?? "" : "";
  const frames = stack.match(LOCATION)?.slice(0, MAX_FRAMES_COUNT) ?? [];
  const line = `edge-auth: a handler failed with ${name} (request ${requestId})`;
  console.error([line, ...frames.map((frame) => `    at ${frame}`)].join("\n"));
}

/** PostgREST's code, or PostgreSQL's SQLSTATE: from a closed list, never somebody's text. */
function databaseError(thrown: unknown): string | undefined {
  if (typeof thrown !== "object" || thrown === null || !("code" in thrown)) return undefined;
  const code = String(thrown.code);
  return /^(?:PGRST\d{3}|[0-9A-Z]{5})$/.test(code) ? `database error ${code}` : undefined;
}

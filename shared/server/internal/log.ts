const said = new Set<string>();

/**
 * Tells the operator something once in the life of an isolate. Lines are ours and few: they name
 * variables, never values.
 */
export function tellOperator(line: string): void {
  if (said.has(line)) return;
  said.add(line);
  console.error(`edge-auth: ${line}.`);
}

/** Where a frame of a stack points to; everything else in a stack may be somebody's text. */
const LOCATION = /(?:file|https?|npm|node|ext):[^\s()]+:\d+:\d+(?=\)?$)/gm;

/**
 * Notes a crash of a handler under its request id. Where it happened is told; what it said is
 * not, because a message can hold a token or an address.
 */
export function tellDefect(requestId: string, thrown: unknown): void {
  const told = thrown instanceof Error ? thrown.name : typeof thrown;
  const name = databaseCode(thrown) ?? (/^[A-Za-z_$][\w$]{0,63}$/.test(told) ? told : "an error");
  const stack = thrown instanceof Error ? thrown.stack ?? "" : "";
  const places = stack.match(LOCATION)?.slice(0, 5) ?? [];
  const line = `edge-auth: a handler failed with ${name} (request ${requestId})`;
  console.error([line, ...places.map((place) => `    at ${place}`)].join("\n"));
}

/** PostgREST's code, or PostgreSQL's SQLSTATE: a name from a list, never somebody's text. */
function databaseCode(thrown: unknown): string | undefined {
  if (typeof thrown !== "object" || thrown === null || !("code" in thrown)) return undefined;
  const code = String(thrown.code);
  return /^(?:PGRST\d{3}|[0-9A-Z]{5})$/.test(code) ? `database error ${code}` : undefined;
}

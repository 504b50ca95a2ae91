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

/**
 * Notes a crash of a handler under its request id. Where it happened is told; what it said is
 * not, because a message can hold a token or an address.
 */
export function tellDefect(requestId: string, thrown: unknown): void {
  const stack = thrown instanceof Error ? thrown.stack ?? "" : "";
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line)).slice(0, 5);
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  console.error(
    [`edge-auth: a handler failed with ${name} (request ${requestId})`, ...frames].join("\n"),
  );
}

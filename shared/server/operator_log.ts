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
  const error = thrown instanceof Error ? thrown : new Error();
  // The stack begins with the message, which may itself look like frames.
  const head = (error.stack ?? "").lastIndexOf(error.message) + error.message.length;
  const frames = (error.stack ?? "").slice(head).split("\n").slice(1, 6);
  const told = thrown instanceof Error ? thrown.name : typeof thrown;
  const name = /^[A-Za-z_$][\w$]{0,63}$/.test(told) ? told : "an error";
  console.error(
    [`edge-auth: a handler failed with ${name} (request ${requestId})`, ...frames].join("\n"),
  );
}

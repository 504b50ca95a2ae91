/** Tokens that no function may accept, made of one that it accepts. */

/** The same claims, with a signature of nobody. */
export function resign(token: string): string {
  const [header, payload, signature = ""] = token.split(".");
  const [first = "A"] = signature;
  return `${header}.${payload}.${first === "A" ? "B" : "A"}${signature.slice(1)}`;
}

/** Other claims, with the signature of those before. */
export function withClaims(token: string, changes: Readonly<Record<string, unknown>>): string {
  const [header, payload = "", signature] = token.split(".");
  return `${header}.${encode({ ...decode(payload), ...changes })}.${signature}`;
}

/** The same claims, with the algorithm `none` (RFC 7519, section 6). */
export function withoutSignature(token: string): string {
  const [, payload] = token.split(".");
  return `${encode({ alg: "none", typ: "JWT" })}.${payload}.`;
}

function decode(part: string): Record<string, unknown> {
  const bytes = Uint8Array.from(
    atob(part.replaceAll("-", "+").replaceAll("_", "/")),
    (char) => char.charCodeAt(0),
  );
  return JSON.parse(new TextDecoder().decode(bytes));
}

function encode(value: unknown): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value))))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** What the subprotocol with the token begins with: Supabase's documentation of WebSockets has it so. */
const PREFIX = "jwt-";

/** No Authorization header that holds a token looks like this: it is refused as malformed. */
const MALFORMED = "Bearer";

/**
 * The Authorization header that a request stands for, where it may be a browser's WebSocket. Those
 * cannot have headers, so they send the token as a subprotocol: `new WebSocket(url, ["todos",
 * "jwt-<token>"])`.
 *
 * A token in both places, or two of them, is malformed: neither is chosen.
 *
 * @param headers The headers of the request.
 * @returns The header; `null` where the request has no credential.
 *
 * @see RFC 6455, section 4.1 and https://supabase.com/docs/guides/functions/websockets
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const headers = { Upgrade: "websocket", "Sec-WebSocket-Protocol": "todos, jwt-a.b.c" };
 * assertEquals(readWebSocketAuthorization(new Headers(headers)), "Bearer a.b.c");
 * ```
 */
export function readWebSocketAuthorization(headers: Headers): string | null {
  const authorization = headers.get("Authorization");
  // Elsewhere the header means nothing; and no page can add it to a fetch.
  if (headers.get("Upgrade")?.toLowerCase() !== "websocket") return authorization;
  const protocols = (headers.get("Sec-WebSocket-Protocol") ?? "").split(",");
  const tokens = protocols.map((protocol) => protocol.trim())
    .filter((protocol) => protocol.startsWith(PREFIX));
  if (tokens.length === 0) return authorization;
  if (authorization !== null || tokens.length > 1) return MALFORMED;
  return `Bearer ${tokens[0]!.slice(PREFIX.length)}`;
}

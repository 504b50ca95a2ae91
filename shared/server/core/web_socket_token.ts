/** How the subprotocol with the token begins, as in Supabase's guide to WebSockets. */
const PREFIX = "jwt-";

/** An Authorization header without a token, which is refused as malformed. */
const MALFORMED = "Bearer";

/**
 * The Authorization header of a request, or the header that the subprotocols of a WebSocket stand
 * for: a browser cannot set headers on a WebSocket, so it sends the token as a subprotocol: `new
 * WebSocket(url, ["todos", "jwt-<token>"])`.
 *
 * A token in both places, or two subprotocols with a token, are malformed: neither is chosen.
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
  // In other requests the subprotocols mean nothing; a page cannot send them with fetch anyway.
  if (headers.get("Upgrade")?.toLowerCase() !== "websocket") return authorization;
  const protocols = (headers.get("Sec-WebSocket-Protocol") ?? "").split(",");
  const tokens = protocols.map((protocol) => protocol.trim())
    .filter((protocol) => protocol.startsWith(PREFIX));
  if (tokens.length === 0) return authorization;
  if (authorization !== null || tokens.length > 1) return MALFORMED;
  return `Bearer ${tokens[0]!.slice(PREFIX.length)}`;
}

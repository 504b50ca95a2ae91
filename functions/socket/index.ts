// An echo over a WebSocket. The token comes as a subprotocol, because browsers send no headers with a
// WebSocket; it is checked before the socket opens, and again while it is open.
import { edgeFunction, ProblemError } from "../../shared/mod.ts";

const INTERVAL_MS = 5000;
const PROTOCOL = "echo";
/** "Unauthorized" in IANA's registry of WebSocket close codes. */
const UNAUTHORIZED = 3000;

const app = edgeFunction("socket", { auth: { webSocketToken: true } });

app.get("/", (c) => {
  // A page cannot read why a WebSocket was refused. It sends a plain GET, and gets the same refusal.
  if (c.req.header("Upgrade")?.toLowerCase() !== "websocket") return c.body(null, 204);
  const protocols = c.req.header("Sec-WebSocket-Protocol")?.split(",") ?? [];
  if (!protocols.some((protocol) => protocol.trim() === PROTOCOL)) {
    throw new ProblemError("validation_failed");
  }
  const { recheck } = c.var.auth;
  // Never the protocol with the token: the response repeats the chosen one.
  const { socket, response } = Deno.upgradeWebSocket(c.req.raw, { protocol: PROTOCOL });
  socket.onmessage = ({ data }) => socket.send(data);
  const closed = new Promise<void>((resolve) => {
    let timer: ReturnType<typeof setInterval>;
    socket.onopen = () => {
      timer = setInterval(async () => {
        const check = await recheck();
        if (check.outcome === "refused") socket.close(UNAUTHORIZED, check.problem.code);
      }, INTERVAL_MS);
    };
    socket.onclose = socket.onerror = () => {
      clearInterval(timer);
      resolve();
    };
  });
  // For the platform, the request is over: it would stop the worker before the socket closes.
  (globalThis as { EdgeRuntime?: EdgeRuntime }).EdgeRuntime?.waitUntil(closed);
  return response;
});

interface EdgeRuntime {
  waitUntil(promise: Promise<unknown>): void;
}

export default { fetch: app.fetch };

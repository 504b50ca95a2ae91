/**
 * WebSockets of functions. Only the stack's own server can upgrade a request, and a function runs in a
 * worker: so the function gets a socket that is one end of a MessagePort, and the stack connects the
 * other end to the WebSocket.
 *
 * @module
 */

type Data = string | ArrayBuffer | Blob;

/** From the function to the WebSocket. */
type FromFunction = { type: "send"; data: Data } | { type: "close"; code: number; reason: string };

/** From the WebSocket to the function. */
type ToFunction =
  | { type: "open" }
  | { type: "message"; data: Data }
  | { type: "error"; message: string }
  | { type: "close"; code: number; reason: string; wasClean: boolean };

/** What the host of a function needs to open a WebSocket. */
export interface Upgrade {
  /** The subprotocol that the function has chosen; `""` for none. */
  readonly protocol: string;
  /** The other end of the function's socket. */
  readonly port: MessagePort;
}

// In the worker --------------------------------------------------------------------------------

const upgrades = new WeakMap<Response, Upgrade>();

/** What a function has upgraded with this very Response, if anything. */
export function takeUpgrade(response: Response): Upgrade | undefined {
  const upgrade = upgrades.get(response);
  upgrades.delete(response);
  return upgrade;
}

/** `Deno.upgradeWebSocket` for a function in a worker, as strict as that of the edge runtime's Deno. */
export function upgradeWebSocket(
  request: Request,
  { protocol = "" }: Deno.UpgradeWebSocketOptions = {},
): Deno.WebSocketUpgrade {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    throw new TypeError("Invalid Header: 'upgrade' header must contain 'websocket'");
  }
  const offered = request.headers.get("sec-websocket-protocol")?.split(/\s*,\s*/) ?? [];
  if (protocol !== "" && !offered.includes(protocol)) {
    const list = "not in the request's protocol list (non negotiable)";
    throw new TypeError(`Protocol '${protocol}' ${list}`);
  }
  const { port1, port2 } = new MessageChannel();
  const socket = new PortSocket(port1, protocol);
  const response = Response.error(); // its headers cannot be changed
  Object.defineProperty(response, "status", { value: 101 });
  upgrades.set(response, { protocol, port: port2 });
  return { socket: socket as unknown as WebSocket, response };
}

const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];
const HANDLERS = ["open", "message", "error", "close"] as const;

/** The function's end of a WebSocket. */
class PortSocket extends EventTarget {
  readonly CONNECTING = CONNECTING;
  readonly OPEN = OPEN;
  readonly CLOSING = CLOSING;
  readonly CLOSED = CLOSED;
  readonly url = "";
  readonly extensions = "";
  readonly bufferedAmount = 0;
  readonly protocol: string;
  binaryType: BinaryType = "arraybuffer";
  readyState: number = CONNECTING;
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly #port: MessagePort;

  constructor(port: MessagePort, protocol: string) {
    super();
    this.protocol = protocol;
    this.#port = port;
    for (const type of HANDLERS) {
      this.addEventListener(type, (event) => {
        (this[`on${type}`] as ((event: Event) => void) | null)?.call(this, event);
      });
    }
    port.onmessage = ({ data }: MessageEvent<ToFunction>) => this.#receive(data);
  }

  send(data: string | Blob | ArrayBuffer | ArrayBufferView): void {
    if (this.readyState !== OPEN) {
      throw new DOMException("'readyState' not OPEN", "InvalidStateError");
    }
    const bytes = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice().buffer
      : data;
    this.#post({ type: "send", data: bytes as Data });
  }

  close(code = 1000, reason = ""): void {
    if (code !== 1000 && (code < 3000 || code > 4999) && !(code >= 1001 && code <= 1014)) {
      throw new DOMException(`The close code ${code} is not allowed`, "InvalidAccessError");
    }
    if (new TextEncoder().encode(reason).length > 123) {
      throw new DOMException("The close reason is longer than 123 bytes", "SyntaxError");
    }
    if (this.readyState >= CLOSING) return;
    this.readyState = CLOSING;
    this.#post({ type: "close", code, reason });
  }

  #post(message: FromFunction): void {
    this.#port.postMessage(message);
  }

  #receive(message: ToFunction): void {
    switch (message.type) {
      case "open":
        if (this.readyState === CONNECTING) this.readyState = OPEN;
        this.dispatchEvent(new Event("open"));
        break;
      case "message": {
        const { data } = message;
        const isBlob = this.binaryType === "blob" && typeof data !== "string";
        this.dispatchEvent(
          new MessageEvent("message", { data: isBlob ? new Blob([data]) : data }),
        );
        break;
      }
      case "error":
        this.dispatchEvent(new ErrorEvent("error", { message: message.message }));
        break;
      case "close":
        this.readyState = CLOSED;
        this.dispatchEvent(new CloseEvent("close", message));
        this.#port.close();
    }
  }
}

// At the host ----------------------------------------------------------------------------------

interface Accepting extends Upgrade {
  /** Aborted when the worker ends. */
  readonly ended: AbortSignal;
  onClose(): void;
}

const accepting = new WeakMap<Response, Accepting>();

/** "Service restart", in IANA's registry of WebSocket close codes. */
const RESTART = 1012;

/** An answer that {@linkcode acceptWebSocket} makes a WebSocket of; without a server, it is a 501. */
export function createUpgradeResponse(upgrade: Accepting): Response {
  const text = "Only the port of the stack can open a WebSocket.";
  const response = new Response(text, { status: 501 });
  accepting.set(response, upgrade);
  return response;
}

/**
 * Opens the WebSocket that a function has agreed to.
 *
 * @param request The request as the server received it.
 * @param response The answer to it.
 * @returns The server's own Response for the upgrade; any other answer as it is.
 */
export function acceptWebSocket(request: Request, response: Response): Response {
  const upgrade = accepting.get(response);
  if (upgrade === undefined) return response;
  const { protocol, port, ended, onClose } = upgrade;
  const options = protocol === "" ? {} : { protocol };
  const { socket, response: upgraded } = Deno.upgradeWebSocket(request, options);
  socket.binaryType = "arraybuffer";
  const post = (message: ToFunction) => port.postMessage(message);
  const end = () => {
    // A socket that has not opened yet would keep the port open.
    if (socket.readyState < CLOSING) socket.close(RESTART, "the function has ended");
  };
  const waiting: FromFunction[] = [];
  const obey = (message: FromFunction) => {
    if (message.type === "send") socket.send(message.data);
    else if (message.code === 1000 && message.reason === "") socket.close();
    else socket.close(message.code, message.reason);
  };
  port.onmessage = ({ data }: MessageEvent<FromFunction>) => {
    if (socket.readyState === CONNECTING) waiting.push(data);
    else if (socket.readyState === OPEN) obey(data);
  };
  socket.onopen = () => {
    post({ type: "open" });
    if (ended.aborted) end();
    for (const message of waiting.splice(0)) obey(message);
  };
  socket.onmessage = ({ data }) => post({ type: "message", data });
  socket.onerror = (event) => {
    post({ type: "error", message: event instanceof ErrorEvent ? event.message : "" });
  };
  socket.onclose = ({ code, reason, wasClean }) => {
    ended.removeEventListener("abort", end);
    post({ type: "close", code, reason, wasClean });
    port.close();
    onClose();
  };
  ended.addEventListener("abort", end);
  return upgraded;
}

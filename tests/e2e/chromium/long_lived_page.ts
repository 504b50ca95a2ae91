/** The page of long_lived_test.ts: a client set up as the README shows, with a stream and a socket. */
import { createClient } from "@supabase/supabase-js";
import { createRecovery, problemOf } from "../../../shared/browser/mod.ts";
import { readEvents } from "../../docs/cookbook/events.ts";
import { keepSocket } from "../../docs/cookbook/web_socket.ts";

const parameters = new URLSearchParams(location.search);
const url = parameters.get("url") ?? "";
const signedOut: string[] = [];
const events: string[] = [];
const messages: string[] = [];
const sockets: WebSocket[] = [];
const closes: string[] = [];
/** How a stream or a socket ended for good. */
const endings: string[] = [];

const recovery = createRecovery({ onSignedOut: ({ code }) => signedOut.push(code) });
const supabase = recovery.attach(
  createClient(url, parameters.get("key") ?? "", { global: { fetch: recovery.fetch } }),
);

const stop = new AbortController();

function note(kind: string, ended: Promise<void>): void {
  ended.then(() => "done", (error) => problemOf(error)?.code ?? String(error))
    .then((how) => endings.push(`${kind} ${how}`));
}

const app = {
  supabase,
  problemOf,
  signedOut,
  events,
  messages,
  sockets,
  closes,
  endings,
  read: () =>
    note("events", readEvents(supabase, "events", ({ data }) => events.push(data), stop.signal)),
  connect: () =>
    note(
      "socket",
      keepSocket(supabase, `${url}/functions/v1/socket`, "echo", (socket) => {
        sockets.push(socket);
        socket.addEventListener("message", ({ data }) => messages.push(data));
        socket.addEventListener("close", ({ code, reason }) => closes.push(`${code} ${reason}`));
      }, stop.signal),
    ),
  stop: () => stop.abort(),
};
/** What tests reach in the page. */
export type App = typeof app;
Object.assign(globalThis, { app });

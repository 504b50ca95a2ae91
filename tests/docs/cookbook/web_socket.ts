/// <reference lib="dom" />
import type { SupabaseClient } from "@supabase/supabase-js";
import { problemOf } from "../../../shared/browser/mod.ts";

/** Keeps a WebSocket to a function open until `signal` is aborted; `use` gets each one that opens. */
export async function keepSocket(
  supabase: SupabaseClient,
  url: string, // https://<ref>.supabase.co/functions/v1/socket
  protocol: string,
  use: (socket: WebSocket) => void,
  signal: AbortSignal,
): Promise<void> {
  const name = url.slice(url.lastIndexOf("/") + 1);
  for (let failures = 0; !signal.aborted; failures++) {
    // A page cannot read why a WebSocket was refused. It can read the answer to a request, and this
    // one recovers from what ended the last socket: refreshes, waits or signs out.
    const { error } = await supabase.functions.invoke(name, { method: "GET", signal });
    if (signal.aborted) return;
    if (error && problemOf(error)?.action !== "retry") throw error;
    const { data: { session } } = await supabase.auth.getSession();
    if (error === null && session !== null) {
      const protocols = [protocol, `jwt-${session.access_token}`];
      const socket = new WebSocket(url.replace(/^http/, "ws"), protocols);
      const close = () => socket.close();
      signal.addEventListener("abort", close);
      socket.addEventListener("open", () => {
        failures = 0;
        use(socket);
      });
      await new Promise((resolve) => socket.addEventListener("close", resolve));
      signal.removeEventListener("abort", close);
    }
    const ms = Math.random() * Math.min(1000 * 2 ** failures, 30_000);
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}

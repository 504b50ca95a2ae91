/// <reference lib="dom" />
import type { SupabaseClient } from "@supabase/supabase-js";
import { type EventSourceMessage, EventSourceParserStream } from "eventsource-parser/stream";
import { problemOf } from "../../../shared/browser/mod.ts";

/** Reads the events of a function until `signal` is aborted; connects again whenever they end. */
export async function readEvents(
  supabase: SupabaseClient,
  name: string,
  onEvent: (event: EventSourceMessage) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted; failures++) {
    // Whatever ended the last stream, this call recovers from it: refreshes, waits or signs out.
    const { data, error } = await supabase.functions.invoke(name, { method: "GET", signal });
    if (signal.aborted) return;
    if (error && problemOf(error)?.action !== "retry") throw error;
    try {
      const body: ReadableStream<BufferSource> | undefined = data?.body;
      const reader = body?.pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream()).getReader();
      for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
        if (read.value.event === "problem") break; // the function closes the stream
        failures = 0;
        onEvent(read.value);
      }
    } catch {
      // The connection broke.
    }
    const ms = Math.random() * Math.min(1000 * 2 ** failures, 30_000);
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}

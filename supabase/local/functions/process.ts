/**
 * Runs one function in a process of its own: `deno run process.ts`, with the import map of the
 * function. Its standard input begins with a line of JSON, {@linkcode Boot}; the process ends when
 * its standard input does.
 */

import { frame, type RequestEnvelope, type ResponseEnvelope, unframe } from "./envelope.ts";
import { type Handler, info, loadFunction, reasonOf } from "./runtime.ts";
import { createUpload } from "./upload.ts";

/** The first line of the standard input. */
export interface Boot {
  /** The URL of the entry file. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string>>;
  /** Stands before {@linkcode State} in the output, and in each request. */
  readonly key: string;
}

/** What the process prints once, behind the key. */
export type State = { readonly port: number } | { readonly failed: string };

/** A handler may throw a text of any length. */
const MAX_REASON_LENGTH = 100_000;

const { exit, serve, stdout } = Deno;

/** Resolves with the first line of the standard input; the end of the input ends the process. */
function readBoot(): Promise<Boot> {
  const line = Promise.withResolvers<Boot>();
  (async () => {
    let text = "";
    for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const end = text.indexOf("\n");
      if (end !== -1) line.resolve(JSON.parse(text.slice(0, end)));
    }
    exit(0);
  })();
  return line.promise;
}

function print(key: string, state: State): void {
  let bytes = new TextEncoder().encode(`${key}${JSON.stringify(state)}\n`);
  while (bytes.length > 0) bytes = bytes.subarray(stdout.writeSync(bytes));
}

function answerWith(
  envelope: ResponseEnvelope,
  body: ReadableStream<Uint8Array> | null = null,
): Response {
  return new Response(frame(envelope, body) as BodyInit);
}

async function answer(
  request: Request,
  completed: Promise<void>,
  handler: Handler,
  key: string,
): Promise<Response> {
  const message = request.body && await unframe<RequestEnvelope>(request.body);
  if (message?.envelope.key !== key) return new Response("Call the gateway.\n", { status: 403 });
  const { url, method, headers, hasBody } = message.envelope;
  // Not the signal of the server's request: that one aborts also after a complete answer.
  const gone = new AbortController();
  completed.catch(() => gone.abort());
  const upload = hasBody ? createUpload(message.body) : undefined;
  try {
    const inner = new Request(url, {
      method,
      headers: headers.map(([name, value]): [string, string] => [name, value]),
      body: upload?.stream ?? null,
      signal: gone.signal,
    });
    const response = await handler(inner, info);
    const isStreamed = inner.bodyUsed || inner.body?.locked || response.body === inner.body;
    // The server would close the connection instead, and the answer could get lost.
    if (upload && (upload.isCancelled() || !isStreamed)) await upload.drain();
    const { status, statusText, body } = response;
    const envelope = {
      status,
      statusText,
      headers: [...response.headers],
      hasBody: body !== null,
    };
    return answerWith(envelope, body);
  } catch (error) {
    return answerWith({ thrown: reasonOf(error).slice(0, MAX_REASON_LENGTH) });
  }
}

/** Ctrl-C goes to all processes of a terminal: the host ends this one, after its last answer. */
Deno.addSignalListener("SIGINT", () => {});

const { entry, env, key } = await readBoot();
try {
  const handler = await loadFunction(entry, env);
  serve(
    { hostname: "127.0.0.1", port: 0, onListen: ({ port }) => print(key, { port }) },
    (request, { completed }) => answer(request, completed, handler, key),
  );
} catch (error) {
  print(key, { failed: reasonOf(error) });
  exit(1);
}

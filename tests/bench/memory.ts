// What a function remembers of many users: the heap after they have all called once.
import type { AuthServer } from "./auth_server.ts";
import { connect, requestBytes } from "./http_client.ts";
import { startSubject, type SubjectName } from "./subjects.ts";

/** What many distinct living tokens left behind in one process. */
export interface MemoryUse {
  readonly subject: SubjectName;
  readonly tokens: number;
  /** Heap and external memory after a garbage collection, more than before: in MB (10^6 bytes). */
  readonly heap_mb: number;
  /** How many of the tokens it still knew: the last ones, as many as its bound lets in. */
  readonly remembered: number;
  /** Resident memory, more than before: what the collector had not given back is in it. */
  readonly rss_mb: number;
}

const CONNECTIONS = 16;
const BATCH = 4000;

/** Sends every token once, to a new process, on 16 connections. */
export async function measureMemory(
  auth: AuthServer,
  name: SubjectName,
  tokens: number,
): Promise<MemoryUse> {
  const subject = await startSubject(name, auth.env);
  const ports = Array.from({ length: CONNECTIONS }, () => subject.port);
  const connections = await Promise.all(ports.map(connect));
  const send = async (requests: readonly Uint8Array[]) => {
    const left = requests.toReversed();
    await Promise.all(connections.map(async (connection) => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) {
        const status = await connection.send(next);
        if (status !== 200) throw new Error(`${name} answered ${status} to a living token`);
      }
    }));
  };
  const mint = async (count: number) => (await auth.tokens("live", count)).map(requestBytes);
  // Compiled code and connections are not memory of users: one user is enough for both.
  const [one] = await mint(1);
  if (one !== undefined) await send(Array(200).fill(one));
  const before = await subject.usage(true);
  let last: Uint8Array[] = [];
  for (let sent = 0; sent < tokens; sent += BATCH) {
    last = await mint(Math.min(BATCH, tokens - sent));
    await send(last);
  }
  const after = await subject.usage(true);
  await auth.calls();
  await send(last.toReversed()); // the newest one first
  const { user } = await auth.calls();
  for (const connection of connections) connection.close();
  await subject.stop();
  return {
    subject: name,
    tokens,
    remembered: name === "bare_hono" ? 0 : last.length - user,
    heap_mb: (after.heap - before.heap) / 1e6,
    rss_mb: (after.rss - before.rss) / 1e6,
  };
}

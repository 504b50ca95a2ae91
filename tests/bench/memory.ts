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
  /** Resident memory, more than before: what the collector had not given back is in it. */
  readonly rss_mb: number;
}

const CONNECTIONS = 16;
const BATCH = 2000;

/** Sends every token once, to a new process, on 16 connections. */
export async function measureMemory(
  auth: AuthServer,
  name: SubjectName,
  tokens: number,
): Promise<MemoryUse> {
  const subject = await startSubject(name, auth.env);
  const ports = Array.from({ length: CONNECTIONS }, () => subject.port);
  const connections = await Promise.all(ports.map(connect));
  const send = async (count: number) => {
    const requests = (await auth.tokens("live", count)).map(requestBytes);
    await Promise.all(connections.map(async (connection) => {
      for (let next = requests.pop(); next !== undefined; next = requests.pop()) {
        const status = await connection.send(next);
        if (status !== 200) throw new Error(`${name} answered ${status} to a living token`);
      }
    }));
  };
  await send(Math.min(200, tokens)); // compiled code and connections are not memory of users
  const before = await subject.usage(true);
  for (let sent = 0; sent < tokens; sent += BATCH) await send(Math.min(BATCH, tokens - sent));
  const after = await subject.usage(true);
  for (const connection of connections) connection.close();
  await subject.stop();
  return {
    subject: name,
    tokens,
    heap_mb: (after.heap - before.heap) / 1e6,
    rss_mb: (after.rss - before.rss) / 1e6,
  };
}

// Users that come when they like: a request waits for nobody else's answer, as in the world.
import { connect, type Connection, requestBytes } from "../http_client.ts";
import { dice, zipf } from "../stats.ts";

/** Sends requests at random moments (Poisson), each to a random isolate. */
export interface Crowd {
  /** Sends for so many seconds. @returns How many requests were answered, and how many seconds it took. */
  send(seconds: number): Promise<{ readonly requests: number; readonly seconds: number }>;
  close(): void;
}

/**
 * Gathers the users.
 *
 * @param ports Where the isolates listen.
 * @param tokens One token a user; the first user comes most often (Zipf).
 * @param rate Requests a second.
 */
export function gather(ports: readonly number[], tokens: readonly string[], rate: number): Crowd {
  const random = dice(6);
  const user = zipf(tokens.length, random);
  const requests = tokens.map(requestBytes);
  const idle = new Map<number, Connection[]>(ports.map((port) => [port, []]));

  async function one(port: number, request: Uint8Array): Promise<void> {
    const connections = idle.get(port);
    const connection = connections?.pop() ?? await connect(port);
    const status = await connection.send(request);
    if (status !== 200) throw new Error(`an isolate answered ${status}`);
    connections?.push(connection);
  }

  return {
    async send(seconds) {
      const under_way: Promise<void>[] = [];
      const began = performance.now();
      let due = began;
      while (due < began + seconds * 1000) {
        due += -Math.log(1 - random()) * 1000 / rate;
        // A timer is good for a millisecond; what came due meanwhile goes out at once.
        const wait = due - performance.now();
        if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
        const port = ports[Math.floor(random() * ports.length)] ?? 0;
        under_way.push(one(port, requests[user()] ?? new Uint8Array()));
      }
      await Promise.all(under_way);
      return { requests: under_way.length, seconds: (performance.now() - began) / 1000 };
    },
    close() {
      for (const connections of idle.values()) for (const each of connections) each.close();
    },
  };
}

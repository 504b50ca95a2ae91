// Read off the global object: older Denos have neither the function nor its type.
const { setImmediate } = globalThis as { setImmediate?: (then: () => void) => unknown };

/**
 * Calls back in the next turn of the event loop, after all that has already arrived: by
 * `setImmediate` where that is the runtime's own, else by a message to ourselves. The edge runtime
 * has no such global, and what `node:timers` offers there is a timer of a millisecond.
 *
 * @param then Called once.
 */
export const nextTurn: (then: () => void) => unknown = setImmediate ?? byMessage;

/** The next turn by a message: 30 us under Deno 2.1.4. */
export function byMessage(then: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close(); // an open port keeps a process alive, and a test calls it a leak
    port2.close();
    then();
  };
  port2.postMessage(null);
}

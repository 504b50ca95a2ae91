/** A bounded queue of waiting calls: every operation takes the same time, however many wait. */
export interface Queue {
  readonly size: number;
  /** Waits for its turn; `false` if that took too long, or too many are waiting. */
  wait(label: string, waitMs: number): Promise<boolean>;
  /**
   * Ends the wait of who came last: under more load than can be served, first come, first served
   * lets everybody wait until their time is used up.
   */
  releaseNewest(): void;
  /** Ends the wait of all with this label. */
  releaseAll(label: string): void;
}

interface QueueEntry {
  readonly label: string;
  readonly leave: (isReleased: boolean) => void;
  older: QueueEntry | undefined;
  newer: QueueEntry | undefined;
}

/**
 * Builds an empty queue: a doubly linked list, because the newest goes next and anybody may leave.
 *
 * @param maxWaiting How many may wait.
 */
export function createQueue(maxWaiting: number): Queue {
  let newest: QueueEntry | undefined;
  let size = 0;

  function remove(waiter: QueueEntry): void {
    if (waiter.older !== undefined) waiter.older.newer = waiter.newer;
    if (waiter.newer !== undefined) waiter.newer.older = waiter.older;
    else newest = waiter.older;
    size--;
  }

  return {
    get size() {
      return size;
    },
    wait(label, waitMs) {
      if (size >= maxWaiting) return Promise.resolve(false);
      return new Promise((resolve) => {
        const timer = setTimeout(() => waiter.leave(false), waitMs);
        const waiter: QueueEntry = {
          label,
          older: newest,
          newer: undefined,
          leave(isReleased) {
            clearTimeout(timer);
            remove(waiter);
            resolve(isReleased);
          },
        };
        if (newest !== undefined) newest.newer = waiter;
        newest = waiter;
        size++;
      });
    },
    releaseNewest: () => newest?.leave(true),
    releaseAll(label) {
      for (let waiter = newest; waiter !== undefined;) {
        const { older } = waiter;
        if (waiter.label === label) waiter.leave(true);
        waiter = older;
      }
    },
  };
}

/** One call: sends it, looks at what came back, takes the next step, until there is none. @module */
import type { Client } from "./client.ts";
import { outgoing } from "./outgoing.ts";
import type { CallOptions } from "./options.ts";
import { withProblem } from "./problem_of.ts";
import { type Call, recover } from "./recover.ts";
import { callerOf, send } from "./send.ts";
import type { Shared } from "./shared.ts";
import { tokenFacts } from "./token.ts";

/**
 * Makes the recovering fetch of one client.
 *
 * @param client The client.
 * @param shared What its calls share.
 * @param options What the application does about it.
 * @returns fetch, for the project's own origin.
 */
export function createCall(client: Client, shared: Shared, options: CallOptions): typeof fetch {
  return async function recoveringFetch(input, init) {
    let [caller, request] = await callerOf(client, await outgoing(input, init, client.base));
    const call: Call = {
      client,
      shared,
      options,
      progress: {
        token: null,
        refreshed: false,
        steppedUp: false,
        reauthenticated: 0,
        waits: 0,
        waited: 0,
      },
    };
    for (;;) {
      const sent = await send(client, request, caller, options.timeout);
      if (sent.kind === "done") return sent.response;
      const { token } = sent;
      if (token !== null) caller = { ...caller, user: caller.user ?? tokenFacts(token).user };
      const next = await recover(call, sent, request);
      if (next.kind === "end") {
        const { problem } = next;
        const end = sent.end(problem);
        return withProblem(end, problem);
      }
      request = next.request;
    }
  };
}

import type { Hit, Kind } from "../finding.ts";
import type { Node } from "./node.ts";
import type { Runtime } from "./runtime.ts";

/** What a rule says about one node. */
export type Remark = Pick<Hit, "severity" | "message" | "fix" | "why">;

/** A check of one node, which the doctor and `deno lint` both run. */
export interface Rule extends Kind {
  /** The types of node it looks at. */
  readonly types: readonly string[];
  /**
   * @param node A node of one of the types.
   * @param runtime Where its file runs.
   */
  look(node: Node, runtime: Runtime): Remark | undefined;
}

import type { Modules } from "../project/modules.ts";
import type { SourceFile } from "../project/source_file.ts";
import type { Hit, Kind } from "../finding.ts";
import type { Place } from "./follow.ts";
import type { Node } from "./node.ts";
import type { Runtime } from "./runtime.ts";

/** What a rule says about one node. */
export type Remark = Pick<Hit, "severity" | "message" | "fix" | "why">;

/** Where a node stands. The linter knows the runtime alone: there, nothing is followed. */
export interface Surroundings {
  readonly runtime: Runtime;
  readonly file?: SourceFile | undefined;
  readonly modules?: Modules | undefined;
  /** What is known of the asymmetric keys that the project of the file signs with. */
  readonly signing?: SigningFacts | undefined;
}

/** Where it is seen that a project has asymmetric signing keys. */
export interface SigningFacts {
  /** The file that names them, or holds them. */
  readonly where: string;
  /** Whether a key was seen to be asymmetric, not only named. */
  readonly isSeen: boolean;
}

/** A check of one node, which the doctor and `deno lint` both run. */
export interface Rule extends Kind {
  /** The types of node it looks at. */
  readonly types: readonly string[];
  /** Looks at a node of one of the types. */
  look(node: Node, surroundings: Surroundings): Remark | undefined;
}

/** A node as something that can be followed. */
export function placeOf(node: Node, { file, modules }: Surroundings): Place {
  return { node, file, modules };
}

/** What looks at every source file once. */

import type { Hit, Kind } from "../finding.ts";
import type { SourceFile } from "../project/source_file.ts";
import type { Workspace } from "../project/workspace.ts";

/** A check over all source: it sees each file once, and may conclude at the end. */
export interface SourceCheck extends Kind {
  start(workspace: Workspace): Scan;
}

/** One run of such a check. */
export interface Scan {
  visit(file: SourceFile): Iterable<Hit> | void;
  conclude?(): Iterable<Hit>;
}

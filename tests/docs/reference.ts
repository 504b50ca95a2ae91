/**
 * The error reference, generated from the table: one heading per code, so that `README.md#code` leads there.
 *
 * Run as a script it writes shared/problems/README.md; with `--check` it only says whether that
 * page is the one this table makes.
 *
 * @module
 */
import { CHECKS } from "./developer_checks.ts";
import { problem } from "../../shared/problems/problem.ts";
import {
  type Action,
  ACTIONS,
  type Outcome,
  outcomeOf,
  type ProblemCode,
  PROBLEMS,
} from "../../shared/problems/table.ts";

/** What each action asks of the client. */
export const STEPS: Readonly<Record<Action, string>> = {
  sign_in:
    "Show the sign-in page. Remove the session on this device once Auth confirms that it has ended.",
  refresh: "Refresh the session once and send the request again. Keep the session if that fails.",
  reauthenticate:
    "Ask for the mailed code or the current password, and send the request again with it.",
  step_up: "Have the user confirm a second factor or sign in again, then send the request again.",
  retry: "Wait `retry_after` seconds, then send the request again if it is safe to run it twice.",
  restart_flow: "Discard the used link, code or attempt, and start again.",
  fix_request: "Show `message` and `issues` beside the input. The same request will fail again.",
  contact_support: "Show `message` with `request_id`. Neither the user nor the client can fix it.",
  none: "Show `message`. There is nothing to do.",
};

const EXAMPLE = { request_id: "1b7c9a52-0d5e-4c53-9d2f-3f0a7f1c8e11", replay: true };

const INTRO = `# Error reference

\`deno task docs\` writes this page from [table.ts](table.ts). Do not edit it by hand.

Every failure has this body:

\`\`\`json
${JSON.stringify(problem("session_not_found", "credential", EXAMPLE), null, 2)}
\`\`\`
`;

const MEMBERS = [
  "`code` is stable and is a heading below. `message` is for the end user and may change.",
  "`action` is the client's next step: see the table below.",
  "`replay: true` means that the handler did not run, so the same request can be sent again.",
  "`retry_after` (seconds) comes with every `retry`, `required_aal` or `max_age` (seconds) with " +
  "`step_up`, and `issues` with an invalid body or a weak password.",
  "Status, action and challenge depend on the code and its source: **credential** is the check " +
  "of the caller's own token and the guards, **handler** is everything after it. Only a " +
  "credential leads to `sign_in`, `refresh`, `step_up` or a `WWW-Authenticate` header.",
  "A code that is not listed is one of the application's own, declared with " +
  "[`defineProblems()`](define_problems.ts), or comes from a newer version of Auth. A client goes " +
  "by its action and its status.",
  `For a code that only a newer Auth has, the check of a credential answers ${
    brief(outcomeOf("", "credential"))
  }, a handler ${brief(outcomeOf("", "handler"))}. Where a heading below has no credential, GET ` +
  "/user is not known to return that code; if it did, the check would answer in the same way.",
];

/**
 * Generates the whole reference.
 *
 * @returns Markdown as `deno fmt` leaves it.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 *
 * assertStringIncludes(render(), "## session_not_found");
 * ```
 */
export function render(): string {
  const codes = Object.keys(PROBLEMS) as ProblemCode[];
  const actions = table(
    ["action", "what the client does"],
    ACTIONS.map((action) => [
      `\`${action}\``,
      STEPS[action],
    ]),
  );
  return [INTRO, list(MEMBERS), `${actions}\n`, ...codes.map(section)].join("\n");
}

function section(code: ProblemCode): string {
  const handler = outcomeOf(code, "handler");
  // A code without an entry for the check is treated like an unknown code.
  const credential = PROBLEMS[code].length > 3 ? outcomeOf(code, "credential") : undefined;
  const happened = credential && credential.message !== handler.message
    ? `${credential.message} From a handler: ${handler.message}`
    : handler.message;
  const steps = credential && credential.action !== handler.action
    ? `${STEPS[credential.action]} From a handler: ${STEPS[handler.action]}`
    : STEPS[handler.action];
  return `## ${code}

${credential ? `credential ${brief(credential)}, ` : ""}handler ${brief(handler)}

${
    list([
      `**What happened:** ${happened}`,
      `**The client:** ${steps}`,
      `**The developer:** ${CHECKS[code]}`,
    ])
  }`;
}

/** Bullets, wrapped where `deno fmt` wraps them: at 100 columns, never inside a code span. */
function list(items: readonly string[]): string {
  return items.map((item) => {
    const lines = ["-"];
    for (const [word] of item.matchAll(/(?:`[^`]*`|[^\s`])+/g)) {
      if (lines.at(-1)!.length + 1 + word.length > 100) lines.push(" ");
      lines.push(`${lines.pop()} ${word}`);
    }
    return lines.join("\n") + "\n";
  }).join("");
}

function brief({ status, action, challenge }: Outcome): string {
  return `${status} \`${action}\`${challenge ? ` (challenge \`${challenge}\`)` : ""}`;
}

/** A Markdown table, padded as `deno fmt` pads it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]!.length)));
  const line = (cells: readonly string[], fill = " ") =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!, fill)).join(" | ")} |`;
  return [line(head), line(head.map(() => ""), "-"), ...rows.map((row) => line(row))].join("\n");
}

if (import.meta.main) {
  const file = new URL("../../shared/problems/README.md", import.meta.url);
  if (!Deno.args.includes("--check")) {
    await Deno.writeTextFile(file, render());
  } else if (await Deno.readTextFile(file).catch(() => "") !== render()) {
    console.error("shared/problems/README.md is out of date: run `deno task docs`.");
    Deno.exit(1);
  }
}

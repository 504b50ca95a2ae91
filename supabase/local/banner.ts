/** The output of `deno task dev`: the addresses, curl lines to paste, and each mail. */

import { cronKey } from "./keys.ts";
import type { Mail } from "./mail/outbox.ts";
import type { MigrationReport } from "./migrations.ts";
import type { RunningStack } from "./stack.ts";

/** How many columns a line of a list has; longer ones are cut. */
const MAX_COLUMNS = 96;

function cut(line: string): string {
  return line.length > MAX_COLUMNS ? `${line.slice(0, MAX_COLUMNS - 1)}…` : line;
}

/** A line of the list of addresses, and more lines below it. */
function entry(name: string, ...lines: string[]): string[] {
  return lines.map((line, i) => cut(`  ${(i === 0 ? name : "").padEnd(13)}${line}`));
}

/** What of the project's SQL did not run, one line per statement; it goes above the banner. */
export function skippedLines({ skipped }: MigrationReport): string[] {
  return skipped.map(({ file, statement, reason }) =>
    `did not run: ${file}: ${statement} (${reason})`
  );
}

function migrationLines({ applied, skipped, grants }: MigrationReport): string[] {
  if (applied.length + skipped.length === 0) return [];
  const files = `${applied.length} ${applied.length === 1 ? "file" : "files"} applied`;
  const statements = skipped.length === 1 ? "1 statement" : `${skipped.length} statements`;
  return entry(
    "SQL",
    skipped.length === 0 ? files : `${files}, ${statements} did not run, see above`,
    ...(grants === 0
      ? []
      : ["without GRANT and REVOKE: SQLite has no roles (--engine pglite has)"]),
  );
}

/**
 * Lines for a terminal with curl and sed: sign up, call a function, and, where it is one that checks
 * sessions, sign out and call it again.
 *
 * The address is new in every terminal, so that the lines can be pasted twice.
 */
export function curlLines(
  url: string,
  publishable: string,
  name: string,
  signsOut: boolean,
): string[] {
  const call = `curl -s $API/functions/v1/${name} -H "Authorization: Bearer $TOKEN"; echo`;
  return [
    `API=${url} KEY=${publishable}`,
    `TOKEN=$(curl -s $API/auth/v1/signup -H "apikey: $KEY" -H 'Content-Type: application/json' \\`,
    `  -d "{\\"email\\":\\"me-$(date +%s)@example.com\\",\\"password\\":\\"correct-horse\\"}" |`,
    `  sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    call,
    ...(signsOut
      ? [
        `curl -s -X POST $API/auth/v1/logout -H "apikey: $KEY" -H "Authorization: Bearer $TOKEN"`,
        call,
      ]
      : []),
  ];
}

/** What to do next, for a stack with functions. */
function nextLines({ url, keys }: RunningStack, names: readonly string[]): string[] {
  const name = names.includes("me") ? "me" : names[0];
  if (name === undefined) return [];
  // `me` is the first function that `deno task adopt` writes.
  const isGuarded = name === "me";
  return [
    ``,
    isGuarded
      ? `Next, open the page, or paste: sign up, call me (200), sign out, call it again (401)`
      : `Next, paste: sign up, and call ${name} as the new user`,
    ...curlLines(url, keys.publishable, name, isGuarded),
  ];
}

/** The text that is printed once the stack runs: at most 24 lines, one screen. */
export async function banner(stack: RunningStack): Promise<string> {
  const { url, keys, mailUrl, migrations, notEmulated } = stack;
  const names = await stack.functions();
  return [
    ``,
    `Local stack, ${stack.name}: ${url}`,
    ``,
    ...entry("page", `${url}/`),
    ...entry("mails", mailUrl ?? "none"),
    ...entry(
      "functions",
      `${url}/functions/v1/<name>`,
      names.length > 0 ? names.join(", ") : "none yet: supabase/functions/<name>/index.ts",
    ),
    ...entry("publishable", keys.publishable),
    ...entry("secret", `${keys.secret} (legacy keys: --keys)`),
    ...entry("secret:cron", cronKey),
    ...migrationLines(migrations),
    ...(notEmulated.length > 0 ? entry("ignored", notEmulated.join(", ")) : []),
    ...nextLines(stack, names),
    ``,
    `Ctrl-C ends the stack. Its data is only in memory.`,
    ``,
  ].join("\n");
}

/** The text that is printed for a mail. */
export function mailLines(mail: Mail): string {
  const lines = [`mail to ${mail.to}: ${mail.subject}`];
  if (mail.code) lines.push(`  code ${mail.code}`);
  if (mail.link) lines.push(`  link ${mail.link}`);
  return lines.join("\n");
}

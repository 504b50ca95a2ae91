/** The output of `deno task dev`: the addresses, curl lines to paste, and each mail. */

import { cronKey } from "./keys.ts";
import type { Mail } from "./mail/outbox.ts";
import type { MigrationReport } from "./migrations.ts";
import type { RunningStack } from "./stack.ts";

/** How many columns a line of a list has; longer ones go on in the next line. */
const MAX_COLUMNS = 96;

/** The column where what belongs to a name begins. */
const VALUE_COLUMN = 15;

/** The words of a text in lines of at most so many columns; a longer word has a line of its own. */
function wrap(text: string, columns: number): string[] {
  const [first = "", ...words] = text.split(" ");
  const lines: string[] = [];
  let line = first;
  for (const word of words) {
    if (line.length + 1 + word.length <= columns) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

/** A line of the list of addresses, and more lines below it. */
function entry(name: string, ...texts: string[]): string[] {
  const lines = texts.flatMap((text) => wrap(text, MAX_COLUMNS - VALUE_COLUMN));
  return lines.map((line, i) => `  ${i === 0 ? name : ""}`.padEnd(VALUE_COLUMN) + line);
}

/** The settings of config.toml that are on and that the stack does not have. */
function notEmulatedLines(settings: readonly string[]): string[] {
  if (settings.length === 0) return [];
  return entry("config.toml", `not in this stack: ${settings.join(", ")}`);
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
  const outcome = skipped.length === 0 ? files : `${files}, ${statements} did not run, see above`;
  const left = "without GRANT and REVOKE: SQLite has no roles (--engine pglite)";
  return entry("SQL", grants === 0 ? outcome : `${outcome}, ${left}`);
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

/** The text that is printed once the stack runs: for this repository at most 24 lines, one screen. */
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
    ...notEmulatedLines(notEmulated),
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

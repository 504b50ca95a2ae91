/** The output of `deno task dev`: the addresses, curl lines to paste, and each mail. */

import { cronKey } from "./keys.ts";
import type { Mail } from "./mail/outbox.ts";
import type { MigrationReport } from "./migrations.ts";
import type { RunningStack } from "./stack.ts";

function migrationLines({ applied, skipped }: MigrationReport): string[] {
  return [
    ...applied.map((file) => `  applied  ${file}`),
    ...skipped.map(({ file, statement, reason }) =>
      `  skipped  ${file}: ${statement}\n           ${reason}`
    ),
  ];
}

/**
 * Lines for a terminal with curl and sed: sign up, call a function, sign out, call it again.
 *
 * The address is new in every terminal, so that the lines can be pasted twice.
 */
export function curlLines(url: string, publishable: string, name: string): string[] {
  return [
    `TOKEN=$(curl -s ${url}/auth/v1/signup -H 'apikey: ${publishable}' \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d "{\\"email\\":\\"me-$(date +%s)@example.com\\",\\"password\\":\\"correct-horse\\"}" \\`,
    `  | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    `curl -s ${url}/functions/v1/${name} -H "Authorization: Bearer $TOKEN"; echo`,
    `curl -s -X POST ${url}/auth/v1/logout -H 'apikey: ${publishable}' ` +
    `-H "Authorization: Bearer $TOKEN"`,
    `curl -s ${url}/functions/v1/${name} -H "Authorization: Bearer $TOKEN"; echo`,
  ];
}

/** The text that is printed once the stack runs. */
export async function banner(stack: RunningStack): Promise<string> {
  const { url, keys } = stack;
  const names = await stack.functions();
  const name = names.includes("me") ? "me" : names[0];
  return [
    ``,
    `${stack.name}: ${url}`,
    ``,
    `Open ${url}/ and see what an ended session looks like, or paste the lines below.`,
    ``,
    `publishable   ${keys.publishable}`,
    `secret        ${keys.secret}`,
    `secret:cron   ${cronKey}`,
    `anon          ${keys.anon}`,
    `service_role  ${keys.serviceRole}`,
    `mail          ${stack.mailUrl}`,
    ``,
    `functions`,
    ...(names.length > 0 ? names.map((one) => `  ${url}/functions/v1/${one}`) : ["  none yet"]),
    ``,
    `migrations`,
    ...migrationLines(stack.migrations),
    ...(name === undefined ? [] : [
      ``,
      `Try it: sign up, call ${name} (200), sign out, call again (401 session_not_found)`,
      ``,
      ...curlLines(url, keys.publishable, name),
    ]),
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

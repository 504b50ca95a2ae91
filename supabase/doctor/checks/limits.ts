/** supabase/config.toml and the source: limits, mails, passwords. */

import type { Check, Hit } from "../finding.ts";
import type { ConfigFile } from "../project/config_file.ts";
import { lineOf } from "../project/source_file.ts";
import { authCall, authCalls } from "../source/auth_call.ts";
import { property, text } from "../source/node.ts";
import { at, isForHosted, type ProjectInput } from "./config.ts";
import type { SourceCheck } from "./scan.ts";

/** supabase-js 2 refreshes so many seconds before `exp`. */
const MARGIN = 90;
/** What the CLI's config.toml has, per address and five minutes. */
const USUAL = { token_refresh: 150, sign_in_sign_ups: 30, token_verifications: 30 };

/** Fewer refreshes than the sessions behind one address need. */
export const refreshLimit: Check<ProjectInput> = {
  id: "refresh-rate-limit",
  why:
    "A refresh that is limited answers 429. Clients that take any failed refresh for the end of the session sign the user out, and an office, a school or a server has one address for all.",
  fix:
    "Raise `[auth.rate_limit] token_refresh`, or raise jwt_expiry. Say how many sessions are alive behind one address with `--sessions N` to have it computed.",
  *look({ configs, sessions }) {
    for (const config of configs) yield* limitOf(config, sessions);
  },
};

function* limitOf(config: ConfigFile, sessions: number | undefined): Generator<Hit> {
  const path = ["auth", "rate_limit", "token_refresh"];
  const limit = config.get(...path) ?? USUAL.token_refresh;
  const expiry = config.get("auth", "jwt_expiry") ?? 3600;
  if (typeof limit !== "number" || typeof expiry !== "number") return;
  const each = 300 / Math.max(expiry - MARGIN, 30);
  const needed = Math.ceil(each * (sessions ?? 1));
  if (needed <= limit) return;
  const whom = sessions === undefined ? "One session" : `${sessions} sessions`;
  yield at(config, path, {
    severity: "error",
    message: `${whom} behind one address need ${needed} refreshes in five minutes at a ` +
      `jwt_expiry of ${expiry} s; token_refresh allows ${limit}.`,
  });
}

const OF_ADDRESS: Readonly<Record<string, keyof typeof USUAL>> = {
  signInWithPassword: "sign_in_sign_ups",
  signUp: "sign_in_sign_ups",
  signInWithIdToken: "sign_in_sign_ups",
  signInWithOtp: "sign_in_sign_ups",
  verifyOtp: "token_verifications",
  refreshSession: "token_refresh",
};

/** A function that signs users in from its own address. */
export const sharedAddress: SourceCheck = {
  id: "shared-address-limit",
  why:
    "Auth limits sign-ins, refreshes and verifications per address. Called from a function, all users share the function's address, and one of them can use up the limit of all (429).",
  fix:
    "Let the browser make the call; else raise the limit under `[auth.rate_limit]` and pass a 429 on with its Retry-After.",
  start({ projects }) {
    return {
      *visit({ path, nodes, runtime }) {
        if (runtime !== "function") return;
        for (const { method, node } of authCalls(nodes)) {
          const name = OF_ADDRESS[method];
          if (name === undefined) continue;
          const config = projects.find(({ folder }) => path.startsWith(`${folder}/`))?.config ??
            projects[0]?.config;
          const limit = config?.get("auth", "rate_limit", name) ?? USUAL[name];
          yield {
            severity: "info",
            file: path,
            line: lineOf(node),
            message:
              `auth.${method}() from a function: all users share ${name} = ${limit} in five minutes.`,
          };
        }
      },
    };
  },
};

/** Mail for people outside the team. */
export const builtInMail: Check<ProjectInput> = {
  id: "built-in-smtp",
  why:
    "Without SMTP of its own a hosted project mails only to members of its team, and to them twice an hour: anybody else gets email_address_not_authorized, and can neither confirm a sign-up nor recover a session.",
  fix: "Configure `[auth.email.smtp]`, or SMTP in the dashboard.",
  *look({ configs }) {
    // The first that is reached from elsewhere: remotes inherit what is not written for them.
    const config = configs.find(isForHosted);
    if (config === undefined) return;
    if (config.get("auth", "email", "enabled") === false) return;
    const smtp = config.get("auth", "email", "smtp");
    const hook = config.get("auth", "hook", "send_email", "enabled");
    if (hook === true) return;
    const enabled = config.get("auth", "email", "smtp", "enabled");
    if (smtp !== undefined && enabled !== false) return;
    yield at(config, ["auth", "email", "smtp"], {
      severity: enabled === false ? "warning" : "info",
      message: enabled === false
        ? "site_url is public, and SMTP is off: mail reaches members of the team only."
        : "site_url is public, and no SMTP is written here. What the dashboard has is unknown.",
    });
  },
};

/** A password change that Auth will refuse after a day. */
export const passwordChange: SourceCheck = {
  id: "password-change-without-reauthentication",
  why:
    "With secure_password_change, a session older than 24 hours gets reauthentication_needed. Without a way to send the nonce the user cannot go on, and signing in again looks like the only cure.",
  fix:
    "Call `auth.reauthenticate()`, ask for the code in the mail, and send it along: `updateUser({ password, nonce })`.",
  start({ projects }) {
    const isOn = projects.some(({ configs }) =>
      configs.some((one) => one.get("auth", "email", "secure_password_change") === true)
    );
    const changes: { file: string; line: number }[] = [];
    let reauthenticates = !isOn;
    return {
      visit({ path, nodes }) {
        // Behind a link of recovery the session is minutes old.
        const isRecovery =
          /(?:reset|recover|forgot|new|create)[-_]?password|recovery/i.test(path) ||
          nodes.some((node) =>
            text(node) === "PASSWORD_RECOVERY" || authCall(node)?.method === "resetPasswordForEmail"
          );
        // A call of Auth's own API counts as well.
        reauthenticates ||= nodes.some((node) => text(node) === "/reauthenticate");
        for (const { method, args, node } of authCalls(nodes)) {
          reauthenticates ||= method === "reauthenticate" ||
            property(args[0], "nonce") !== undefined;
          if (method !== "updateUser" || property(args[0], "password") === undefined) continue;
          if (isRecovery) continue;
          changes.push({ file: path, line: lineOf(node) });
        }
      },
      *conclude() {
        const message = "A password is changed, and nothing in this project reauthenticates.";
        if (reauthenticates) return;
        yield* changes.map((place) => ({ severity: "warning" as const, ...place, message }));
      },
    };
  },
};

/** All of this file. */
export const limitChecks: readonly Check<ProjectInput>[] = [
  refreshLimit,
  builtInMail,
];

/** supabase/config.toml: addresses, lifetimes, sessions. */

import type { Check, Hit } from "../finding.ts";
import type { ConfigFile, TomlPath } from "../project/config_file.ts";
import type { Project, Workspace } from "../project/workspace.ts";

/** The smallest and largest sensible `jwt_expiry`, in seconds; the larger is what Auth documents. */
const EXPIRY = { lowest: 300, usual: 3600, highest: 604_800 };

/** What the checks of a config.toml see: its project, and what the command line added. */
export type ProjectInput = Project & Pick<Workspace, "sessions">;

/** A hit at a key of config.toml; of a remote, with its name. */
export function at(config: ConfigFile, path: TomlPath, hit: Omit<Hit, "file" | "line">): Hit {
  const { remote } = config;
  const message = remote === undefined ? hit.message : `${hit.message} (remote ${remote})`;
  return { file: config.path, line: config.lineOf(path), ...hit, message };
}

/** A file that is not what its name says. */
export const unreadable: Check<Workspace> = {
  id: "unreadable",
  why: "What cannot be read cannot be checked: nothing is known of this file.",
  fix: "Mend the syntax, then run the doctor again. What is generated can be left as it is.",
  *look({ unreadable }) {
    for (const { path, line, reason } of unreadable) {
      const severity = path.endsWith("supabase/config.toml") ? "error" : "info";
      yield { severity, file: path, line, message: reason };
    }
  },
};

/** Where Auth sends its users. */
export const redirectHosts: Check<ProjectInput> = {
  id: "redirect-hosts-mixed",
  why:
    "To a browser `localhost` and `127.0.0.1` are two sites: a session begun on one does not exist on the other. Where the app is opened on a host that is not listed, a sign-in ends on the other one, and the user seems signed out.",
  fix:
    "Spell the host one way in site_url, in every redirect URL, and in the address bar; or list each URL with both hosts.",
  *look({ configs }) {
    for (const config of configs) {
      const urls = redirectUrls(config);
      const site = urls.find(({ path }) => path.length === 2);
      if (site === undefined) continue;
      const listed = new Set(
        urls.filter(({ path, url }) => path.length > 2 && url.port === site.url.port)
          .map(({ url }) => url.hostname),
      );
      // Another port is another app.
      const other = urls.find(({ url }) =>
        url.hostname !== site.url.hostname && url.port === site.url.port
      );
      // Both spellings of the place where the app is served: either works.
      if (other === undefined || listed.size > 1) continue;
      yield at(config, other.path, {
        severity: "warning",
        message: `site_url has ${site.url.hostname}, and a redirect URL ${other.url.hostname}.`,
      });
    }
  },
};

/** A scheme or port that differs on this machine. */
export const redirectLoopback: Check<ProjectInput> = {
  id: "redirect-loopback-differs",
  why:
    "Auth compares redirect URLs exactly: one that is not in the list leads to site_url instead, perhaps without the session it carried. `supabase init` writes such a pair, so this is often no mistake.",
  fix: "List the URL that the app is really served on, with its scheme and port.",
  *look({ config }) {
    const urls = config ? redirectUrls(config) : [];
    const site = urls.find(({ path }) => path.length === 2);
    if (!config || site === undefined) return;
    for (const { path, url } of urls) {
      if (url.hostname !== site.url.hostname || url.origin === site.url.origin) continue;
      yield at(config, path, {
        severity: "info",
        message: `${url.origin} is another origin than site_url, ${site.url.origin}.`,
      });
    }
  },
};

/** The loopback URLs of site_url and additional_redirect_urls. */
function redirectUrls(config: ConfigFile): { path: TomlPath; url: URL }[] {
  const more = config.get("auth", "additional_redirect_urls");
  const written: { path: TomlPath; text: unknown }[] = [
    { path: ["auth", "site_url"], text: config.get("auth", "site_url") },
    ...(Array.isArray(more) ? more : []).map((text: unknown, i) => ({
      path: ["auth", "additional_redirect_urls", i],
      text,
    })),
  ];
  return written.flatMap(({ path, text }) => {
    const url = typeof text === "string" ? URL.parse(text) : null;
    return url !== null && isLoopback(url.hostname) ? [{ path, url }] : [];
  });
}

/** Whether a host name is this machine. */
export function isLoopback(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\]|0\.0\.0\.0|host\.docker\.internal)$/.test(hostname);
}

/** Whether config.toml is written for a project that is reached from elsewhere. */
export function isForHosted(config: ConfigFile): boolean {
  const site = URL.parse(String(config.get("auth", "site_url") ?? ""));
  return site !== null && /^https?:$/.test(site.protocol) && !isLoopback(site.hostname);
}

/** How long a token lives. */
export const jwtExpiry: Check<ProjectInput> = {
  id: "jwt-expiry",
  why:
    "Until its `exp`, a token of a session that has ended passes every check that only looks at its signature. Raising the expiry never keeps a session alive, refreshing does; lowering it multiplies the refreshes, and each is a chance to lose the session on a bad connection.",
  fix: "Leave jwt_expiry at 3600, and let edge-auth ask Auth whether the session is alive.",
  *look({ configs }) {
    for (const config of owning(configs, "auth", "jwt_expiry")) yield* expiryOf(config);
  },
};

/** The settings that have a key of their own: the local stack's, and those of remotes. */
function owning(configs: readonly ConfigFile[], ...path: string[]): ConfigFile[] {
  const line = configs[0]?.lineOf(path);
  return configs.filter((one, i) =>
    one.get(...path) !== undefined && (i === 0 || one.lineOf(path) !== line)
  );
}

function* expiryOf(config: ConfigFile): Generator<Hit> {
  const seconds = config.get("auth", "jwt_expiry");
  if (typeof seconds !== "number") return;
  const path = ["auth", "jwt_expiry"];
  const { lowest, usual, highest } = EXPIRY;
  if (seconds > highest) {
    const message = `jwt_expiry is ${seconds} s, above the maximum of ${highest} (a week).`;
    yield at(config, path, { severity: "error", message });
  } else if (seconds <= 90) {
    const message = `jwt_expiry is ${seconds} s: supabase-js refreshes 90 s before the end, ` +
      "so it refreshes without a pause.";
    yield at(config, path, { severity: "error", message });
  } else if (seconds < lowest) {
    const message = `jwt_expiry is ${seconds} s, below ${lowest}: a client refreshes every ${
      seconds - 90
    } s.`;
    yield at(config, path, { severity: "warning", message });
  } else if (seconds > usual) {
    const message = `jwt_expiry is ${seconds} s: for so long a local check of the signature ` +
      "admits a user who signed out.";
    yield at(config, path, { severity: "info", message });
  }
}

/** Rotation without an interval of grace. */
export const reuseInterval: Check<ProjectInput> = {
  id: "refresh-reuse-interval",
  why:
    "Two tabs, a double click or a lost answer send the same refresh token twice. Without an interval of grace the second is taken for theft, and the session can never be refreshed again.",
  fix: "Set `refresh_token_reuse_interval = 10`, the default.",
  *look({ configs }) {
    for (const config of owning(configs, "auth", "refresh_token_reuse_interval")) {
      if (config.get("auth", "refresh_token_reuse_interval") !== 0) continue;
      if (config.get("auth", "enable_refresh_token_rotation") === false) continue;
      yield at(config, ["auth", "refresh_token_reuse_interval"], {
        severity: "warning",
        message: "Refresh tokens rotate, and the reuse interval is 0.",
      });
    }
  },
};

/** The limits that end sessions on purpose. */
export const sessionLimits: Check<ProjectInput> = {
  id: "session-limits",
  why:
    "Past a limit a refresh answers session_expired, while GET /user still answers 200 until the token's `exp`. So a session ends up to jwt_expiry later than written, and at a refresh.",
  fix: "Nothing, if the limit is meant. To be exact, keep jwt_expiry well below it.",
  *look({ configs }) {
    for (const name of ["timebox", "inactivity_timeout"]) {
      for (const config of owning(configs, "auth", "sessions", name)) {
        yield* sessionLimit(config, name);
      }
    }
  },
};

function* sessionLimit(config: ConfigFile, name: string): Generator<Hit> {
  const written = config.get("auth", "sessions", name);
  const seconds = secondsOf(written);
  if (!seconds) return;
  const expiry = Number(config.get("auth", "jwt_expiry") ?? EXPIRY.usual);
  const message = `Sessions end by ${name} = "${written}"`;
  yield at(config, ["auth", "sessions", name], {
    severity: seconds < expiry ? "warning" : "info",
    message: seconds < expiry
      ? `${message}, less than a token lives (${expiry} s).`
      : `${message}.`,
  });
}

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/** Seconds of a Go duration such as `1h30m`. */
function secondsOf(duration: unknown): number | undefined {
  if (typeof duration !== "string" || !/^(?:\d+(?:\.\d+)?(?:ms|[smh]))+$/.test(duration)) return;
  return [...duration.matchAll(/([\d.]+)(ms|[smh])/g)]
    .reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit!] ?? 0), 0);
}

/** All of this file. */
export const configChecks: readonly Check<ProjectInput>[] = [
  redirectHosts,
  redirectLoopback,
  jwtExpiry,
  reuseInterval,
  sessionLimits,
];

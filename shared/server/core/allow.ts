/**
 * Who may call a route, in the terms of @supabase/server: `user`, a signed-in user; `secret` and
 * `publishable`, whoever sends that kind of key of the project, by the key's name (`*` for any key,
 * no name for the key named `default`); `none`, anybody, which must be last.
 */
export type AllowMode =
  | "user"
  | "secret"
  | `secret:${string}`
  | "publishable"
  | `publishable:${string}`
  | "none";

/** How a caller was admitted: the `kind` of `c.var.auth`. */
export type CallerKind = "user" | "secret" | "publishable" | "none";

/** The kinds of API keys. */
export type KeyKind = "secret" | "publishable";

/** The names of the keys that a route takes; `*` for any. */
export type KeyNames = ReadonlySet<string> | "*";

/** A parsed list of modes. */
export interface Allow {
  readonly user: boolean;
  readonly none: boolean;
  /** `null` where a route takes no key of that kind. */
  readonly secret: KeyNames | null;
  readonly publishable: KeyNames | null;
  /** Signed-in users and nobody else: no API key is looked at. */
  readonly isUsersOnly: boolean;
}

/** The name of the key that a mode without a name takes. */
export const DEFAULT_KEY_NAME = "default";

/** The default of `allow`. */
export const USERS_ONLY: Allow = Object.freeze({
  user: true,
  none: false,
  secret: null,
  publishable: null,
  isUsersOnly: true,
});

const MODES = '"user", "secret", "secret:<name>", "publishable", "publishable:<name>" and "none"';

const MODE = /^(?:user|none|(secret|publishable)(?::([^\s:*]+|\*))?)$/;

/**
 * What is wrong with a list of modes: a message that follows the name of the option.
 *
 * @returns `undefined` if nothing is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(checkAllow(["user", "secret:cron"]), undefined);
 * assertEquals(checkAllow(["none", "user"]), 'must have "none" last');
 * ```
 */
export function checkAllow(list: unknown): string | undefined {
  if (!Array.isArray(list) || list.length === 0) return "must be a list of at least one mode";
  const seen = new Set<string>();
  for (const [index, mode] of list.entries()) {
    if (typeof mode !== "string" || !MODE.test(mode)) {
      return `has no mode ${JSON.stringify(mode)} (the modes are ${MODES})`;
    }
    const [, kind, name = DEFAULT_KEY_NAME] = MODE.exec(mode)!;
    const whole = kind === undefined ? mode : `${kind}:${name}`;
    if (seen.has(whole)) return `has the mode "${mode}" twice`;
    seen.add(whole);
    if (mode === "none" && index < list.length - 1) return 'must have "none" last';
  }
  return undefined;
}

/**
 * Reads a list of modes that {@linkcode checkAllow} finds nothing wrong with.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { user, secret, publishable } = readAllow(["user", "secret:cron"]);
 * assertEquals([user, secret, publishable], [true, new Set(["cron"]), null]);
 * ```
 */
export function readAllow(list: readonly AllowMode[]): Allow {
  const namesOf = (wanted: KeyKind): KeyNames | null => {
    const names = list.flatMap((mode) => {
      const [, kind, name = DEFAULT_KEY_NAME] = MODE.exec(mode) ?? [];
      return kind === wanted ? [name] : [];
    });
    if (names.length === 0) return null;
    return names.includes("*") ? "*" : new Set(names);
  };
  const user = list.includes("user");
  return Object.freeze({
    user,
    none: list.includes("none"),
    secret: namesOf("secret"),
    publishable: namesOf("publishable"),
    isUsersOnly: user && list.length === 1,
  });
}

/** Whether a list of names has this one. */
export function takesName(names: KeyNames | null, name: string): boolean {
  return names === "*" || (names !== null && names.has(name));
}

/** The most characters that are looked at. */
const MAX_LENGTH = 64 * 1024;

/** What stands between words. Base64 has `/`, `+` and `=` in it: its parts are masked one by one. */
const WORD = /[^\s"'`<>()[\]{},;:|\\/=&?#!*$]+/g;

/**
 * Replaces what looks like a token, a key, the value of an Authorization header, a password or an
 * e-mail address. Every character is looked at a bounded number of times, and only the first 64 KiB
 * are, because a caller may have written them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(mask("Authorization: Bearer abc for ada@example.com"), "Authorization: Bearer [masked] for [masked]");
 * assertEquals(mask("https://api.example/u?apikey=abc&page=2"), "https://api.example/u?apikey=[masked]&page=2");
 * assertEquals(mask("relation todos does not exist"), "relation todos does not exist");
 * ```
 */
export function mask(text: string): string {
  // A word that is cut off could be half a token: it goes.
  const whole = text.length > MAX_LENGTH
    ? text.slice(0, Math.max(0, text.lastIndexOf(" ", MAX_LENGTH)))
    : text;
  let masked = "";
  let end = 0; // of the last word
  let isValue = false; // the next word is the value of a name that says that it is secret
  WORD.lastIndex = 0;
  for (let match = WORD.exec(whole); match !== null; match = WORD.exec(whole)) {
    const [word] = match;
    const between = whole.slice(end, match.index);
    const isSecret = isValue && !SCHEME.test(word) || isSecretWord(word);
    masked += between + (isSecret ? MASKED : word);
    end = match.index + word.length;
    isValue = SCHEME.test(word) ||
      SECRET_NAME.test(word) && /^["'\\]{0,2}\s{0,2}[:=]/.test(whole.slice(end, end + 5));
    const quote = isValue
      ? /^["'\\]{0,2}\s{0,2}[:=]\s{0,2}(["'])/.exec(whole.slice(end, end + 8))
      : null;
    if (quote === null) continue;
    // A quoted value goes whole: a password may hold anything but its quote.
    const begin = end + quote[0].length;
    const close = whole.indexOf(quote[1]!, begin);
    masked += whole.slice(end, begin) + MASKED;
    end = WORD.lastIndex = close < 0 ? whole.length : close;
    isValue = false;
  }
  return masked + whole.slice(end);
}

const MASKED = "[masked]";
const SCHEME = /^(?:bearer|basic|digest)$/i;
const SECRET_NAME =
  /(?:authorization|key|token|token_hash|password|passwd|pwd|secret|cookie|nonce|otp|verifier|signature|jwt|credentials?)$/i;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const KEY_PREFIX = /^(?:sb_|sbp_|sk[-_]|pk[-_]|rk[-_]|gh[opsu]_|xox|AKIA|whsec_|v\d,whsec_|re_)/;
const VERSION = /@[\^~]?\d+(?:\.\d+)*(?:[-+][\w.+-]*)?$/; // hono@4.13.19

function isSecretWord(word: string): boolean {
  if (word.includes("eyJ") || KEY_PREFIX.test(word)) return true;
  const at = word.includes("@") ? word.indexOf("@") : word.indexOf("%40");
  if (at > 0 && at < word.length - 1 && !VERSION.test(word)) return true;
  return word.length >= 24 && /\d/.test(word) && /[A-Za-z]/.test(word) && !UUID.test(word) &&
    !/^[a-z]+(?:[._-][a-z0-9]{1,12})+$/.test(word); // a file's name, such as handler_error_test.ts
}

/** Somebody to begin with, so that a visitor sees something happen before filling in any form. */

const key = "edge-auth-demo";

function meta(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
}

/** The key that browsers call the stack with. */
export const publishableKey = meta("publishable-key");

/** Whom the sign-in form offers. */
export interface Person {
  readonly email: string;
  readonly password: string;
}

/** Nobody yet. */
export function newPerson(): Person {
  const number = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  return { email: `ada-${number.toString(36)}@example.com`, password: "correct-horse" };
}

/** Keeps who was here last. */
export function remember(person: Person): void {
  localStorage.setItem(key, JSON.stringify({ ...person, boot: meta("boot") }));
}

/**
 * Who was here last. The database of a stack that was booted anew knows nobody: then everything is
 * forgotten, the session too. To be called before the client is created.
 */
export function recall(): Person | undefined {
  const { boot, ...person } = JSON.parse(localStorage.getItem(key) ?? "{}");
  if (boot === meta("boot")) return person;
  localStorage.clear();
  return undefined;
}

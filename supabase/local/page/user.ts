/** The user whom the sign-in form offers: a new one at first, so that a visitor sees something happen. */

import { byId } from "./dom.ts";

const STORAGE_KEY = "edge-auth-demo";

function meta(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
}

/** The key that browsers call the stack with. */
export const publishableKey = meta("publishable-key");

/** What a user signs in with. */
export interface User {
  readonly email: string;
  readonly password: string;
}

/** A user of whom Auth has not heard. */
export function newUser(): User {
  const number = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  return { email: `ada-${number.toString(36)}@example.com`, password: "correct-horse" };
}

/** A password that was not used before: Auth refuses the old one. */
export function newPassword(): string {
  return `${newUser().email.slice(4, 10)}-horse`;
}

function stored(): User | undefined {
  const { boot, email, password } = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}");
  return boot === meta("boot") ? { email, password } : undefined;
}

/**
 * Who used the page before. The database of a stack that was booted anew knows nobody: then
 * everything is forgotten, the session too. To be called before the client is created.
 */
export function rememberedUser(): User | undefined {
  const user = stored();
  if (user === undefined) localStorage.clear();
  return user;
}

let current = newUser();

/** Who signs in next. */
export function currentUser(): User {
  return current;
}

function fillForm(): void {
  const form = byId<HTMLFormElement>("sign-in-form");
  for (const [name, value] of Object.entries(current)) {
    const input = form.elements.namedItem(name);
    if (input instanceof HTMLInputElement) input.value = value;
  }
}

/** Keeps what is now known of the user, for the form, for a reload and for other tabs. */
export function rememberUser(change: Partial<User>): void {
  current = { ...current, ...change };
  localStorage.setItem(STORAGE_KEY, JSON.stringify({ ...current, boot: meta("boot") }));
  fillForm();
}

/** Fills the form, and again when another tab has changed the user. */
export function startUser(user: User | undefined): void {
  rememberUser(user ?? {});
  addEventListener("storage", ({ key }) => {
    if (key !== STORAGE_KEY) return;
    current = stored() ?? current;
    fillForm();
  });
}

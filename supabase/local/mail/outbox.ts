/** The mails that Auth would send: kept in memory, shown in the terminal and at a URL. */

import type { EmailDriver, EmailMessage } from "@supabase/lite";
import { AsyncLocalStorage } from "node:async_hooks";
import type { AuthSettings, MailTemplate } from "../config.ts";

/** What lite does not know when it writes a mail. */
export interface MailContext {
  /** Where the link leads in the end. */
  readonly redirectTo: string;
  /** Turns a token's hash into the one that the link carries (PKCE marks its own). */
  readonly mark?: (hash: string) => string;
}

/** A mail. */
export interface Mail {
  readonly at: string;
  readonly to: string;
  readonly subject: string;
  /** `recovery`, `magiclink`, `signup`, `email_change` or `reauthentication`. */
  readonly type: string;
  /** The one-time code. */
  readonly code: string;
  /** What a page posts to /verify as `token_hash`. */
  readonly tokenHash?: string;
  /** Auth's own link, which a click alone uses up. */
  readonly confirmationUrl?: string;
  /** The link of the mail: that of the project's template, else Auth's own. */
  readonly link?: string;
  readonly html: string;
}

/** Auth's name of a mail's type, and the template's. */
const templateOf: Record<string, string> = {
  signup: "confirmation",
  recovery: "recovery",
  magiclink: "magic_link",
  email_change: "email_change",
  invite: "invite",
  reauthentication: "reauthentication",
};

/** How many mails are kept. */
const kept = 200;

/** Fills in the variables of a mail template. */
export function fillTemplate(template: string, values: Record<string, string>): string {
  return template.replace(/\{\{\s*\.(\w+)\s*\}\}/g, (whole, name) => values[name] ?? whole);
}

function firstLink(html: string): string | undefined {
  const href = /href="(https?:[^"]+)"/.exec(html)?.[1];
  return href?.replaceAll("&amp;", "&");
}

/** Lite's mail driver: rewrites each mail as Auth of this project would send it. */
export class Outbox implements EmailDriver {
  readonly mails: Mail[] = [];
  readonly #context = new AsyncLocalStorage<MailContext>();
  readonly #issuer: string;
  readonly #settings: AuthSettings;
  readonly #onMail: (mail: Mail) => void;

  constructor(issuer: string, settings: AuthSettings, onMail: (mail: Mail) => void) {
    this.#issuer = issuer;
    this.#settings = settings;
    this.#onMail = onMail;
  }

  /** Runs something whose mails are to be written with this context. */
  within<T>(context: MailContext, run: () => Promise<T>): Promise<T> {
    return this.#context.run(context, run);
  }

  /** Lite's text tells the code and the link; the rest of its mail is not used. */
  send(message: EmailMessage): Promise<void> {
    const url = /https?:\/\/\S+/.exec(message.text ?? "")?.[0];
    const code = /\b\d{6,10}\b/.exec((message.text ?? "").replace(url ?? "", ""))?.[0] ?? "";
    const given = url ? new URL(url).searchParams : undefined;
    const mail = this.#write(message, code, given?.get("type"), given?.get("token"));
    this.mails.push(mail);
    if (this.mails.length > kept) this.mails.shift();
    this.#onMail(mail);
    return Promise.resolve();
  }

  /**
   * Where the links of a mail lead: to the project's site, as at Auth; but to the stack's own page
   * if that asked for the mail (by a redirect_to of its own origin). So the app at the site URL gets
   * its links as always, and the page gets the others.
   */
  #siteOf(redirectTo: string): string {
    const { origin } = new URL(this.#issuer);
    return new URL(redirectTo).origin === origin ? origin : this.#settings.siteUrl;
  }

  #write(message: EmailMessage, code: string, type?: string | null, hash?: string | null): Mail {
    const context = this.#context.getStore();
    const redirectTo = context?.redirectTo ?? this.#settings.siteUrl;
    const tokenHash = hash ? (context?.mark?.(hash) ?? hash) : undefined;
    const kind = type ?? "reauthentication";
    const query = { token: tokenHash ?? "", type: kind, redirect_to: redirectTo };
    const confirmationUrl = `${this.#issuer}/verify?${new URLSearchParams(query)}`;
    const template: MailTemplate = this.#settings.templates[templateOf[kind] ?? ""] ?? {};
    const values = {
      ConfirmationURL: confirmationUrl,
      Token: code,
      TokenHash: tokenHash ?? "",
      SiteURL: this.#siteOf(redirectTo),
      RedirectTo: redirectTo,
      Email: message.to,
      NewEmail: message.to,
    };
    const usual = tokenHash
      ? `<p><a href="${confirmationUrl.replaceAll("&", "&amp;")}">${message.subject}</a></p>` +
        `<p>${code}</p>`
      : `<p>${code}</p>`;
    const html = fillTemplate(template.html ?? usual, values);
    const link = tokenHash ? firstLink(html) ?? confirmationUrl : undefined;
    return {
      at: new Date().toISOString(),
      to: message.to,
      subject: fillTemplate(template.subject ?? message.subject, values),
      type: kind,
      code,
      ...(tokenHash ? { tokenHash, confirmationUrl } : {}),
      ...(link ? { link } : {}),
      html,
    };
  }
}

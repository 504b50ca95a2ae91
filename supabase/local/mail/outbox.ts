/** The mails that Auth would send: in memory, in the terminal and at a URL. */

import type { EmailDriver, EmailMessage } from "@supabase/lite";
import { AsyncLocalStorage } from "node:async_hooks";
import type { AuthSettings, MailTemplate } from "../config.ts";

/** What lite does not have when it writes a mail. */
export interface MailContext {
  /** The target of the link, after Auth. */
  readonly redirectTo: string;
  /** Changes the token hash of the link: PKCE adds a prefix. */
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
  /** Auth's link, which a single GET uses. */
  readonly confirmationUrl?: string;
  /** The link in the mail: that of the project's template, else Auth's. */
  readonly link?: string;
  readonly html: string;
}

/** The name of the template, by the type of the mail. */
const TEMPLATE_NAMES: Record<string, string> = {
  signup: "confirmation",
  recovery: "recovery",
  magiclink: "magic_link",
  email_change: "email_change",
  invite: "invite",
  reauthentication: "reauthentication",
};

/** How many mails are kept. */
const MAX_MAILS = 200;

/** Fills in the variables of a mail template. */
export function fillTemplate(template: string, values: Record<string, string>): string {
  return template.replace(/\{\{\s*\.(\w+)\s*\}\}/g, (whole, name) => values[name] ?? whole);
}

function firstLink(html: string): string | undefined {
  const href = /href="(https?:[^"]+)"/.exec(html)?.[1];
  return href?.replaceAll("&amp;", "&");
}

/** Lite's mail driver: rewrites each mail as Auth would send it for this project. */
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

  /** Runs a function whose mails get this context. */
  withContext<T>(context: MailContext, run: () => Promise<T>): Promise<T> {
    return this.#context.run(context, run);
  }

  /** Takes the code and the link from lite's text; the rest of its mail is not used. */
  send(message: EmailMessage): Promise<void> {
    const url = /https?:\/\/\S+/.exec(message.text ?? "")?.[0];
    const code = /\b\d{6,10}\b/.exec((message.text ?? "").replace(url ?? "", ""))?.[0] ?? "";
    const given = url ? new URL(url).searchParams : undefined;
    const mail = this.#write(message, code, given?.get("type"), given?.get("token"));
    this.mails.push(mail);
    if (this.mails.length > MAX_MAILS) this.mails.shift();
    this.#onMail(mail);
    return Promise.resolve();
  }

  /**
   * The site of a mail's links: the project's, as in Auth; but the stack's page, if that page caused
   * the mail, with a redirect_to of its own origin.
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
    const template: MailTemplate = this.#settings.templates[TEMPLATE_NAMES[kind] ?? ""] ?? {};
    const values = {
      ConfirmationURL: confirmationUrl,
      Token: code,
      TokenHash: tokenHash ?? "",
      SiteURL: this.#siteOf(redirectTo),
      RedirectTo: redirectTo,
      Email: message.to,
      NewEmail: message.to,
    };
    const defaultHtml = tokenHash
      ? `<p><a href="${confirmationUrl.replaceAll("&", "&amp;")}">${message.subject}</a></p>` +
        `<p>${code}</p>`
      : `<p>${code}</p>`;
    const html = fillTemplate(template.html ?? defaultHtml, values);
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

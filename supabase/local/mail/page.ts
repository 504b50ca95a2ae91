/** /_local/mail: the mails that Auth would have sent, for the user of this machine only. */

import type { Mail } from "./outbox.ts";

/** Whether a request came from a page of another site. */
export function isCrossSite(request: Request): boolean {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") return true;
  const origin = request.headers.get("origin");
  return origin !== null && origin !== `http://${request.headers.get("host")}` &&
    origin !== new URL(request.url).origin;
}

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes text for HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => entities[char] ?? char);
}

function row(mail: Mail): string {
  const link = mail.link && /^https?:/.test(mail.link)
    ? `<p><a href="${escapeHtml(mail.link)}" rel="noreferrer">${escapeHtml(mail.link)}</a></p>`
    : "";
  const code = mail.code ? `<p>Code: <code>${escapeHtml(mail.code)}</code></p>` : "";
  return `<article><h2>${escapeHtml(mail.subject)}</h2>` +
    `<p>to <b>${escapeHtml(mail.to)}</b>, ${escapeHtml(mail.at)}</p>${code}${link}</article>`;
}

function page(mails: readonly Mail[]): string {
  const rows = mails.toReversed().map(row).join("\n") || "<p>No mail yet.</p>";
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Mail</title>
<style>body{font:16px/1.5 system-ui;max-width:50rem;margin:2rem auto;padding:0 1rem}
article{border-top:1px solid #ccc}h2{font-size:1.1rem}a{overflow-wrap:anywhere}</style>
<h1>Mail of the local stack</h1>
${rows}
</html>
`;
}

/** Answers the mail page: HTML, or JSON where the Accept header names it. */
export function answerMailPage(request: Request, mails: readonly Mail[]): Response {
  const headers = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
  };
  if (isCrossSite(request)) {
    const body = { message: "Only a page of the same origin may send this request." };
    return Response.json(body, { status: 403, headers });
  }
  if (new URL(request.url).pathname !== "/_local/mail") {
    return Response.json({ message: "Not found." }, { status: 404, headers });
  }
  if (request.method !== "GET") {
    return new Response(null, { status: 405, headers: { ...headers, allow: "GET" } });
  }
  if (request.headers.get("accept")?.includes("application/json")) {
    return Response.json(mails, { headers });
  }
  const html = { ...headers, "content-type": "text/html; charset=utf-8" };
  return new Response(page(mails), { headers: html });
}

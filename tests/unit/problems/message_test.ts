import { assert, assertEquals, assertGreater } from "@std/assert";
import { outcomeOf, PROBLEMS, type Source } from "../../../shared/problems/table.ts";

const SOURCES: readonly Source[] = ["credential", "handler"];
const CODES = [...Object.keys(PROBLEMS), "a_code_of_tomorrow"];
const MESSAGES = new Set(SOURCES.flatMap((s) => CODES.map((code) => outcomeOf(code, s).message)));

/** Every text that a recorded Auth put into an error. */
async function authEnglish(): Promise<Set<string>> {
  const texts = new Set<string>();
  for (const version of ["2.186", "2.196"]) {
    const file = new URL(`../../recordings/auth-${version}.json`, import.meta.url);
    const { answers } = JSON.parse(await Deno.readTextFile(file));
    for (const { response } of answers) {
      if (!response || response.status < 400) continue;
      for (const member of ["msg", "message", "error_description"]) {
        const text = response.body?.[member];
        if (typeof text === "string") texts.add(text.toLowerCase());
      }
    }
  }
  return texts;
}

Deno.test("message is never a text of Auth", async () => {
  const english = await authEnglish();
  assertGreater(english.size, 40);
  for (const message of MESSAGES) {
    const ours = message.toLowerCase();
    for (const theirs of english) {
      assert(!ours.includes(theirs.replace(/\.$/, "")), `${message} <- ${theirs}`);
      assert(!theirs.includes(ours.replace(/\.$/, "")), `${message} -> ${theirs}`);
    }
  }
});

Deno.test("message is one or two short sentences that end with a full stop", () => {
  for (const message of MESSAGES) {
    assert(/^[A-Z].*\w\.$/.test(message), message);
    assert(message.length < 160, message);
    assert(message.split(/\.(?: |$)/).length - 1 <= 2, message);
  }
});

Deno.test("message fits into an error_description and has no placeholder", () => {
  for (const message of MESSAGES) {
    // RFC 6750, section 3: %x20-21 / %x23-5B / %x5D-7E.
    assert(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(message), message);
    assert(!/[%{}<>$@]|https?:/.test(message), message);
  }
});

Deno.test("message has technical terms only when its action is for developers", () => {
  const jargon =
    /\b(jwt|token|bearer|header|json|api|uuid|nonce|aal\d?|otp|oauth|pkce|saml|mfa)\b/i;
  const found = CODES.filter((code) =>
    SOURCES.some((s) => jargon.test(outcomeOf(code, s).message))
  );
  // Mistakes in how a request is made, which no end user makes.
  assertEquals(found.sort(), [
    "bad_json",
    "bad_jwt",
    "invalid_api_key",
    "invalid_authorization_header",
    "session_required",
    "token_expired",
    "token_too_large",
    "unexpected_audience",
  ]);
});

Deno.test("message differs between the codes of handlers", () => {
  const messages = CODES.map((code) => outcomeOf(code, "handler").message);
  assertEquals(new Set(messages).size, CODES.length);
});

Deno.test("message names the step of its action", () => {
  for (const source of SOURCES) {
    for (const code of CODES) {
      const { action, message } = outcomeOf(code, source);
      if (action === "sign_in") assert(/Sign in\b/.test(message), code);
      if (action === "retry") assert(/[Tt]ry again/.test(message), code);
      if (action === "contact_support") assert(/[Cc]ontact|Ask for a new one/.test(message), code);
      if (action === "restart_flow") assert(/[Bb]egin|Ask for a new/.test(message), code);
    }
  }
});

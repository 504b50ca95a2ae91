import { assert, assertEquals } from "@std/assert";
import { parseAuthRedirect } from "../../../shared/problems/auth_redirect.ts";
import { isProblem } from "../../../shared/browser/problem_of.ts";

const CODE = "4a8c2c0e-3b3f-4f0a-9d51-6a3c2f6f0b11";

/** Every Location that a real Auth answered with. */
function recordedLocations(): string[] {
  const folder = new URL("../../recordings/", import.meta.url);
  const found = ["auth-2.186.json", "auth-2.196.json"].flatMap((name) => {
    const text = Deno.readTextFileSync(new URL(name, folder));
    return [...text.matchAll(/"location": ?("[^"]*")/gi)].map((match) => JSON.parse(match[1]!));
  });
  assert(found.length >= 18, `${found.length}`);
  return found;
}

const EXPECTED: readonly (readonly [text: string, code: string | null])[] = [
  ["error_code=otp_expired", "otp_expired"],
  ["error_code=bad_oauth_state", "bad_oauth_state"],
  ["error_code=bad_oauth_callback", "bad_oauth_callback"],
  ["error=access_denied&error_description=The+user+said+no", "access_denied"],
  ["access_token=", null],
  ["?code=", null],
];

for (const location of recordedLocations()) {
  const [text, code] = EXPECTED.find(([text]) => location.includes(text)) ?? [];
  Deno.test(`parseAuthRedirect() finds ${code} in ${location}`, () => {
    assert(text !== undefined, "no expectation for this recording");
    const page = location.replace("<auth code>", CODE);
    const { problem, url, otherHost } = parseAuthRedirect(page, { hasVerifier: true });
    assertEquals([problem?.code ?? null, otherHost], [code, null]);
    if (problem === null) return assertEquals(url, new URL(page).href);
    assert(isProblem(problem));
    assertEquals([problem.action, problem.retry_after], ["restart_flow", undefined]);
    assertEquals(url, new URL(page).origin + new URL(page).pathname);
    assert(!JSON.stringify(problem).includes("said no"));
  });
}

Deno.test("parseAuthRedirect() leaves the application's own members as they are written", () => {
  const { url } = parseAuthRedirect(
    "https://app.example/p?a=%20b&error=server_error&c=1+2&error_description=x#tab=2&sb=&error=x",
  );
  assertEquals(url, "https://app.example/p?a=%20b&c=1+2#tab=2");
});

Deno.test("parseAuthRedirect() passes no text of the address on", () => {
  const text = "<img src=x onerror=alert(1)>";
  for (const member of ["error", "error_code", "error_description"]) {
    const page = new URL("https://app.example/?error=access_denied&error_description=x");
    page.searchParams.set(member, text);
    const made = parseAuthRedirect(page);
    assert(!JSON.stringify(made).includes("onerror"), member);
    assertEquals(made.url, "https://app.example/");
    assert(made.problem !== null && isProblem(made.problem));
  }
});

Deno.test("parseAuthRedirect() leaves an application's own error parameter alone", () => {
  for (const url of ["https://app.example/search?error=404&q=x", "https://app.example/#error=x"]) {
    assertEquals(parseAuthRedirect(url), { problem: null, url, otherHost: null });
  }
});

Deno.test("parseAuthRedirect() says what lasts when beginning again would not help", () => {
  const of = (code: string) => parseAuthRedirect(`https://a.example/#error=x&error_code=${code}`);
  assertEquals(of("signup_disabled").problem?.action, "contact_support");
  assertEquals(of("user_banned").problem?.action, "contact_support");
  assertEquals(of("unexpected_failure").problem?.action, "restart_flow");
  assertEquals(of("unexpected_failure").problem?.retry_after, undefined);
  assertEquals(of("brand_new").problem?.code, "brand_new");
  assertEquals(of("brand_new").problem?.action, "restart_flow");
});

Deno.test("parseAuthRedirect() says that the sign-in began on the other name of this machine", () => {
  const cases = [
    ["http://localhost:3000/done", `http://127.0.0.1:3000/done?tab=1&code=${CODE}`],
    ["http://127.0.0.1:3000/done", `http://localhost:3000/done?tab=1&code=${CODE}`],
    ["https://app.example/done", null],
  ] as const;
  for (const [page, elsewhere] of cases) {
    const made = parseAuthRedirect(`${page}?tab=1&code=${CODE}`, { hasVerifier: false });
    assertEquals([made.problem?.code, made.problem?.action], ["bad_code_verifier", "restart_flow"]);
    assertEquals([made.url, made.otherHost], [`${page}?tab=1`, elsewhere]);
  }
});

Deno.test("parseAuthRedirect() takes no code for Auth's that is not", () => {
  for (const code of ["SUMMER25", "1", ""]) {
    const page = `https://app.example/?code=${code}`;
    const made = parseAuthRedirect(page, { hasVerifier: false });
    assertEquals([made.problem, made.url], [null, page]);
  }
});

Deno.test("parseAuthRedirect() finds the verifier in localStorage, also that of a flow", () => {
  const page = `http://localhost:3000/?code=${CODE}`;
  const items: string[] = [];
  const before = Object.getOwnPropertyDescriptor(globalThis, "localStorage");
  Object.defineProperty(globalThis, "localStorage", {
    configurable: true,
    value: {
      get length() {
        return items.length;
      },
      key: (n: number) => items[n] ?? null,
    },
  });
  try {
    items.push("sb-project-auth-token", "theme");
    assertEquals(parseAuthRedirect(page).problem?.code, "bad_code_verifier");
    for (const name of ["code-verifier", "flow-abc-code-verifier"]) {
      items[1] = `sb-project-auth-token-${name}`;
      assertEquals(parseAuthRedirect(page).problem, null);
    }
  } finally {
    if (before) Object.defineProperty(globalThis, "localStorage", before);
  }
});

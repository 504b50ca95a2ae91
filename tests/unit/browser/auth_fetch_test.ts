// The session is kept after every answer that is not a refusal by Auth: in a call, in the
// background refresh of supabase-js, and in getUser().
import { assert, assertEquals } from "@std/assert";
import { problemOf } from "../../../shared/browser/mod.ts";
import {
  authSays,
  expired,
  fakeProject,
  inFakeTime,
  json,
  ME,
  now,
  onBoth,
  openRecovering,
  OTHER_USER,
  refreshedSession,
  refuses,
  runUntil,
  session,
  settle,
  store,
  stored,
  TabStorage,
  TOKEN,
} from "./_support.ts";

const html = (status: number) =>
  new Response("<html>no</html>", { status, headers: { "content-type": "text/html" } });

/** Answers that do not mean that the session has ended, whoever sends them. */
const NO_VERDICTS: Readonly<Record<string, () => Response | Promise<Response>>> = {
  "429 JSON": () => authSays(429, "over_request_rate_limit"),
  "429 HTML": () => html(429),
  "429 with a code that ends sessions": () => authSays(429, "refresh_token_not_found"),
  "401 Invalid API key": () => json(401, { message: "Invalid API key" }),
  "403 page of a firewall": () => html(403),
  "404 page": () => html(404),
  "404 with an unmarked code": () => json(404, { code: "session_not_found", message: "x" }),
  "400 of a captive portal": () => json(400, { error: "login" }),
  "408": () => html(408),
  "500": () => authSays(500, "unexpected_failure"),
  "503": () => html(503),
  "540": () => html(540),
  "544": () => html(544),
  "200 {}": () => json(200, {}),
  "200 null": () => json(200, null),
  "200 HTML": () => html(200),
  "200 with another user's session": () => json(200, session({ sub: OTHER_USER })),
  "400 with a new code": () => authSays(400, "brand_new"),
  "400 validation_failed": () => authSays(400, "validation_failed"),
  "the network": () => Promise.reject(new TypeError("offline")),
};

/** A project whose function accepts only tokens that Auth has issued since. */
function outage(answer: () => Response | Promise<Response>) {
  const storage = new TabStorage();
  const initialSession = store(storage, expired());
  const validTokens = new Set<string>();
  const state = { answer: answer as (() => Response | Promise<Response>) | null };
  const project = fakeProject({
    [ME]: ({ bearer }) =>
      validTokens.has(bearer ?? "") ? json(200, "in") : refuses("token_expired", "credential"),
    [TOKEN]: () => {
      if (state.answer) return state.answer();
      const fresh = refreshedSession(initialSession);
      validTokens.add(fresh.access_token);
      return json(200, fresh);
    },
    "/auth/v1/user": () => json(200, { id: initialSession.user.id }),
  });
  const signedOutCodes: string[] = [];
  const onSignedOut = ({ code }: { code: string }) => void signedOutCodes.push(code);
  return { storage, initialSession, state, signedOutCodes, onSignedOut, ...project };
}

for (const [name, answer] of Object.entries(NO_VERDICTS)) {
  onBoth(`invoke() keeps the session when the refresh is answered with ${name}`, async (create) => {
    await inFakeTime(async (time) => {
      const { storage, initialSession, state, signedOutCodes, onSignedOut, fetch, to } = outage(
        answer,
      );
      const supabase = openRecovering(create, storage, fetch, { onSignedOut, patience: 0 });
      let ended: unknown;
      const call = () => {
        ended = undefined;
        supabase.functions.invoke("me").then(({ data, error }) => ended = data ?? problemOf(error));
      };
      call();
      assertEquals(await runUntil(time, () => ended !== undefined, 30_000), 0);
      assertEquals(
        [Object(ended).code, Object(ended).action],
        ["auth_unavailable", "retry"],
      );
      assertEquals([stored(storage), signedOutCodes], [initialSession, []]);
      // Nothing is sent with an expired token, and Auth was asked once.
      assertEquals([to(ME).length, to(TOKEN).length], [0, 1]);
      // The first call succeeds when Auth answers again.
      state.answer = null;
      await runUntil(time, () => false, 2000);
      call();
      await settle();
      assertEquals([ended, to(TOKEN).length, signedOutCodes], ["in", 2, []]);
    });
  });

  onBoth(
    `startAutoRefresh() keeps the session when the refresh is answered with ${name}`,
    async (create) => {
      await inFakeTime(async (time) => {
        const { storage, initialSession, signedOutCodes, onSignedOut, fetch, to } = outage(answer);
        const supabase = openRecovering(create, storage, fetch, { onSignedOut });
        await settle();
        await supabase.auth.startAutoRefresh();
        await runUntil(time, () => false, 300_000, 1000);
        await supabase.auth.stopAutoRefresh();
        assertEquals([stored(storage), signedOutCodes], [initialSession, []]);
        const tries = to(TOKEN).length;
        assert(tries >= 4 && tries <= 11, `${tries} tries in five minutes`);
      });
    },
  );
}

onBoth(
  "getSession() and refreshSession() do not wait when Auth does not answer",
  async (create) => {
    await inFakeTime(async () => {
      const { storage, fetch } = outage(() => html(503));
      const supabase = openRecovering(create, storage, fetch);
      let done = 0;
      for (let n = 0; n < 3; n++) {
        supabase.auth.getSession().then(() => done++);
        await settle();
      }
      supabase.auth.refreshSession().then(() => done++);
      await settle();
      assertEquals(done, 4);
    });
  },
);

onBoth("invoke() waits up to its patience in total when Auth does not answer", async (create) => {
  for (const answer of [() => new Promise<Response>(() => {}), () => html(503)]) {
    await inFakeTime(async (time) => {
      const { storage, initialSession, signedOutCodes, onSignedOut, fetch } = outage(answer);
      const supabase = openRecovering(create, storage, fetch, { onSignedOut });
      let code: string | undefined;
      supabase.functions.invoke("me").then(({ error }) => code = problemOf(error)?.code);
      const elapsed = await runUntil(time, () => code !== undefined, 100_000);
      assertEquals([code, stored(storage), signedOutCodes], [
        "auth_unavailable",
        initialSession,
        [],
      ]);
      assert(elapsed <= 30_100 && elapsed >= 14_000, `${elapsed} ms`);
      await runUntil(time, () => false, 20_000, 1000); // the last try, which no call waits for
    });
  }
});

onBoth("invoke() succeeds within two seconds when the outage is over", async (create) => {
  await inFakeTime(async (time) => {
    const { storage, state, fetch, to } = outage(() => html(503));
    const outages: unknown[] = [];
    const supabase = openRecovering(create, storage, fetch, {
      onOutage: (outage) => outages.push(outage && outage.nextTry - outage.since),
    });
    let first: string | undefined;
    supabase.functions.invoke("me").then(({ error }) => first = problemOf(error)?.code);
    await runUntil(time, () => first !== undefined, 100_000);
    const tries = to(TOKEN).length;
    assert(tries >= 4 && tries <= 8, `${tries}`);
    state.answer = null;
    let data: unknown;
    supabase.functions.invoke("me").then((result) => data = result.data);
    const elapsed = await runUntil(time, () => data !== undefined, 100_000);
    assert(elapsed <= 2000, `${elapsed} ms`);
    assertEquals([outages[0], outages.at(-1), to(TOKEN).length], [2000, null, tries + 1]);
  });
});

onBoth(
  "invoke() tries again within a minute when something answers with a Retry-After of a day",
  async (create) => {
    await inFakeTime(async (time) => {
      const { storage, state, fetch } = outage(() =>
        new Response("<html>no</html>", { status: 403, headers: { "retry-after": "86400" } })
      );
      const supabase = openRecovering(create, storage, fetch, { patience: 60_000 });
      supabase.functions.invoke("me");
      await runUntil(time, () => false, 1000);
      state.answer = null;
      let data: unknown;
      supabase.functions.invoke("me").then((result) => data = result.data);
      const elapsed = await runUntil(time, () => data !== undefined, 100_000);
      assertEquals(data, "in", `${elapsed} ms`);
    });
  },
);

onBoth(
  "createRecovery() tries again at once when the device is online or the page has the focus",
  async (create) => {
    for (const name of ["online", "focus"]) {
      await inFakeTime(async (time) => {
        const { storage, state, fetch } = outage(() => Promise.reject(new TypeError("offline")));
        const outages: unknown[] = [];
        const supabase = openRecovering(create, storage, fetch, {
          onOutage: (outage) => outages.push(outage),
          patience: 300_000,
        });
        let data: unknown;
        supabase.functions.invoke("me").then((result) => data = result.data);
        await runUntil(time, () => false, 40_000);
        state.answer = null;
        dispatchEvent(new Event(name));
        const elapsed = await runUntil(time, () => data !== undefined, 100_000);
        assert(elapsed <= 2000, `${elapsed} ms`);
        assertEquals([data, outages.at(-1)], ["in", null]);

        state.answer = () => html(503);
        store(storage, { ...expired(), refresh_token: stored(storage)?.refresh_token ?? "" });
        await supabase.auth.getSession();
        await runUntil(time, () => false, 20_000);
        assert(outages.at(-1) !== null);
        state.answer = null;
        dispatchEvent(new Event(name));
        const later = await runUntil(time, () => outages.at(-1) === null, 100_000);
        assert(later <= 2000, `${later} ms`);
      });
    }
  },
);

onBoth(
  "invoke() refreshes once in 30 seconds when the clock is two hours ahead",
  async (create) => {
    await inFakeTime(async (time) => {
      const { storage, state, signedOutCodes, onSignedOut, fetch, to } = outage(() => html(500));
      const validTokens = new Set<string>();
      const ahead = 7200;
      const initialSession = store(storage, expired());
      state.answer = () => {
        const exp = now() - ahead + 3600;
        const fresh = {
          ...refreshedSession(initialSession, { iat: now() - ahead, exp }),
          expires_at: exp,
        };
        validTokens.add(fresh.access_token);
        return to(TOKEN).length > 5 ? authSays(429, "over_request_rate_limit") : json(200, fresh);
      };
      const through: typeof globalThis.fetch = async (input, init) => {
        const bearer = new Headers(init?.headers).get("authorization")?.slice(7) ?? "";
        return String(input).includes(ME) && validTokens.has(bearer)
          ? json(200, "in")
          : await fetch(input, init);
      };
      const supabase = openRecovering(create, storage, through, { onSignedOut });
      for (let n = 0; n < 10; n++) {
        const { data } = await supabase.functions.invoke("me");
        assertEquals(data, "in");
      }
      assertEquals(to(TOKEN).length, 1);
      await runUntil(time, () => false, 30_000, 10_000);
      await supabase.functions.invoke("me");
      assertEquals([to(TOKEN).length, signedOutCodes], [2, []]);
      // Another tab of the same device reads the time of the refresh.
      const other = openRecovering(create, storage, through, { onSignedOut });
      assertEquals((await other.functions.invoke("me")).data, "in");
      assertEquals(to(TOKEN).length, 2);
    });
  },
);

for (
  const code of [
    "refresh_token_not_found",
    "refresh_token_already_used",
    "session_not_found",
    "session_expired",
    "user_not_found",
  ]
) {
  onBoth(
    `onSignedOut() is called once when Auth refuses the refresh with ${code}`,
    async (create) => {
      const { storage, signedOutCodes, onSignedOut, fetch, to } = outage(() => authSays(400, code));
      const supabase = openRecovering(create, storage, fetch, { onSignedOut });
      const [one, two] = await Promise.all([
        supabase.functions.invoke("me"),
        supabase.functions.invoke("me"),
      ]);
      assertEquals(stored(storage), null);
      await settle();
      assertEquals(signedOutCodes.length, 1);
      assert(["session_expired", code].includes(signedOutCodes[0] ?? ""), signedOutCodes[0]);
      assertEquals([problemOf(one.error)?.action, problemOf(two.error)?.action], [
        "sign_in",
        "sign_in",
      ]);
      assertEquals(to(TOKEN).length, 1);
    },
  );
}

onBoth(
  "getSession() keeps the session when another tab has used the refresh token",
  async (create) => {
    const { storage, initialSession, signedOutCodes, onSignedOut, fetch } = outage(() => {
      store(storage, refreshedSession(initialSession));
      return authSays(400, "refresh_token_already_used");
    });
    const supabase = openRecovering(create, storage, fetch, { onSignedOut });
    await supabase.auth.getSession();
    await settle();
    assert(stored(storage)?.access_token !== initialSession.access_token);
    assertEquals(signedOutCodes, []);
  },
);

onBoth("invoke() keeps a new session when Auth refuses the old one meanwhile", async (create) => {
  const fresh = session({ session_id: crypto.randomUUID(), sub: OTHER_USER });
  const { storage, signedOutCodes, onSignedOut, fetch } = outage(() => {
    store(storage, fresh);
    return authSays(400, "refresh_token_not_found");
  });
  const supabase = openRecovering(create, storage, fetch, { onSignedOut });
  await supabase.functions.invoke("me");
  await settle();
  assertEquals([stored(storage)?.access_token, signedOutCodes], [fresh.access_token, []]);
});

onBoth(
  "invoke() returns user_banned and keeps the session when the user is suspended",
  async (create) => {
    await inFakeTime(async (time) => {
      const { storage, initialSession, state, signedOutCodes, onSignedOut, fetch } = outage(
        () => authSays(400, "user_banned"),
      );
      const supabase = openRecovering(create, storage, fetch, { onSignedOut });
      let problem: ReturnType<typeof problemOf>;
      supabase.functions.invoke("me").then(({ error }) => problem = problemOf(error));
      await runUntil(time, () => problem !== undefined, 10_000);
      assertEquals([problem?.code, problem?.action], ["user_banned", "contact_support"]);
      assertEquals([stored(storage)?.refresh_token, signedOutCodes], [
        initialSession.refresh_token,
        [],
      ]);
      state.answer = null;
      let data: unknown;
      supabase.functions.invoke("me").then((result) => data = result.data);
      await runUntil(time, () => data !== undefined, 10_000);
      assertEquals(data, "in");
    });
  },
);

onBoth(
  "getUser() ends the stored session only when Auth refuses that session",
  async (create) => {
    const answers: [() => Response, boolean][] = [
      [() => authSays(403, "session_not_found"), false],
      [() => json(404, { code: "session_not_found", message: "x" }), true],
      [() =>
        json(404, { code: "session_not_found", message: "x" }, {
          "x-supabase-api-version": "2024-01-01",
        }), true],
      [() => authSays(403, "session_not_found", { Age: "9" }), true],
      [() => authSays(403, "session_not_found", { "x-sb-error-code": "bad_jwt" }), true],
      [() => authSays(403, "session_not_found", { "content-type": "text/html" }), true],
      [() => json(503, { error_code: "session_not_found", msg: "x" }), true],
    ];
    for (const [answer, stays] of answers) {
      const storage = new TabStorage();
      store(storage, session());
      const signedOutCodes: string[] = [];
      const { fetch } = fakeProject({ "/auth/v1/user": answer });
      const onSignedOut = ({ code }: { code: string }) => void signedOutCodes.push(code);
      const supabase = openRecovering(create, storage, fetch, { onSignedOut });
      const { error } = await supabase.auth.getUser();
      assert(error);
      await settle();
      assertEquals(
        [stored(storage) !== null, signedOutCodes],
        stays ? [true, []] : [false, ["session_not_found"]],
      );
    }
    const storage = new TabStorage();
    const fresh = store(storage, session({ session_id: crypto.randomUUID() }));
    const { fetch } = fakeProject({ "/auth/v1/user": () => authSays(403, "session_not_found") });
    const supabase = openRecovering(create, storage, fetch);
    await supabase.auth.getUser(session().access_token);
    await settle();
    assertEquals(stored(storage)?.access_token, fresh.access_token);
  },
);

onBoth(
  "setSession() keeps the stored session when another refresh token is refused",
  async (create) => {
    const storage = new TabStorage();
    for (
      const answer of [() => authSays(400, "refresh_token_not_found"), () => json(200, {})]
    ) {
      const initialSession = store(storage, expired());
      const { fetch } = fakeProject({
        [TOKEN]: ({ body }) =>
          body.includes(initialSession.refresh_token) ? json(503, {}) : answer(),
      });
      const supabase = openRecovering(create, storage, fetch);
      await settle();
      const { access_token, refresh_token } = expired({ sub: OTHER_USER });
      const { error } = await supabase.auth.setSession({ access_token, refresh_token });
      assert(error);
      assertEquals(stored(storage)?.refresh_token, initialSession.refresh_token);
    }
  },
);

onBoth(
  "signInWithPassword() gets the answer of Auth unchanged when it is refused",
  async (create) => {
    const { fetch, calls } = fakeProject({
      [TOKEN]: () => authSays(400, "invalid_credentials"),
    });
    const supabase = openRecovering(create, new TabStorage(), fetch);
    const { error } = await supabase.auth.signInWithPassword({ email: "a@b.c", password: "x" });
    assertEquals(Object(error).code, "invalid_credentials");
    assertEquals(calls.map(({ path }) => path), [`${TOKEN}?grant_type=password`]);
  },
);

onBoth(
  "invoke() ends the session at expiry when Auth refused the refresh before",
  async (create) => {
    await inFakeTime(async (time) => {
      const storage = new TabStorage();
      const exp = now() + 30; // so that supabase-js does not ask again within its own cooldown
      store(storage, { ...session({ iat: exp - 3600, exp }), expires_at: exp });
      const { fetch, to } = fakeProject({
        [TOKEN]: () => authSays(400, "refresh_token_already_used"),
        [ME]: () => now() < exp ? json(200, "in") : refuses("token_expired", "credential"),
        "/auth/v1/user": () => authSays(403, "bad_jwt"),
      });
      const signedOutCodes: string[] = [];
      const supabase = openRecovering(create, storage, fetch, {
        onSignedOut: ({ code }) => void signedOutCodes.push(code),
      });
      assertEquals((await supabase.functions.invoke("me")).data, "in");
      assertEquals(signedOutCodes, []);
      time.tick(31_000);
      let problem: ReturnType<typeof problemOf>;
      supabase.functions.invoke("me").then(({ error }) => problem = problemOf(error));
      const elapsed = await runUntil(time, () => problem !== undefined, 60_000);
      assertEquals([problem?.action, signedOutCodes, elapsed], ["sign_in", ["session_expired"], 0]);
      assertEquals(to(TOKEN).length, 1);
    });
  },
);

onBoth(
  "invoke() refreshes before expiry when tokens live for less than a minute",
  async (create) => {
    await inFakeTime(async (time) => {
      const storage = new TabStorage();
      const initialSession = store(storage, expired());
      const short = () => {
        const exp = now() + 20;
        return { ...refreshedSession(initialSession, { exp }), expires_in: 20, expires_at: exp };
      };
      const { fetch, to } = fakeProject({
        [TOKEN]: () => json(200, short()),
        [ME]: () => json(200, "in"),
      });
      const supabase = openRecovering(create, storage, fetch);
      await supabase.functions.invoke("me");
      time.tick(9000);
      await supabase.functions.invoke("me");
      assertEquals(to(TOKEN).length, 1);
      time.tick(2000);
      await supabase.functions.invoke("me");
      assertEquals(to(TOKEN).length, 2);
    });
  },
);

onBoth(
  "invoke() does not send a waiting call again when another user signs in",
  async (create) => {
    await inFakeTime(async (time) => {
      const storage = new TabStorage();
      store(storage, session());
      const other = session({ sub: OTHER_USER, session_id: crypto.randomUUID() });
      const { fetch, to } = fakeProject({ [ME]: () => refuses("auth_unavailable", "credential") });
      const supabase = openRecovering(create, storage, fetch);
      let code: string | undefined;
      supabase.functions.invoke("me").then(({ error }) => code = problemOf(error)?.code);
      await settle();
      store(storage, other);
      await runUntil(time, () => code !== undefined, 60_000);
      assertEquals([code, to(ME).length], ["auth_unavailable", 1]);
    });
  },
);

onBoth("invoke() refreshes when the user record is long", async (create) => {
  const storage = new TabStorage();
  const initialSession = store(storage, expired());
  const user = { ...initialSession.user, user_metadata: { notes: "x".repeat(200_000) } };
  const { fetch } = fakeProject({
    [TOKEN]: () => json(200, { ...refreshedSession(initialSession), user }),
    [ME]: () => json(200, "in"),
    "/auth/v1/user": () => json(200, user),
  });
  const supabase = openRecovering(create, storage, fetch);
  assertEquals((await supabase.functions.invoke("me")).data, "in");
  assertEquals(stored(storage)?.user, user);
  assertEquals((await supabase.auth.getUser()).error, null);
});

onBoth("onOutage() gets null when a background refresh succeeds", async (create) => {
  await inFakeTime(async (time) => {
    const { storage, state, fetch } = outage(() => html(503));
    const outages: unknown[] = [];
    const supabase = openRecovering(create, storage, fetch, {
      onOutage: (outage) => outages.push(outage),
      patience: 10_000,
    });
    let code: string | undefined;
    supabase.functions.invoke("me").then(({ error }) => code = problemOf(error)?.code);
    await runUntil(time, () => code !== undefined, 60_000);
    assertEquals([code, outages.includes(null)], ["auth_unavailable", false]);
    state.answer = null;
    await runUntil(time, () => false, 2000); // Auth is not asked more often
    await supabase.auth.startAutoRefresh();
    await runUntil(time, () => false, 1000);
    await supabase.auth.stopAutoRefresh();
    assertEquals(outages.at(-1), null);
  });
});

onBoth("onStep() reports a replay only when the call is sent again", async (create) => {
  await inFakeTime(async (time) => {
    const { storage, state, fetch, to } = outage(() => html(503));
    const steps: string[] = [];
    const supabase = openRecovering(create, storage, fetch, {
      onStep: ({ step }) => steps.push(step),
    });
    let data: unknown;
    supabase.functions.invoke("me").then((result) => data = result.data);
    await runUntil(time, () => false, 5000);
    assertEquals([steps.includes("replay"), to(ME).length], [false, 0]);
    state.answer = null;
    await runUntil(time, () => data !== undefined, 10_000);
    assertEquals([steps.filter((step) => step === "replay").length, to(ME).length], [1, 1]);
  });
});

onBoth("getUser() keeps the user's record when its text has the code of an end", async (create) => {
  const storage = new TabStorage();
  const initialSession = store(storage, session());
  const user = { ...initialSession.user, user_metadata: { note: "why session_not_found?" } };
  const { fetch } = fakeProject({ "/auth/v1/user": () => json(200, user) });
  const { data } = await openRecovering(create, storage, fetch).auth.getUser();
  assertEquals(data.user?.user_metadata, user.user_metadata);
});

onBoth(
  "getUser() keeps the session when a page has the code, however it is written",
  async (create) => {
    for (const status of [401, 403, 404, 429]) {
      for (const member of ["code", "error_code"]) {
        const storage = new TabStorage();
        store(storage, session());
        const headers = { "content-type": "text/html", "x-supabase-api-version": "2024-01-01" };
        const text = `{"${member}":"session\\u005fnot_found","message":"m"}`;
        const { fetch } = fakeProject({
          "/auth/v1/user": () => new Response(text, { status, headers }),
        });
        const supabase = openRecovering(create, storage, fetch);
        assertEquals((await supabase.auth.getUser()).error === null, false);
        assertEquals(stored(storage) === null, false, `${status} ${member}`);
      }
    }
  },
);

// How errors of supabase-js are read.
import { app, asked, type Shown, SRC } from "../_project.ts";

/** By id. */
export const errorExamples: Readonly<Record<string, Shown>> = {
  "dead-error-match": {
    fires: [
      {
        when: "the code of an auth error is compared",
        files: asked(`if (error?.code === "session_not_found") leave();`),
        severity: "error",
        at: `${SRC}:2`,
      },
      {
        when: "it is a case",
        files: asked(`switch (error!.code) { case "session_not_found": leave(); }`),
        severity: "error",
        at: `${SRC}:2`,
      },
      {
        when: "the message is searched for the code",
        files: asked(`if (error && error.message.includes("session_not_found")) leave();`),
        severity: "error",
        at: `${SRC}:2`,
      },
      {
        when: "the message is searched for Auth's own text",
        files: asked(`error?.message.match(/Session from session_id claim/);`),
        severity: "error",
        at: `${SRC}:2`,
      },
      {
        when: "the message of functions.invoke() is searched",
        files: asked(
          `if (error.message.includes("expired")) leave();`,
          `supabase.functions.invoke("me")`,
        ),
        severity: "error",
        at: `${SRC}:2`,
      },
      {
        when: "the whole result is kept",
        files: app(
          `const result = await supabase.auth.refreshSession(); if (result.error?.code == "session_not_found") leave();`,
        ),
        severity: "error",
        at: `${SRC}:2`,
      },
    ],
    quiet: [
      {
        when: "the name of the error lets the branch run as well",
        files: asked(
          `if (error.name === "FunctionsFetchError" || error.message?.includes("fetch")) offline();`,
          `supabase.functions.invoke("f")`,
        ),
      },

      {
        when: "it is the body of a function's answer",
        files: app(
          `const problem = await response.json(); if (problem.code === "session_not_found") leave();`,
        ),
      },
      {
        when: "another code is compared",
        files: asked(`if (error?.code === "user_not_found") leave();`),
      },
      {
        when: "the error is somebody else's",
        files: asked(`if (error.code === "session_not_found") leave();`, "shop.pay()"),
      },
      { when: "a comment has it", files: asked(`/* error.code === "session_not_found" */`) },
      {
        when: "the name is that of a catch clause",
        files: asked(
          `try { go(); } catch (error) { if (error.code === "session_not_found") leave(); }`,
        ),
      },
      {
        when: "the name belongs to an inner scope",
        files: asked(`for (const error of list) if (error.code === "session_not_found") leave();`),
      },
      {
        when: "the same condition knows the fixed text of functions.invoke() as well",
        files: asked(
          `if (error.message?.includes("timeout") || error.message?.includes("Failed to send")) retry();`,
          `supabase.functions.invoke("me")`,
        ),
      },
      {
        when: "the fixed text of functions.invoke() is compared",
        files: asked(`error.message.includes("non-2xx");`, `supabase.functions.invoke("me")`),
      },
    ],
  },
  "error-text-match": {
    fires: [{
      when: "an auth error is told by its text",
      files: asked(`if (error?.message.toLowerCase().includes("missing")) leave();`),
      severity: "warning",
      at: `${SRC}:2`,
    }, {
      when: "a condition tries several texts",
      files: asked(
        `if (error && (error.message?.includes("missing") || error.message.includes("Already Used"))) leave();`,
      ),
      severity: "warning",
      at: `${SRC}:2`,
    }],
    quiet: [
      {
        when: "the status is compared beside it",
        files: asked(`if (error.message.includes("registered") || error.status === 422) taken();`),
      },
      {
        when: "it is a developer's script",
        files: {
          "scripts/seed.ts": asked(`if (error.message.includes("registered")) taken();`)[SRC]!,
        },
      },

      {
        when: "the code decides, and the text is for servers of old",
        files: asked(
          `if (error && (error.code === "invalid_credentials" || error.message.includes("Invalid login"))) leave();`,
        ),
      },
      {
        when: "the code has decided before",
        files: asked(
          `if (error?.code === "user_banned") return "banned"; if (error?.message.includes("banned")) return "banned";`,
        ),
      },
      {
        when: "it is no awaited call's error",
        files: app(`const { error } = result; if (error.message.includes("a")) leave();`),
      },
      { when: "its code is compared", files: asked(`if (error?.code === "bad_jwt") leave();`) },
      {
        when: "it is an error of one's own",
        files: app(`try { run(); } catch (error) { error.message.includes("x"); }`),
      },
    ],
  },
  "invoke-error-status": {
    fires: [
      {
        when: "the status is compared",
        files: asked(`if (error?.status === 401) leave();`, `supabase.functions.invoke("me")`),
        severity: "error",
        at: `${SRC}:2`,
      },
      {
        when: "the promise is taken further",
        files: app(
          `supabase.functions.invoke("me").then(({ data, error }) => { if (error.status === 401) leave(); });`,
        ),
        severity: "error",
        at: `${SRC}:2`,
      },
      {
        when: "the code is, of a kept result",
        files: app(
          `const answer = await supabase.functions.invoke("me"); switch (answer.error.code) { case "a": leave(); }`,
        ),
        severity: "error",
        at: `${SRC}:2`,
      },
    ],
    quiet: [
      {
        when: "the answer is read beside it",
        files: asked(
          `if (error.status === 402 || error.context?.status === 402) pay();`,
          `supabase.functions.invoke("f")`,
        ),
      },

      {
        when: "the status is of the answer",
        files: asked(
          `if (error?.context.status === 401) leave();`,
          `supabase.functions.invoke("me")`,
        ),
      },
      { when: "the error is of Auth", files: asked(`if (error?.status === 401) leave();`) },
      {
        when: "it is only logged",
        files: asked(`console.error({ status: error.status });`, `supabase.functions.invoke("me")`),
      },
    ],
  },
};

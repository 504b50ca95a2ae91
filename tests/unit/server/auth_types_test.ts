// What TypeScript knows of c.var.auth. Each line fails `deno task check` when the types change; the
// handlers never run.
import type { SupabaseClient, User } from "@supabase/supabase-js";
import { Hono } from "hono";
import {
  type AllowMode,
  auth,
  type AuthContext,
  type AuthEnv,
  type AuthOptions,
  edgeFunction,
  type NoneContext,
  type PublishableContext,
  type SecretContext,
  type Session,
  type UserContext,
} from "../../../shared/mod.ts";

/** Whether two types are the same, in both directions. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;
const holds = <T extends true>(..._: T[]) => {};

type Database = {
  public: {
    Tables: {
      todos: {
        Row: { id: number };
        Insert: { id: number };
        Update: { id?: number };
        Relationships: [];
      };
    };
    Views: Record<never, never>;
    Functions: Record<never, never>;
  };
};
const helper = (_: SupabaseClient<Database>) => {};

Deno.test("edgeFunction() has nothing to narrow on a users-only route", () => {
  for (const app of [edgeFunction("x"), edgeFunction("x", {}), edgeFunction("x", { auth: {} })]) {
    app.get("/", (c) => {
      holds<Same<typeof c.var.auth, UserContext>>();
      holds<Same<typeof c.var.auth.user, User>>();
      holds<Same<typeof c.var.auth.kind, "user">>();
      // @ts-expect-error -- nothing asked for it
      c.var.auth.supabaseAdmin;
      return c.text(c.var.auth.user.id + c.var.auth.session.id);
    });
  }
  edgeFunction<Database>("x").get("/", (c) => {
    holds<Same<typeof c.var.auth, UserContext<Database>>>();
    helper(c.var.auth.supabase);
    // @ts-expect-error -- the schema has no such table
    c.var.auth.supabase.from("nope");
    return c.text("");
  });
  edgeFunction<Database>("x", { auth: { allow: ["user"], freshness: 10 }, public: ["/open"] })
    .get("/", (c) => {
      holds<Same<typeof c.var.auth, UserContext<Database>>>();
      return c.text("");
    });
});

Deno.test("edgeFunction() narrows c.var.auth by `allow`, also with an explicit Database", () => {
  edgeFunction("x", { auth: { allow: ["user", "none"] } }).get("/", (c) => {
    holds<Same<typeof c.var.auth, UserContext | NoneContext>>();
    // @ts-expect-error -- nobody may be signed in
    c.var.auth.user;
    c.var.auth.supabase;
    return c.text(c.var.auth.kind === "user" ? c.var.auth.user.id : "nobody");
  });
  edgeFunction<Database>("x", { auth: { allow: ["user", "none"] } }).get("/", (c) => {
    holds<Same<typeof c.var.auth, UserContext<Database> | NoneContext<Database>>>();
    helper(c.var.auth.supabase);
    return c.text("");
  });
  edgeFunction("x", { auth: { allow: ["secret:cron"] } }).post("/", (c) => {
    holds<Same<typeof c.var.auth, SecretContext>>();
    // @ts-expect-error -- a machine is no user
    c.var.auth.user;
    return c.text(c.var.auth.name);
  });
  edgeFunction<Database>("x", { auth: { allow: ["secret:cron", "secret"] } }).post("/", (c) => {
    holds<Same<typeof c.var.auth, SecretContext<Database>>>();
    helper(c.var.auth.supabaseAdmin);
    return c.text("");
  });
  edgeFunction<Database>("x", { auth: { allow: ["publishable:*", "none"] } }).get("/", (c) => {
    holds<Same<typeof c.var.auth, PublishableContext<Database> | NoneContext<Database>>>();
    return c.text("");
  });
  edgeFunction<Database>("x", { auth: { allow: ["user", "secret", "publishable:web", "none"] } })
    .get("/", (c) => {
      holds<Same<typeof c.var.auth.kind, "user" | "secret" | "publishable" | "none">>();
      switch (c.var.auth.kind) {
        case "user":
          return c.text(c.var.auth.user.id);
        case "secret":
          helper(c.var.auth.supabaseAdmin);
          return c.text(c.var.auth.name);
        case "publishable":
          return c.text(c.var.auth.name);
        case "none":
          helper(c.var.auth.supabase);
          return c.text("");
      }
    });
});

Deno.test("auth() narrows c.var.auth by `allow`, also with an explicit Database", () => {
  new Hono().use(auth()).get("/", (c) => {
    holds<Same<typeof c.var.auth, UserContext>>();
    return c.text("");
  });
  new Hono().use(auth({ allow: ["user", "none"] })).get("/", (c) => {
    holds<Same<typeof c.var.auth, UserContext | NoneContext>>();
    return c.text("");
  });
  new Hono().use(auth<Database>({ allow: ["user", "secret:*"] })).get("/", (c) => {
    holds<Same<typeof c.var.auth, UserContext<Database> | SecretContext<Database>>>();
    helper(c.var.auth.supabase);
    return c.text("");
  });
  new Hono<AuthEnv<Database, "secret">>().use(auth<Database>({ allow: ["secret"] })).get(
    "/",
    (c) => {
      helper(c.var.auth.supabaseAdmin);
      return c.text(c.var.auth.name);
    },
  );
});

Deno.test("auth() narrows c.var.auth further when a second one allows less", () => {
  new Hono().use(auth({ allow: ["user", "secret"] })).use("/jobs/*", auth({ allow: ["secret"] }))
    .get("/jobs/x", (c) => c.text(c.var.auth.name))
    .get("/jobs/y", auth({ allow: ["user"] }), (c) => {
      holds<Same<typeof c.var.auth, never>>(); // no caller is both
      return c.text("");
    });
});

Deno.test("auth() adds supabaseAdmin with `admin: true`, and for nobody else", () => {
  new Hono().use(auth<Database>({ admin: true })).get("/", (c) => {
    holds<Same<typeof c.var.auth.user, User>>();
    helper(c.var.auth.supabaseAdmin);
    helper(c.var.auth.supabase);
    return c.text("");
  });
  edgeFunction<Database>("x", { auth: { allow: ["user", "none"], admin: true } }).get("/", (c) => {
    helper(c.var.auth.supabaseAdmin);
    return c.text(c.var.auth.kind === "user" ? c.var.auth.user.id : "");
  });
  edgeFunction("x", { auth: { allow: ["user", "secret"] } }).get("/", (c) => {
    // @ts-expect-error -- a user has none, unless the route asks for it
    c.var.auth.supabaseAdmin;
    if (c.var.auth.kind === "secret") c.var.auth.supabaseAdmin;
    return c.text("");
  });
  const admin: boolean = Math.random() > 2;
  edgeFunction("x", { auth: { admin } }).get("/", (c) => {
    // @ts-expect-error -- it may not be there
    c.var.auth.supabaseAdmin;
    return c.text("");
  });
});

Deno.test("auth() types a null session for users only, and only with allowSessionless", () => {
  edgeFunction("x", { auth: { allow: ["user", "none"], allowSessionless: true } }).get("/", (c) => {
    if (c.var.auth.kind !== "user") return c.text(c.var.auth.kind satisfies "none");
    holds<Same<typeof c.var.auth.session, Session | null>>();
    return c.text("");
  });
  edgeFunction<Database>("x", { auth: { allowSessionless: true, admin: true } }).get("/", (c) => {
    holds<Same<typeof c.var.auth.session, Session | null>>();
    helper(c.var.auth.supabaseAdmin);
    return c.text("");
  });
});

Deno.test("auth() assumes every kind when its options are not known when it is compiled", () => {
  const options: AuthOptions = {};
  new Hono().use(auth(options)).get("/", (c) => {
    holds<Same<typeof c.var.auth.kind, "user" | "secret" | "publishable" | "none">>();
    // @ts-expect-error -- it may be a machine
    c.var.auth.user;
    return c.text("");
  });
  const allow: readonly AllowMode[] = ["user"];
  edgeFunction("x", { auth: { allow } }).get("/", (c) => {
    holds<Same<typeof c.var.auth.kind, "user" | "secret" | "publishable" | "none">>();
    return c.text("");
  });
});

Deno.test("auth() and edgeFunction() do not compile with a wrong mode", () => {
  const build = () => {
    // @ts-expect-error -- a typo
    auth({ allow: ["usr"] });
    // @ts-expect-error -- a typo
    auth({ allow: ["user", "secrets"] });
    // @ts-expect-error -- a typo
    edgeFunction("x", { auth: { allow: ["user", "secert:cron"] } });
    // @ts-expect-error -- a typo
    edgeFunction<Database>("x", { auth: { allow: ["anyone"] } });
    // @ts-expect-error -- a list
    edgeFunction("x", { auth: { allow: "secret" } });
    // @ts-expect-error -- a typo in a path's modes
    edgeFunction("x", { paths: { "/jobs/*": { allow: ["secrt"] } } });
    // @ts-expect-error -- an option that does not exist
    edgeFunction("x", { auth: { alow: ["user"] } });
  };
  void build;
});

Deno.test("AuthContext names the union of the kinds that a helper takes", () => {
  const nameOf = (caller: AuthContext<Database, "user" | "secret">) =>
    caller.kind === "user" ? caller.user.id : caller.name;
  edgeFunction<Database>("x", { auth: { allow: ["user", "secret:*"] } })
    .get("/", (c) => c.text(nameOf(c.var.auth)));
  edgeFunction<Database>("x").get("/", (c) => c.text(nameOf(c.var.auth)));
});

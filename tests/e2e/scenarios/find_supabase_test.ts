import { assertEquals, assertRejects } from "@std/assert";
import { findSupabase, HOW_TO_START, parseEnv } from "./find_supabase.ts";

Deno.test("parseEnv() reads what the CLI prints, quoted or not", () => {
  const text = 'API_URL="http://127.0.0.1:54321"\nJWT_SECRET=abc\nStopped services: [x]\n';
  assertEquals(parseEnv(text), { API_URL: "http://127.0.0.1:54321", JWT_SECRET: "abc" });
});

Deno.test("findSupabase() says what to start when the environment is not complete", async () => {
  const error = await assertRejects(() => findSupabase({ SUPABASE_URL: "http://127.0.0.1:1" }));
  assertEquals((error as Error).message, `${HOW_TO_START} (SUPABASE_PUBLISHABLE_KEY is not set.)`);
});

Deno.test("findSupabase() says what to start when nothing answers", async () => {
  const names = ["PUBLISHABLE_KEY", "SECRET_KEY", "ANON_KEY", "SERVICE_ROLE_KEY", "JWT_SECRET"];
  const env = Object.fromEntries(names.map((name) => [`SUPABASE_${name}`, "x"]));
  await assertRejects(
    () => findSupabase({ ...env, SUPABASE_URL: "http://127.0.0.1:1" }),
    Error,
    HOW_TO_START,
  );
});

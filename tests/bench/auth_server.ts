// The driver's side of the fake Auth.
import { start } from "./child.ts";
import type { TokenKind } from "./tokens.ts";

/** Calls that reached Auth. */
export interface Calls {
  readonly user: number;
  readonly jwks: number;
  /** Both, and any other path. */
  readonly all: number;
}

/** A running fake Auth. */
export interface AuthServer {
  /** What a function finds in its environment, keys included, as on the platform. */
  readonly env: Readonly<Record<string, string>>;
  tokens(kind: TokenKind, count: number): Promise<string[]>;
  delay(ms: number): Promise<void>;
  /** The calls since the last time. */
  calls(): Promise<Calls>;
  stop(): Promise<void>;
}

const PUBLISHABLE = "sb_publishable_bench00000000000000000_00000000";

/** Starts the fake Auth in a process of its own. */
export async function startAuth(): Promise<AuthServer> {
  const child = await start<{ url: string; jwks: unknown }>({ module: "./fake_auth.ts" });
  const { url, jwks } = child.ready;
  const post = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${url}/_bench/${path}`, { method: "POST" });
    return await response.json() as T;
  };
  return {
    env: {
      SUPABASE_URL: url,
      SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: PUBLISHABLE }),
      SUPABASE_SECRET_KEYS: JSON.stringify({
        default: "sb_secret_bench000000000000000000_00000000",
      }),
      SUPABASE_ANON_KEY: PUBLISHABLE,
      SUPABASE_JWKS: JSON.stringify(jwks),
    },
    async tokens(kind, count) {
      const batches: string[] = [];
      while (batches.length < count) {
        const size = Math.min(1000, count - batches.length);
        batches.push(...await post<string[]>(`tokens?kind=${kind}&count=${size}`));
      }
      return batches;
    },
    async delay(ms) {
      await post(`delay?ms=${ms}`);
    },
    async calls() {
      const byPath = await post<Record<string, number>>("calls");
      return {
        user: byPath["/auth/v1/user"] ?? 0,
        jwks: byPath["/auth/v1/.well-known/jwks.json"] ?? 0,
        all: Object.values(byPath).reduce((a, b) => a + b, 0),
      };
    },
    stop: child.stop,
  };
}

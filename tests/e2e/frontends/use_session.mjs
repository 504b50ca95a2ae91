// Runs under Node beside React and the package: what useSession() shows, from the server to a sign-out.
import { Buffer } from "node:buffer";
import process from "node:process";
import { createClient } from "@supabase/supabase-js";

const { Window } = await import("happy-dom");
const window = new Window({ url: "https://app.example/" });
const { document } = window;
Object.assign(globalThis, { window, document, IS_REACT_ACT_ENVIRONMENT: true });
const { act, createElement } = await import("react");
const { createRoot } = await import("react-dom/client");
const { renderToString } = await import("react-dom/server");
const { createRecovery } = await import("edge-auth/browser");
const { useSession } = await import("edge-auth/react");

const exp = Math.floor(Date.now() / 1000) + 3600;
const claims = Buffer.from(JSON.stringify({ sub: "u", session_id: "s", iat: exp - 3600, exp }));
const session = {
  access_token: `e30.${claims.toString("base64url")}.c2ln`,
  refresh_token: "r",
  token_type: "bearer",
  expires_in: 3600,
  expires_at: exp,
  user: { id: "u", email: "ada@example.com" },
};
const items = new Map([["key", JSON.stringify(session)]]);
const storage = {
  getItem: (key) => items.get(key) ?? null,
  setItem: (key, value) => void items.set(key, value),
  removeItem: (key) => void items.delete(key),
};
const recovery = createRecovery({
  fetch: () => Promise.resolve(new Response(null, { status: 204 })),
});
const supabase = recovery.attach(createClient("https://x.supabase.co", "sb_publishable_x", {
  auth: { storage, storageKey: "key", autoRefreshToken: false },
  global: { fetch: recovery.fetch },
}));
let subscriptions = 0;
const { onAuthStateChange } = supabase.auth;
supabase.auth.onAuthStateChange = (callback) => {
  subscriptions++;
  return onAuthStateChange.call(supabase.auth, callback);
};

const seen = [];
function Who() {
  const session = useSession(supabase);
  const text = session === undefined ? "unknown" : session?.user.email ?? "nobody";
  if (seen.at(-1) !== text) seen.push(text);
  return createElement("p", null, text);
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 20));
const server = renderToString(createElement(Who));
const root = createRoot(document.body.appendChild(document.createElement("div")));
const twice = createElement("div", null, createElement(Who), createElement(Who));
await act(() => root.render(twice));
await act(turn);
await act(() => supabase.auth.signOut({ scope: "local" }));
await act(turn);
console.log(JSON.stringify({ server, seen, subscriptions }));
process.exit(0); // React's scheduler keeps the process alive

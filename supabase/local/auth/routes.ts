/** The paths and methods of Supabase Auth that the embedded one has. */

import type { AuthCall, Difference } from "./call.ts";

/** Who may call a route: everybody, a signed-in user, or an admin (service_role). */
export type Access = "open" | "user" | "admin";

interface Route {
  readonly path: RegExp;
  readonly access: Access;
  readonly methods: readonly string[];
}

const table: readonly [path: RegExp, access: Access, ...methods: string[]][] = [
  [/^\/signup$/, "open", "POST"],
  [/^\/token$/, "open", "POST"],
  [/^\/otp$/, "open", "POST"],
  [/^\/magiclink$/, "open", "POST"],
  [/^\/recover$/, "open", "POST"],
  [/^\/resend$/, "open", "POST"],
  [/^\/verify$/, "open", "GET", "POST"],
  [/^\/authorize$/, "open", "GET"],
  [/^\/callback$/, "open", "GET", "POST"],
  [/^\/health$/, "open", "GET"],
  [/^\/settings$/, "open", "GET"],
  [/^\/\.well-known\/(jwks\.json|openid-configuration)$/, "open", "GET"],
  [/^\/user$/, "user", "GET", "PUT"],
  [/^\/logout$/, "user", "POST"],
  [/^\/reauthenticate$/, "user", "GET"],
  [/^\/factors\/[^/]+\/(challenge|verify)$/, "user", "POST"],
  [/^\/admin\/users$/, "admin", "GET", "POST"],
  [/^\/admin\/users\/[^/]+$/, "admin", "DELETE", "GET", "PUT"],
];

const routes: readonly Route[] = table.map(([path, access, ...methods]) => ({
  path,
  access,
  methods,
}));

/** Who may call the route of this call. */
export function accessOf(call: AuthCall): Access {
  return routes.find((route) => route.path.test(call.path))?.access ?? "open";
}

/** Unknown paths and methods: lite answers a page, and treats HEAD as GET. */
export const unknownRoutes: Difference = {
  auth: "an unknown path is text/plain 404, another method (HEAD too) is 405 with Allow",
  rows: ["user/head", "user/unknown-path"],
  before(call) {
    const route = routes.find((route) => route.path.test(call.path));
    if (!route) {
      return new Response("404 page not found\n", {
        status: 404,
        headers: {
          "content-type": "text/plain; charset=utf-8",
          "x-content-type-options": "nosniff",
        },
      });
    }
    if (route.methods.includes(call.method)) return;
    return new Response(null, { status: 405, headers: { allow: route.methods.join(", ") } });
  },
};

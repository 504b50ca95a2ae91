import type { RecordedScenario } from "../scenario.ts";
import { acceptedTokens, refusedTokens } from "../tokens.ts";
import { refresh, signUp } from "../users.ts";

const requests: RecordedScenario = {
  name: "headers, paths and methods of a request with a live token",
  async run({ stack, compare, compareAs }) {
    await compareAs(
      await signUp(stack),
      "user/live",
      "user/live-lower-case-scheme",
      "user/no-header",
      "user/basic-scheme",
      "user/scheme-only",
      "user/two-spaces",
      "user/two-tokens",
      "user/bearer-bearer",
      "user/raw-token",
      "user/publishable-key",
      "user/anon-key",
      "user/service-role-key",
      "user/aud-header",
      "user/options",
      "user/head",
      "user/unknown-path",
      "user/wrong-method",
      "logout/no-header",
      "admin/no-header",
      "admin/not-admin",
    );
    await compare("user/unknown-api-version", { token: "not-a-jwt" });
    await compare("user/bad-api-version", { token: "not-a-jwt" });
    await compare("jwks");
    await compare("health");
  },
};

const neverIssued: RecordedScenario = {
  name: "tokens that Auth never issues",
  async run({ stack, compare }) {
    const session = await signUp(stack);
    const other = await signUp(stack);
    // The user was recorded after a refresh, which sets the last of the user's times.
    await refresh(stack, session);
    const tokens = {
      ...await refusedTokens(session.access_token),
      ...await acceptedTokens(session.access_token, other.access_token),
    };
    for (const [name, token] of Object.entries(tokens)) await compare(`user/${name}`, { token });
  },
};

export const tokens: readonly RecordedScenario[] = [requests, neverIssued];

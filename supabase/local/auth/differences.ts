/**
 * Every way in which lite answers differently from Supabase Auth 2.196, in the order in which they
 * run. tests/e2e/conformance_test.ts compares the result with recorded answers.
 */

import { adminUsers } from "./admin.ts";
import type { Difference } from "./call.ts";
import { adminToken, userToken } from "./credential.ts";
import { passwordRules } from "./password_rules.ts";
import { pkceExchange } from "./pkce.ts";
import { unknownRoutes } from "./routes.ts";
import { simulatedFactor } from "./second_factor.ts";
import {
  appMetadata,
  bannedSignIn,
  defaultLogoutScope,
  passwordChange,
  refreshChecks,
} from "./sessions.ts";
import { disabledSignUp } from "./sign_up.ts";
import { documents, issuedTokens } from "./tokens.ts";
import { userColumns } from "./users.ts";
import { links, postedTokens } from "./verify.ts";

export const differences: readonly Difference[] = [
  unknownRoutes,
  documents,
  userToken,
  adminToken,
  adminUsers,
  disabledSignUp,
  bannedSignIn,
  refreshChecks,
  pkceExchange,
  links,
  postedTokens,
  appMetadata,
  passwordRules,
  defaultLogoutScope,
  passwordChange,
  userColumns,
  simulatedFactor,
  issuedTokens,
];

/** The page of the local stack: something to see first, then everything to try. */

import { ensureSignedIn, know, show, startAccount } from "./account.ts";
import { call, startCalls } from "./calls.ts";
import { storedToken, visitor } from "./client.ts";
import { isLink, startConfirm, takeRedirectProblem } from "./confirm.ts";
import { byId, say } from "./dom.ts";
import { startElsewhere } from "./elsewhere.ts";

const problem = takeRedirectProblem();
// A new visitor is somebody; one who signed out stays so.
const newcomer = visitor === undefined && !isLink && problem === null;
startAccount(newcomer);
startCalls(know);
startConfirm(know);
await startElsewhere(know, ensureSignedIn);

if (isLink) {
  byId("confirm-title").focus();
  say("You followed a link. Nothing has happened yet.");
} else if (problem) {
  say(problem.message);
} else if (newcomer) {
  try {
    await ensureSignedIn();
    await call("GET me");
    say("Somebody new is signed in, and GET me was let in. Now end the session elsewhere.");
  } catch (error) {
    show(undefined);
    say(error instanceof Error ? error.message : String(error));
  }
} else if (storedToken() === undefined) {
  say("Nobody is signed in here.");
} else {
  await call("GET me");
}
document.documentElement.dataset.ready = "";

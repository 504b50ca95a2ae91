/** The page of the local stack: something to see first, then everything to try. */

import { ensureSignedIn, showAccount, startAccount } from "./account.ts";
import { callFunction, firstCall, startCalls } from "./calls.ts";
import { storedToken, visitor } from "./client.ts";
import { startDialogs } from "./dialogs.ts";
import { byId, say, sayError } from "./dom.ts";
import {
  acceptRedirect,
  isLink,
  showInvalidLink,
  startMailLink,
  takeRedirectProblem,
  takeRedirectSession,
} from "./mail_link.ts";
import { startStackControls } from "./stack_controls.ts";
import { startWaiting } from "./waiting.ts";

const problem = takeRedirectProblem();
const redirect = takeRedirectSession();
// A new visitor is somebody; one who signed out stays so.
const isNew = visitor === undefined && !isLink && problem === null && redirect === null;
// What any other function does with a GET, nobody knows.
const isMe = firstCall === "GET me";
startCalls();
startWaiting();
startDialogs();
startAccount(isNew);
startMailLink();
await startStackControls(ensureSignedIn);

if (isLink) {
  byId("link-title").focus();
  say("You followed a link. Nothing has happened yet.");
} else if (problem) {
  showInvalidLink(problem);
} else if (redirect) {
  await acceptRedirect(redirect).catch(sayError);
} else if (isNew) {
  try {
    await ensureSignedIn();
    if (!isMe) say("A new user is signed in. Call a function.", "ok");
    else if (!(await callFunction("GET me")).error) {
      say("A new user is signed in, and GET me let it in. Now end the session elsewhere.", "ok");
    }
  } catch (error) {
    showAccount(undefined);
    sayError(error);
  }
} else if (storedToken() === undefined) {
  say("Nobody is signed in here. Sign in to go on.");
} else if (isMe) {
  await callFunction("GET me");
} else say("You are signed in. Call a function.", "ok");
document.documentElement.dataset.ready = "";

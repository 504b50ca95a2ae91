/// <reference lib="dom" />
// The client in a worker and in a service worker, where there is neither a document nor localStorage.
import { assert, assertEquals } from "@std/assert";
import { authSays, projectOfFile, refuses, sessionOf, type TestSession } from "./fake_project.ts";
import type { WorkerRequest, WorkerResult } from "./fake_project_worker.ts";

const file = projectOfFile();

/** Runs calls in a worker of a page. */
async function callIn(
  kind: "worker" | "service worker",
  session: TestSession,
  calls: number,
): Promise<WorkerResult> {
  const device = await file.browser.newContext();
  const page = await device.newPage();
  await page.goto(`${file.project.url}/ping`);
  const request: WorkerRequest = { session: JSON.stringify(session), calls };
  const result = await page.evaluate(async ([kind, request]) => {
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise<WorkerResult>((resolve) => {
      port1.onmessage = ({ data }) => resolve(data);
    });
    if (kind === "worker") {
      new Worker("/worker.js", { type: "module" }).postMessage(request, [port2]);
    } else {
      await navigator.serviceWorker.register("/worker.js", { type: "module" });
      const { active } = await navigator.serviceWorker.ready;
      active?.postMessage(request, [port2]);
    }
    return await answer;
  }, [kind, request] as const);
  await device.close();
  return result;
}

for (const kind of ["worker", "service worker"] as const) {
  Deno.test(`a ${kind} renews once for five calls, and keeps the session when Auth has not ended it`, async () => {
    const { project } = file;
    const mine = sessionOf(-100);
    project.grant = () => new Response("<html>no</html>", { status: 403 });
    const kept = await callIn(kind, mine, 1);
    assertEquals([kept.outcomes, kept.told], [["auth_unavailable"], []]);
    assert(kept.stored?.includes(mine.refresh_token));
    project.grant = null;
    const before = project.count("/auth/v1/token");
    const renewed = await callIn(kind, mine, 5);
    assertEquals([renewed.outcomes, renewed.told], [Array(5).fill("in"), []]);
    assertEquals(project.count("/auth/v1/token") - before, 1);
  });

  Deno.test(`a ${kind} is told once when the session has ended`, async () => {
    const { project } = file;
    project.routes["/functions/v1/me"] = () => refuses("session_not_found");
    project.routes["/auth/v1/user"] = () => authSays(403, "session_not_found");
    const { outcomes, told, stored } = await callIn(kind, sessionOf(3600), 3);
    assertEquals(outcomes, Array(3).fill("session_not_found"));
    assertEquals([told, stored], [["session_not_found"], undefined]);
  });
}

// Deploys every function with the real CLI to a Management API on loopback, checks the uploaded
// files, and runs them under the Deno of the edge runtime.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { signWebhook } from "../../../shared/testing/mod.ts";
import type { Output } from "../../support/npm_tool.ts";
import { beginUpload } from "../../support/raw_http.ts";
import { copyProject, functionNames } from "../../support/project_copy.ts";
import { refuses } from "../../support/fake_auth.ts";
import { token, USER_ID } from "../../support/tokens.ts";
import { deployProject, runUploads } from "./deploy.ts";
import type { Deployment } from "./management_api.ts";

const HOOK_SECRET = `v1,whsec_${btoa("the secret of the hook in the test")}`;

/** What a caller without any credential is told of an unknown route, where it is not to sign in. */
const WITHOUT_CREDENTIAL: Readonly<Record<string, readonly [code: string, action: string]>> = {
  hooks: ["not_found", "fix_request"],
  jobs: ["invalid_api_key", "fix_request"],
};

let folder: string;
let names: string[];
let output: Output;
let deployment: Deployment;

Deno.test.beforeAll(async () => {
  folder = await Deno.makeTempDir({ prefix: "edge-auth-deploy-" });
  names = await functionNames();
  await copyProject(`${folder}/project`);
  ({ output, deployment } = await deployProject(folder));
});

Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

Deno.test("supabase functions deploy succeeds without a warning", () => {
  assertEquals(output.code, 0, output.text);
  assert(!/^\s*warn/im.test(output.text), output.text);
});

Deno.test("supabase functions deploy activates every function, with verify_jwt = false", () => {
  const expected = names.map((slug) => ({ slug, verify_jwt: false }));
  assert(names.length > 0);
  assertEquals(
    sorted(deployment.live.map(({ slug, verify_jwt }) => ({ slug, verify_jwt }))),
    expected,
  );
  const uploaded = deployment.uploads.map(({ slug, metadata: { verify_jwt } }) => ({
    slug,
    verify_jwt,
  }));
  assertEquals(sorted(uploaded), expected);
});

Deno.test("supabase functions deploy uploads exactly the files that each function imports", async () => {
  await Promise.all(deployment.uploads.map(async ({ slug, metadata, files }) => {
    assertEquals(metadata.entrypoint_path, `functions/${slug}/index.ts`);
    assertEquals(metadata.import_map_path, "import_map.json");
    const imported = await localImports(metadata.entrypoint_path);
    assertEquals([...files.keys()].sort(), [...imported, "import_map.json"].sort(), slug);
    for (const [path, bytes] of files) {
      assertEquals(bytes, await Deno.readFile(`${folder}/project/${path}`), path);
    }
  }));
});

Deno.test("supabase functions deploy uploads functions that answer under the edge runtime's Deno", async (t) => {
  await using auth = serveAuth();
  await using running = await runUploads(folder, deployment, {
    SUPABASE_URL: auth.url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: "sb_publishable_deploy" }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: "sb_secret_deploy", cron: "sb_secret_cron" }),
    BEFORE_USER_CREATED_HOOK_SECRET: HOOK_SECRET,
  });
  const { urls } = running;

  for (const [slug, url] of urls) {
    await t.step(`${slug} answers in the one shape`, async () => {
      const response = await fetch(`${url}/no/such/route`);
      const problem = await problemOf(response);
      const [code, action] = WITHOUT_CREDENTIAL[slug] ?? ["no_authorization", "sign_in"];
      assertEquals([problem.code, problem.action], [code, action]);
    });
  }
  await t.step("me answers with the user that Auth returned", async () => {
    const headers = { authorization: `Bearer ${token()}` };
    const response = await fetch(urls.get("me") ?? "", { headers });
    const body = await response.json();
    assertEquals([response.status, body.id], [200, USER_ID], JSON.stringify(body));
  });
  await t.step("health answers without a user", async () => {
    const response = await fetch(urls.get("health") ?? "");
    assertEquals([response.status, await response.json()], [200, { status: "ok" }]);
  });
  await t.step("todos refuses an upload before its body has come", async () => {
    const answer = await beginUpload(urls.get("todos") ?? "");
    assertMatch(answer, /^HTTP\/1\.1 401 [^]*"code":"no_authorization"/);
  });
  await t.step("events and socket end when the session does", async () => {
    const jwt = token();
    const stream = await fetch(urls.get("events") ?? "", {
      headers: { authorization: `Bearer ${jwt}` },
    });
    assertEquals(stream.headers.get("content-type"), "text/event-stream");
    const url = (urls.get("socket") ?? "").replace("http", "ws");
    const socket = new WebSocket(url, ["echo", `jwt-${jwt}`]);
    const closed = new Promise<[number, string]>((resolve) => {
      socket.onclose = ({ code, reason }) => resolve([code, reason]);
    });
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => socket.send("tea");
      socket.onmessage = ({ data }) => data === "tea" ? resolve() : reject(data);
      socket.onerror = reject;
    });
    assertEquals(socket.protocol, "echo");

    auth.endSession(jwt);

    assertEquals(await closed, [3000, "session_not_found"]);
    assertMatch(
      await stream.text(),
      /\nevent: problem\ndata: {"code":"session_not_found",.*}\n\n$/,
    );
  });
  await t.step("hooks answers Auth, which signs, and nobody else", async () => {
    const url = `${urls.get("hooks")}/before-user-created`;
    const send = async (secret: string, email: string) => {
      const { headers, body } = await signWebhook(url, { secret, body: { user: { email } } });
      const response = await fetch(url, { method: "POST", headers, body });
      return [response.status, await response.json()];
    };
    assertEquals(await send(HOOK_SECRET, "ada@example.com"), [200, {}]);
    const [status, { error }] = await send(HOOK_SECRET, "ada@mailinator.com");
    assertEquals([status, error.http_code], [200, 403]);
    const [refused, { code }] = await send(`whsec_${btoa("x".repeat(32))}`, "ada@example.com");
    assertEquals([refused, code], [401, "webhook_signature_invalid"]);
  });
  await t.step("jobs answers the key named cron, and no other", async () => {
    const send = async (apikey: string) => {
      const headers = { apikey, "Content-Type": "application/json" };
      const record = { id: "1", user_id: USER_ID, title: "tea" };
      const body = JSON.stringify({ type: "INSERT", schema: "public", table: "todos", record });
      const response = await fetch(`${urls.get("jobs")}/todo-added`, {
        method: "POST",
        headers,
        body,
      });
      await response.body?.cancel();
      return response.status;
    };
    assertEquals(await send("sb_secret_cron"), 204);
    assertEquals(await send("sb_secret_deploy"), 403);
    assertEquals(await send("sb_secret_unknown"), 401);
  });
});

function sorted<T extends { slug: string }>(functions: T[]): T[] {
  return functions.toSorted((a, b) => a.slug < b.slug ? -1 : 1);
}

/** The files of the project that a module imports, and its own. */
async function localImports(entry: string): Promise<string[]> {
  const args = ["info", "--json", "--no-lock", entry];
  const command = new Deno.Command(Deno.execPath(), { args, cwd: `${folder}/project` });
  const graph = JSON.parse(new TextDecoder().decode((await command.output()).stdout)) as {
    modules: { specifier: string; error?: string }[];
  };
  const root = new URL(`file://${await Deno.realPath(folder)}/project/`).href;
  return graph.modules
    .map(({ specifier, error }) => {
      assertEquals(error, undefined, specifier);
      return specifier;
    })
    .filter((specifier) => specifier.startsWith("file:"))
    .map((specifier) => decodeURI(specifier).replace(root, ""));
}

/** The endpoints of Supabase Auth that a function calls. */
function serveAuth(): AsyncDisposable & { url: string; endSession(token: string): void } {
  const ended = new Set<string | null>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    await request.body?.cancel();
    const { pathname } = new URL(request.url);
    if (pathname === "/auth/v1/health") {
      return Response.json({ name: "GoTrue", version: "v2.197.0" });
    }
    if (pathname === "/auth/v1/user") {
      return ended.has(request.headers.get("authorization"))
        ? refuses(403, "session_not_found")
        : Response.json({ id: USER_ID, aud: "authenticated" });
    }
    if (pathname === "/rest/v1/todos") return Response.json([]);
    return new Response("404 page not found", { status: 404 });
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  return {
    url,
    endSession: (token) => void ended.add(`Bearer ${token}`),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function problemOf(response: Response): Promise<Record<string, unknown>> {
  assertEquals(response.headers.get("content-type"), "application/json");
  const problem = await response.json() as Record<string, unknown>;
  assertEquals(
    Object.keys(problem).sort(),
    ["action", "code", "message", "replay", "request_id", "status"],
  );
  assertEquals(problem.status, response.status);
  assertMatch(String(problem.request_id), /./);
  return problem;
}

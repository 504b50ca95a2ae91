import { assertEquals, assertRejects } from "@std/assert";
import { readUpload, serveManagementApi } from "./management_api.ts";

const address = "http://127.0.0.1/v1/projects/ref/functions/deploy?slug=me";
const metadata = {
  name: "me",
  entrypoint_path: "functions/me/index.ts",
  import_map_path: "import_map.json",
  verify_jwt: false,
};

function upload(...files: string[]): Request {
  const form = new FormData();
  for (const name of files) form.append("file", new File([`// ${name}`], name));
  form.append("metadata", JSON.stringify(metadata));
  return new Request(address, { method: "POST", body: form });
}

Deno.test("readUpload() keeps each file under its path in the project", async () => {
  const { slug, metadata: read, files } = await readUpload(upload("functions/me/index.ts", "a.ts"));
  assertEquals([slug, read], ["me", metadata]);
  assertEquals([...files.keys()], ["functions/me/index.ts", "a.ts"]);
  assertEquals(new TextDecoder().decode(files.get("a.ts")), "// a.ts");
});

Deno.test("readUpload() throws when a path leads out of the project", async () => {
  await assertRejects(() => readUpload(upload("../secret.ts")), TypeError, "../secret.ts");
  await assertRejects(() => readUpload(upload("/etc/hosts")), TypeError, "/etc/hosts");
});

Deno.test("readUpload() throws when the metadata is missing", async () => {
  const request = new Request(address, { method: "POST", body: new FormData() });
  await assertRejects(() => readUpload(request), TypeError, "metadata");
});

Deno.test("serveManagementApi() keeps uploads and what is put live", async () => {
  await using api = serveManagementApi("ref");
  const form = await upload("a.ts").formData();
  const deployed = await fetch(`${api.url}/v1/projects/ref/functions/deploy?slug=me`, {
    method: "POST",
    body: form,
  });
  assertEquals([deployed.status, (await deployed.json()).slug], [201, "me"]);
  const live = [{ slug: "me", verify_jwt: false }];
  const put = await fetch(`${api.url}/v1/projects/ref/functions`, {
    method: "PUT",
    body: JSON.stringify(live),
  });
  assertEquals(await put.json(), { functions: live });
  assertEquals(api.deployment.uploads.map(({ slug }) => slug), ["me"]);
  assertEquals(api.deployment.live, live);
});

Deno.test("serveManagementApi() answers 404 when the path is another", async () => {
  await using api = serveManagementApi("ref");
  const response = await fetch(`${api.url}/v1/projects/other/functions`, { method: "PUT" });
  assertEquals([response.status, await response.json()], [404, { message: "not found" }]);
});

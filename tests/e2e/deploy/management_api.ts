// The part of Supabase's Management API that `supabase functions deploy --use-api` and `supabase
// secrets set` call, on loopback. It keeps every upload for the test.

/** What the CLI sends about a function. */
export interface UploadMetadata {
  readonly name: string;
  readonly entrypoint_path: string;
  readonly import_map_path: string;
  readonly verify_jwt: boolean;
}

/** One uploaded function: its files by their path in the project. */
export interface Upload {
  readonly slug: string;
  readonly metadata: UploadMetadata;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** The calls of one deployment. */
export interface Deployment {
  readonly uploads: Upload[];
  /** The functions that the last call of the CLI activated. */
  readonly live: { readonly slug: string; readonly verify_jwt: boolean }[];
  /** The variables that were set for them. */
  readonly secrets: { readonly name: string; readonly value: string }[];
}

/** A running Management API. */
export interface ManagementApi extends AsyncDisposable {
  readonly url: string;
  readonly deployment: Deployment;
}

/**
 * Reads one upload.
 *
 * @param request `POST /v1/projects/<ref>/functions/deploy?slug=…`, multipart.
 * @returns The function.
 * @throws {TypeError} A part is missing, or a path leads out of the project.
 */
export async function readUpload(request: Request): Promise<Upload> {
  const slug = new URL(request.url).searchParams.get("slug");
  const form = await request.formData();
  const metadata = form.get("metadata");
  if (!slug || typeof metadata !== "string") {
    throw new TypeError("an upload needs slug and metadata");
  }
  const files = new Map<string, Uint8Array>();
  for (const part of form.getAll("file")) {
    if (typeof part === "string") throw new TypeError(`a file of ${slug} has no name`);
    if (part.name.startsWith("/") || part.name.split("/").includes("..")) {
      throw new TypeError(`${slug}: ${part.name} leads out of the project`);
    }
    files.set(part.name, await part.bytes());
  }
  return { slug, metadata: JSON.parse(metadata) as UploadMetadata, files };
}

/**
 * Starts a Management API on a free loopback port.
 *
 * @param project The reference of its only project.
 * @returns Its address, and what is deployed to it.
 */
export function serveManagementApi(project: string): ManagementApi {
  const deployment = {
    uploads: [] as Upload[],
    live: [] as Deployment["live"],
    secrets: [] as Deployment["secrets"],
  };
  const functions = `/v1/projects/${project}/functions`;

  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (request.method === "POST" && pathname === `${functions}/deploy`) {
      const upload = await readUpload(request);
      deployment.uploads.push(upload);
      const { slug, metadata: { name, verify_jwt } } = upload;
      const version = { id: slug, version: 1, status: "ACTIVE", created_at: 1, updated_at: 1 };
      return Response.json({ ...version, slug, name, verify_jwt }, { status: 201 });
    }
    if (request.method === "PUT" && pathname === functions) {
      deployment.live = await request.json() as Deployment["live"];
      return Response.json({ functions: deployment.live });
    }
    if (request.method === "POST" && pathname === `/v1/projects/${project}/secrets`) {
      deployment.secrets.push(...await request.json() as Deployment["secrets"]);
      return new Response(null, { status: 201 });
    }
    await request.body?.cancel();
    return Response.json({ message: "not found" }, { status: 404 });
  });

  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    deployment,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

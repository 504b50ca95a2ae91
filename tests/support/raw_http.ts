/**
 * Sends the head of an upload and the beginning of its body, and never the rest.
 *
 * @param url Where to.
 * @param headers Headers besides those of the body.
 * @returns The status line and the headers of the answer, and what came of its body with them.
 *
 * @example
 * ```ts
 * import { assertMatch } from "@std/assert";
 *
 * const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
 * await using server = Deno.serve(options, () => new Response("too large", { status: 413 }));
 * const answer = await beginUpload(`http://127.0.0.1:${server.addr.port}/`);
 * assertMatch(answer, /^HTTP\/1\.1 413 .*too large$/s);
 * ```
 */
export async function beginUpload(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { hostname, port, host, pathname } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const lines = [
    `POST ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    "Content-Type: application/json",
    "Content-Length: 10000000",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  const begin = `${lines.join("\r\n")}\r\n\r\n{"title":"x`;
  await connection.write(new TextEncoder().encode(begin));
  let answer = "";
  const decoder = new TextDecoder();
  for (const buffer = new Uint8Array(65_536);;) {
    const bytes = await connection.read(buffer);
    if (bytes === null) return answer;
    answer += decoder.decode(buffer.subarray(0, bytes), { stream: true });
    const [head, body = ""] = answer.split("\r\n\r\n");
    const length = /^content-length: (\d+)\r?$/im.exec(head ?? "")?.[1];
    if (answer.includes("\r\n\r\n") && body.length >= Number(length ?? 0)) return answer;
  }
}

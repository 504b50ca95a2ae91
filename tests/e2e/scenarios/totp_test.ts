import { assertEquals } from "@std/assert";
import { totp } from "./totp.ts";

const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"; // the ASCII text of RFC 6238, appendix B

Deno.test("totp() gives the last six digits of the RFC's test values", async () => {
  assertEquals(await totp(SECRET, 59_000), "287082");
  assertEquals(await totp(SECRET, 1_111_111_109_000), "081804");
  assertEquals(await totp(SECRET, 20_000_000_000_000), "353130");
});

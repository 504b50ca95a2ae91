const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The six-digit time-based one-time password (RFC 6238) of a base32 secret; `now` in ms. */
export async function totp(secret: string, now: number): Promise<string> {
  const bits = Array.from(secret.replace(/=+$/, ""), (char) => BASE32.indexOf(char));
  const binary = bits.map((value) => value.toString(2).padStart(5, "0")).join("");
  const bytes = (binary.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2));
  const algorithm = { name: "HMAC", hash: "SHA-1" };
  const key = await crypto.subtle.importKey("raw", new Uint8Array(bytes), algorithm, false, [
    "sign",
  ]);
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(Math.floor(now / 30_000)));
  const mac = new DataView(await crypto.subtle.sign("HMAC", key, counter));
  const offset = mac.getUint8(19) & 15;
  return String((mac.getUint32(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

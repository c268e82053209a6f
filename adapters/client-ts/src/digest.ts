import { createHash } from "node:crypto";

/** SHA-256 over the parts, one after the other. */
export function sha256(...parts: (Uint8Array | string)[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** The value of a `Content-Digest` header (RFC 9530). */
export function contentDigest(bytes: Uint8Array): string {
  return `sha-256=:${sha256(bytes).toString("base64")}:`;
}

/** Whether the header announces these bytes; a header without SHA-256 announces nothing. */
export function fitsDigest(header: string | undefined, bytes: Uint8Array): boolean {
  const announced = /(?:^|[,\s])sha-256=:([A-Za-z0-9+/]{43}=):/.exec(header ?? "")?.[1];
  return announced !== undefined && announced === sha256(bytes).toString("base64");
}

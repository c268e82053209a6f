/**
 * Reading the strict, line-based texts of the evidence. Texts are handled as "binary" strings, one character a byte, until
 * their UTF-8 is asked for, so that lengths and regular expressions speak of bytes.
 */

/** The text does not have the form it should have: exit code 2 of `cpgw verify`. */
export class Malformed extends Error {}

export function need<T>(value: T | null | undefined | false, what: string): T {
  if (value === null || value === undefined || value === false) throw new Malformed(what);
  return value;
}

/** The bytes of a binary string. */
export function bytesOf(binary: string): Buffer {
  return Buffer.from(binary, "latin1");
}

/** A binary string of bytes. */
export function binaryOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** Strict UTF-8. */
export function utf8Of(binary: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytesOf(binary));
  } catch {
    throw new Malformed("not UTF-8");
  }
}

/** Strict base64: no blanks, right padding, no stray bits; of so many bytes when `size` is given. */
export function base64Of(text: string, size?: number): Buffer {
  const bytes = Buffer.from(text, "base64");
  need(bytes.toString("base64") === text && (size === undefined || bytes.length === size), "not base64 of the right size");
  return bytes;
}

const MOST = 2n ** 64n - 1n;

/** ASCII decimal without sign or leading zeros, under 2^64. */
export function decimalOf(text: string): bigint {
  need(/^(?:0|[1-9][0-9]{0,19})$/.test(text), "not a number");
  const value = BigInt(text);
  need(value <= MOST, "not a number");
  return value;
}

/** Lines that each end with a line feed. */
export function linesOf(text: string): string[] {
  if (text === "") return [];
  need(text.endsWith("\n"), "a line without its end");
  return text.slice(0, -1).split("\n");
}

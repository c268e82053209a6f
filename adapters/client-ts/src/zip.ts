import { inflateRawSync } from "node:zlib";

import { DigestMismatch } from "./errors.js";
import type { NamedFile } from "./types.js";

/**
 * Reads the flat ZIP of a bundle: names in UTF-8, stored or deflated, no encryption, no ZIP64 (a bundle is far under
 * 4 GiB). Everything is compared with what the archive itself says: sizes, checksums, no name twice, no folder. Anything
 * else is a `DigestMismatch`: such an archive is not the gateway's.
 */

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const ENCRYPTED = 1;
const STORED = 0;
const DEFLATED = 8;

/** The gateway takes at most this much in one request; more than that is not what was sent. */
export const MAX_BUNDLE_BYTES = 512 * 1024 * 1024;
/** Over any `max_files` of a gateway (`GET /v1/limits`). */
export const MAX_FILES = 100_000;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; ++bit) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}

function broken(what: string): DigestMismatch {
  return new DigestMismatch(`the ZIP is broken: ${what}`);
}

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

/** A name that is a file's in a flat folder, on any system. */
function isFlatName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\\\0:]/.test(name);
}

function nameOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw broken("a name is not UTF-8");
  }
}

interface Directory {
  readonly count: number;
  readonly offset: number;
  readonly end: number;
}

function directoryOf(zip: Buffer): Directory {
  const lowest = Math.max(0, zip.length - END_BYTES - 0xffff);
  for (let at = zip.length - END_BYTES; at >= lowest; --at)
    if (zip.readUInt32LE(at) === END && at + END_BYTES + zip.readUInt16LE(at + 20) === zip.length)
      return { count: zip.readUInt16LE(at + 10), offset: zip.readUInt32LE(at + 16), end: at };
  throw broken("no directory");
}

function entryAt(zip: Buffer, at: number): { entry: Entry; next: number } {
  if (at + CENTRAL_BYTES > zip.length || zip.readUInt32LE(at) !== CENTRAL) throw broken("its directory is cut off");
  if (zip.readUInt16LE(at + 8) & ENCRYPTED) throw broken("it is encrypted");
  const nameEnd = at + CENTRAL_BYTES + zip.readUInt16LE(at + 28);
  const next = nameEnd + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  if (next > zip.length) throw broken("its directory is cut off");
  const name = nameOf(zip.subarray(at + CENTRAL_BYTES, nameEnd));
  if (!isFlatName(name)) throw broken("a name is not that of a file in a flat folder");
  const entry = {
    name,
    method: zip.readUInt16LE(at + 10),
    crc: zip.readUInt32LE(at + 16),
    packed: zip.readUInt32LE(at + 20),
    size: zip.readUInt32LE(at + 24),
    offset: zip.readUInt32LE(at + 42),
  };
  return { entry, next };
}

function unpack(packed: Buffer, entry: Entry): Buffer {
  if (entry.method === STORED) return Buffer.from(packed);
  if (entry.method !== DEFLATED) throw broken("an unknown kind of compression");
  try {
    // One byte more than announced is allowed to come out, and is then an error: a bomb ends there.
    return inflateRawSync(packed, { maxOutputLength: entry.size + 1 });
  } catch (cause) {
    throw new DigestMismatch("the ZIP is broken: a file does not unpack", { cause });
  }
}

function contentOf(zip: Buffer, entry: Entry): Buffer {
  if (entry.offset + LOCAL_BYTES > zip.length || zip.readUInt32LE(entry.offset) !== LOCAL) throw broken("a file is cut off");
  const nameEnd = entry.offset + LOCAL_BYTES + zip.readUInt16LE(entry.offset + 26);
  const begin = nameEnd + zip.readUInt16LE(entry.offset + 28);
  if (begin + entry.packed > zip.length) throw broken("a file is cut off");
  if (nameOf(zip.subarray(entry.offset + LOCAL_BYTES, nameEnd)) !== entry.name) throw broken("a file has two names");
  const bytes = unpack(zip.subarray(begin, begin + entry.packed), entry);
  if (bytes.length !== entry.size || crc32(bytes) !== entry.crc) throw broken("a file's checksum differs");
  return bytes;
}

/** The files of a flat ZIP, in its order. Throws `DigestMismatch` for anything that is not one. */
export function readZip(bytes: Uint8Array): NamedFile[] {
  const zip = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (zip.length < END_BYTES) throw broken("no directory");
  const { count, offset, end } = directoryOf(zip);
  if (count > MAX_FILES) throw broken("too many files");
  const entries = new Map<string, Entry>();
  let total = 0;
  let at = offset;
  for (let index = 0; index < count; ++index) {
    const { entry, next } = entryAt(zip, at);
    total += entry.size;
    if (total > MAX_BUNDLE_BYTES) throw broken("too large");
    if (entries.has(entry.name)) throw broken("a name is there twice");
    entries.set(entry.name, entry);
    at = next;
  }
  if (at !== end) throw broken("its directory is longer than it says");
  return [...entries.values()].map((entry) => ({ name: entry.name, bytes: contentOf(zip, entry) }));
}

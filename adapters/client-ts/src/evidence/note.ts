import { createPublicKey, verify, type KeyObject } from "node:crypto";

import { sha256 } from "../digest.js";
import { Malformed, base64Of, binaryOf, bytesOf, decimalOf, linesOf, need, utf8Of } from "./text.js";

/** C2SP signed notes and checkpoints. A key is `<name>+<8 hex digits>+<base64>`. */

const SIGNS_NOTES = 1;
const COSIGNS = 4;
const MAX_NOTE = 256 * 1024;
const MAX_SIGNATURES = 100;
/** An Ed25519 public key as DER, less its 32 bytes. */
const DER_HEAD = Buffer.from("302a300506032b6570032100", "hex");
/** What Unicode counts as a blank. */
const KEY_NAME = /^[^\x00-\x20+\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/;
/** `<host>/cpgw/<year>`: all years of a gateway are signed by one key under the year's name. */
const YEAR_ORIGIN = /^(.+\/cpgw\/)([2-9][0-9]{3})$/s;

export interface VerifierKey {
  readonly name: string;
  readonly id: number;
  readonly typed: Buffer;
}

interface Signature {
  readonly name: string;
  readonly id: number;
  readonly bytes: Buffer;
}

export interface Note {
  readonly text: Buffer;
  readonly signatures: readonly Signature[];
}

export interface Checkpoint {
  readonly origin: string;
  readonly size: bigint;
  readonly root: Buffer;
}

function keyId(name: string, typed: Uint8Array): number {
  return sha256(name, "\n", typed).readUInt32BE(0);
}

function parseKeyStrictly(text: string): VerifierKey {
  const [name, id, encoded] = need(/^([^+]+)\+([0-9a-f]{8})\+(.+)$/s.exec(text), "a key is <name>+<id>+<key>").slice(1) as
    [string, string, string];
  const typed = base64Of(encoded, 33);
  need(KEY_NAME.test(name) && (typed[0] === SIGNS_NOTES || typed[0] === COSIGNS), "an unknown kind of key");
  need(keyId(name, typed).toString(16).padStart(8, "0") === id, "the key's id is not its own");
  return { name, id: keyId(name, typed), typed };
}

/** Reads a key. Throws a `TypeError` for what is none: a wrong setting, never a matter of evidence. */
export function parseKey(text: string): VerifierKey {
  try {
    return parseKeyStrictly(text);
  } catch (cause) {
    if (!(cause instanceof Malformed)) throw cause;
    throw new TypeError("a trusted key is <name>+<8 hex digits>+<base64>", { cause });
  }
}

function parseSignature(line: string): Signature {
  const [name, encoded] = need(/^— ([^ ]+) ([^\n]*)$/.exec(line), "a line that is no signature").slice(1) as [string, string];
  const bytes = base64Of(encoded);
  need(KEY_NAME.test(name) && bytes.length > 4, "a line that is no signature");
  return { name, id: bytes.readUInt32BE(0), bytes: bytes.subarray(4) };
}

/** `binary`: the note as a binary string. */
export function parseNote(binary: string): Note {
  need(binary.length <= MAX_NOTE && !/[\x00-\x09\x0b-\x1f]/.test(binary), "not a note");
  const note = utf8Of(binary);
  const end = note.lastIndexOf("\n\n");
  need(end >= 0, "a note without signatures");
  const lines = linesOf(note.slice(end + 2));
  need(lines.length > 0 && lines.length <= MAX_SIGNATURES, "a note without signatures, or with too many");
  return { text: Buffer.from(note.slice(0, end + 1)), signatures: lines.map(parseSignature) };
}

export function parseCheckpoint(text: Buffer): Checkpoint {
  const [origin, size, root, ...extensions] = linesOf(utf8Of(binaryOf(text)));
  need(origin && size && root && extensions.every((line) => line !== ""), "not a checkpoint");
  return { origin: origin as string, size: decimalOf(size as string), root: base64Of(root as string, 32) };
}

function keyObject(key: VerifierKey): KeyObject {
  return createPublicKey({ key: Buffer.concat([DER_HEAD, key.typed.subarray(1)]), format: "der", type: "spki" });
}

function isSigner(key: VerifierKey, signature: Signature): boolean {
  return key.id === signature.id && key.name === signature.name;
}

function verifies(key: VerifierKey, text: Buffer, signature: Signature): boolean {
  if (key.typed[0] === SIGNS_NOTES)
    return signature.bytes.length === 64 && verify(null, text, keyObject(key), signature.bytes);
  if (signature.bytes.length !== 72) return false;
  const seen = Buffer.concat([bytesOf(`cosignature/v1\ntime ${signature.bytes.readBigUInt64BE(0)}\n`), text]);
  return verify(null, seen, keyObject(key), signature.bytes.subarray(8));
}

/** The trusted keys and, for a gateway's log, the same keys under the name of this log's year. */
export function keysForLog(trusted: readonly VerifierKey[], origin: string): VerifierKey[] {
  const host = YEAR_ORIGIN.exec(origin)?.[1];
  const renamed = trusted
    .filter((key) => host !== undefined && key.typed[0] === SIGNS_NOTES && YEAR_ORIGIN.exec(key.name)?.[1] === host)
    .map((key) => ({ name: origin, id: keyId(origin, key.typed), typed: key.typed }));
  return [...trusted, ...renamed];
}

export type Signed =
  | { readonly outcome: "signed"; readonly witnesses: readonly string[] }
  | { readonly outcome: "tampered" }
  | { readonly outcome: "unknown_key" };

/**
 * Who signed: a signature of a trusted key that does not verify is `tampered`; without one of the log's own key, which has
 * the checkpoint's origin as its name, it is `unknown_key`. A witness's cosignature does not replace that one.
 */
export function whoSigned(note: Note, origin: string, trusted: readonly VerifierKey[]): Signed {
  const keys = keysForLog(trusted, origin);
  let byLog = false;
  const witnesses = new Set<string>();
  for (const signature of note.signatures) {
    const signers = keys.filter((key) => isSigner(key, signature));
    if (signers.length === 0) continue;
    if (!signers.some((key) => verifies(key, note.text, signature))) return { outcome: "tampered" };
    if (signers[0]?.typed[0] === COSIGNS) witnesses.add(signature.name);
    else byLog ||= signature.name === origin;
  }
  return byLog ? { outcome: "signed", witnesses: [...witnesses] } : { outcome: "unknown_key" };
}

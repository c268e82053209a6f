import { sha256 } from "../digest.js";
import type { NamedFile } from "../types.js";
import { commitment, parseLeaf, type FullLeaf, type Leaf } from "./leaf.js";
import { isIncluded, leafHash } from "./merkle.js";
import { parseCheckpoint, parseKey, parseNote, whoSigned, type Checkpoint, type Note, type VerifierKey } from "./note.js";
import { Malformed, base64Of, binaryOf, bytesOf, decimalOf, linesOf, need } from "./text.js";

/** What a genuine receipt says. */
export interface Receipt extends Leaf {
  /** Name of the log, `<host>/cpgw/<year>`, and the record's place in it. */
  readonly origin: string;
  readonly index: bigint;
  /** Trusted witnesses that cosigned the checkpoint. */
  readonly witnesses: readonly string[];
}

/** The outcome, with the exit code that `cpgw verify` has for it. `receipt` is there when it is genuine all the same. */
export type Verification =
  | { readonly result: "proven"; readonly code: 0; readonly filesCompared: boolean; readonly receipt: Receipt }
  | { readonly result: "tampered"; readonly code: 1; readonly reason: Reason; readonly receipt?: Receipt }
  | { readonly result: "malformed"; readonly code: 2; readonly reason: Reason }
  | { readonly result: "unknown_key"; readonly code: 3; readonly reason: Reason; readonly receipt?: Receipt };

/** One sentence for people, in both languages; without names of files. */
export interface Reason {
  readonly ja: string;
  readonly en: string;
}

const MAX_RECEIPT = 1024 * 1024;
const MAX_PATH = 64; // a tree of 2^64 leaves is that high
const HEADER = "c2sp.org/tlog-proof@v1\n";

const REASONS = {
  form: { ja: "受付票の形式が正しくありません", en: "It does not have the form of a receipt" },
  signature: { ja: "信頼する鍵の署名が合いません", en: "A signature of a trusted key does not verify" },
  key: { ja: "信頼する鍵による署名がありません", en: "No signature of a trusted key of this log" },
  tree: { ja: "記録が署名されたログにありません", en: "The record is not in the signed log" },
  none: { ja: "記録されたファイルが 1 件もありません", en: "None of the recorded files is here" },
  salts: { ja: "ソルトがなく、ファイルと照合できません", en: "There are no salts: files cannot be compared" },
  missing: { ja: "ファイルが足りないか、変わっています", en: "A file is missing or was changed" },
  foreign: { ja: "この記録のものでないファイルがあります", en: "A file is not of this record, or was changed" },
  signatures: { ja: "電子署名ファイル（.p7s）が変わっています", en: "The signature files (.p7s) were changed" },
} satisfies Record<string, Reason>;

interface Proof {
  readonly leafText: string;
  readonly salts: readonly Buffer[];
  readonly index: bigint;
  readonly path: readonly Buffer[];
  readonly note: Note;
  readonly checkpoint: Checkpoint;
}

function parseExtra(binary: string): Pick<Proof, "leafText" | "salts"> {
  const end = binary.indexOf("\n\n");
  need(end >= 0, "no leaf in the extra data");
  const salts = linesOf(binary.slice(end + 2)).map((line, index) => {
    const prefix = `salt ${index + 1} `;
    need(line.startsWith(prefix), "a line that is no salt");
    return base64Of(line.slice(prefix.length), 32);
  });
  return { leafText: binary.slice(0, end + 1), salts };
}

function parseProof(binary: string): Proof {
  need(binary.length <= MAX_RECEIPT && binary.startsWith(HEADER), "a proof of another form, or too long");
  const end = binary.indexOf("\n\n");
  need(end >= 0, "a proof without a checkpoint");
  const [extra = "", index = "", ...path] = binary.slice(HEADER.length, end).split("\n");
  need(extra.startsWith("extra ") && index.startsWith("index ") && path.length <= MAX_PATH, "not the lines of a proof");
  const note = parseNote(binary.slice(end + 2));
  return {
    ...parseExtra(binaryOf(base64Of(extra.slice("extra ".length)))),
    index: decimalOf(index.slice("index ".length)),
    path: path.map((line) => base64Of(line, 32)),
    note,
    checkpoint: parseCheckpoint(note.text),
  };
}

/** As many salts as the bundle has files, or none. */
function saltsFit(leaf: FullLeaf, salts: number): boolean {
  return salts === 0 || salts === leaf.files.length || (leaf.filesDigest !== undefined && salts > leaf.files.length);
}

interface FileAtHand {
  readonly name: string;
  readonly bytes: bigint;
  readonly digest: Buffer;
}

function byName(left: FileAtHand, right: FileAtHand): number {
  return Buffer.compare(Buffer.from(left.name), Buffer.from(right.name));
}

/** Takes the listed files out of `rest`; the commitments in their order, or undefined when one fits nothing. */
function takeListed(leaf: FullLeaf, salts: readonly Buffer[], rest: FileAtHand[]): Buffer[] | undefined {
  for (const [index, listed] of leaf.files.entries()) {
    const salt = salts[index];
    const at = rest.findIndex((file) => salt !== undefined && file.bytes === listed.bytes &&
      commitment(salt, file.digest).equals(listed.commitment));
    if (at < 0) return undefined;
    rest.splice(at, 1);
  }
  return leaf.files.map((file) => file.commitment);
}

/** Why the files do not fit the leaf exactly; undefined when they do. */
function mismatch(leaf: FullLeaf, salts: readonly Buffer[], given: readonly FileAtHand[]): Reason | undefined {
  if (given.length === 0) return REASONS.none;
  if (salts.length === 0) return REASONS.salts;
  const names = new Set(given.map((file) => file.name));
  const isSignature = ({ name }: FileAtHand) =>
    leaf.signatures !== undefined && name.endsWith(".p7s") && names.has(name.slice(0, -4));
  const rest = given.filter((file) => !isSignature(file)).sort(byName);
  const sums = takeListed(leaf, salts, rest);
  if (!sums) return REASONS.missing;
  const more = salts.slice(leaf.files.length);
  if (more.length !== rest.length) return REASONS.foreign;
  more.forEach((salt, index) => sums.push(commitment(salt, rest[index]?.digest ?? Buffer.alloc(0))));
  if (leaf.filesDigest !== undefined && sha256(...sums).toString("hex") !== leaf.filesDigest) return REASONS.foreign;
  // In the order of the names of the files they sign: `A.p7s` comes before `A.B.p7s`.
  const signatures = given.filter(isSignature).map((file) => ({ ...file, name: file.name.slice(0, -4) })).sort(byName);
  if (signatures.length === 0) return undefined;
  const sum = sha256(...signatures.map((file) => file.digest)).toString("hex");
  return sum === leaf.signatures ? undefined : REASONS.signatures;
}

function atHand(file: NamedFile): FileAtHand {
  return { name: file.name, bytes: BigInt(file.bytes.length), digest: sha256(file.bytes) };
}

/** Checks in the order of gateway/audit/README.md, which decides the outcome when several things are wrong. */
function judge(text: string, files: readonly NamedFile[] | undefined, keys: readonly VerifierKey[]): Verification {
  const { leafText, salts, index, path, note, checkpoint } = parseProof(text);
  const signed = whoSigned(note, checkpoint.origin, keys);
  if (signed.outcome === "tampered") return { result: "tampered", code: 1, reason: REASONS.signature };
  if (signed.outcome === "unknown_key") return { result: "unknown_key", code: 3, reason: REASONS.key };
  if (!isIncluded(index, checkpoint.size, leafHash(bytesOf(leafText)), path, checkpoint.root))
    return { result: "tampered", code: 1, reason: REASONS.tree };
  const leaf = parseLeaf(leafText);
  need(saltsFit(leaf, salts.length), "not as many salts as files");
  const receipt: Receipt = { ...leaf, origin: checkpoint.origin, index, witnesses: signed.witnesses };
  if (files === undefined || leaf.files.length === 0)
    return { result: "proven", code: 0, filesCompared: false, receipt };
  const reason = mismatch(leaf, salts, files.map(atHand));
  if (reason === undefined) return { result: "proven", code: 0, filesCompared: true, receipt };
  return reason === REASONS.salts
    ? { result: "unknown_key", code: 3, reason, receipt }
    : { result: "tampered", code: 1, reason, receipt };
}

/**
 * Verifies a receipt offline: signature of the log, place in the log, form of the record and, with `files`, that these are
 * exactly the files it is about. Comes to the same outcome as `cpgw verify`, but for one thing: what senders' signatures
 * (`.p7s`) are worth is not judged, only that they are those that were sent.
 *
 * @param text the receipt, C2SP tlog-proof@v1
 * @param files the bundle's files; undefined: not compared
 * @param trustedKeys keys of the log (and of witnesses), `<name>+<8 hex digits>+<base64>`, known by another way than the
 *   gateway. A key of one year vouches for the gateway's logs of all years
 * @throws {TypeError} a trusted key is none
 */
export function verifyReceipt(
  text: string | Uint8Array,
  files: readonly NamedFile[] | undefined,
  trustedKeys: readonly string[],
): Verification {
  const keys = trustedKeys.map(parseKey);
  try {
    return judge(binaryOf(typeof text === "string" ? Buffer.from(text) : text), files, keys);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { result: "malformed", code: 2, reason: REASONS.form };
  }
}

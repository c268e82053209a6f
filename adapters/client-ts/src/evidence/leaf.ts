import { sha256 } from "../digest.js";
import { base64Of, decimalOf, need } from "./text.js";

/** One record of the log (gateway/audit/README.md, "A leaf"): no personal data. */
export interface Leaf {
  readonly type: string;
  /** RFC 3339, UTC, by the gateway's clock. */
  readonly time: string;
  readonly bundle: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** SHA-256 of the certificate of whoever acted, `sha256:<hex>`. */
  readonly certificate: string | undefined;
  readonly edition: string | undefined;
  readonly kind: string | undefined;
  readonly month: string | undefined;
  readonly result: string | undefined;
  /** ETSI EN 319 522. */
  readonly event: string | undefined;
  /** Digest of the rules that were applied. */
  readonly rules: string | undefined;
  /** What the sender declared about a conversion by its adapter; the gateway saw neither source nor report. */
  readonly conversion: Conversion | undefined;
  readonly files: readonly LeafFile[];
}

/** These files were made out of another form of data, `dialect`, by the sender's adapter. */
export interface Conversion {
  /** `[a-z0-9][a-z0-9-]{0,39}` */
  readonly dialect: string;
  readonly version: number;
  /** Values put in where the source had none. */
  readonly fills: number;
  /** Values taken out of tables of the adapter's own. */
  readonly lookups: number;
  /** SHA-256 of the adapter's report, `sha256:<hex>`. */
  readonly report: string;
}

export interface LeafFile {
  readonly type: string;
  readonly bytes: bigint;
  readonly commitment: Buffer;
}

/** What comparing files needs beside what a reader wants to know. */
export interface FullLeaf extends Leaf {
  /** Digest over the digests of the senders' signatures, in hexadecimal. */
  readonly signatures: string | undefined;
  /** Digest over all commitments, when there are more files than a leaf lists. */
  readonly filesDigest: string | undefined;
  /** Lines of `<name> <text>`. */
  readonly details: string;
}

const MAX_BYTES = 4096;

const WORD = "(?!-(?![\\w.-]))[\\w.-]{1,64}"; // "-" alone is no word
const HASH = "sha256:[0-9a-f]{64}";
const OFFICE = "\\d{2}[0-9A-HJ-NPR-Z]\\d{7}";
const TYPES = "submit|reject|fetch|ack|recall|unclaimed|access|admin|key|erase|tsa|start|stop|shard-close";
const MONTH = "(?:19|2\\d)\\d\\d(?:0[1-9]|1[0-2])";
const COUNT = "0|[1-9]\\d{0,8}";
const CONVERSION =
  `adapter (?<dialect>[a-z0-9][a-z0-9-]{0,39})@(?<version>${COUNT}) ` +
  `fills (?<fills>${COUNT}) lookups (?<lookups>${COUNT}) report (?<report>${HASH})\\n`;
const FORM = new RegExp(
  `^cpgw-entry/v1\\ntype (?<type>${TYPES})\\n` +
    "time (?<time>(?<year>\\d{4})-(?<mon>\\d\\d)-(?<day>\\d\\d)T(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d\\.\\d{3}Z)\\n" +
    "bundle (?<bundle>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|-)\\n" +
    `from (?<from>${OFFICE}|-) cert (?<cert>${HASH}|-)\\nto (?<to>${OFFICE}|-)\\n` +
    `spec (?<edition>${WORD}|-) kind (?<kind>${WORD}|-) month (?<month>${MONTH}|-)\\n` +
    `(?<files>(?:file \\d+ ${WORD} (?:0|[1-9]\\d*) sha256c:[A-Za-z0-9+/=]{44}\\n){0,24})` +
    `result (?<result>${WORD}(?: (?:${WORD}(?:,${WORD})*|-))?|-)\\n` +
    `(?:event (?<event>${WORD})\\n)?rules (?<rules>${HASH}|-)\\nsig cms (?<cms>${HASH}|none)\\n` +
    `(?<details>(?:(?!adapter )${WORD} [ -~]+\\n)*)(?:${CONVERSION})?$`,
);

function isDay(year: number, month: number, day: number): boolean {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}

function parseFile(line: string, index: number): LeafFile {
  const [word, number, type = "", bytes = "", commitment = ""] = line.split(" ");
  need(word === "file" && number === String(index + 1), "files are numbered from 1");
  return { type, bytes: decimalOf(bytes), commitment: base64Of(commitment.slice("sha256c:".length), 32) };
}

function conversionOf(found: Readonly<Record<string, string | undefined>>): Conversion | undefined {
  const { dialect, version, fills, lookups, report, type } = found;
  if (dialect === undefined || report === undefined) return undefined;
  need(type === "submit" || type === "reject", "a conversion stands in the leaf of a submission");
  return { dialect, version: Number(version), fills: Number(fills), lookups: Number(lookups), report };
}

/** `text`: a binary string. Throws `Malformed` for what is no leaf. */
export function parseLeaf(text: string): FullLeaf {
  need(text.length <= MAX_BYTES, "a leaf over 4 KiB");
  const found = need(FORM.exec(text)?.groups, "not a leaf");
  const value = (name: string) => (found[name] === "-" ? undefined : found[name]);
  need(isDay(Number(found["year"]), Number(found["mon"]), Number(found["day"])), "a day that is none");
  return {
    type: found["type"] ?? "",
    time: found["time"] ?? "",
    bundle: value("bundle"),
    from: value("from"),
    to: value("to"),
    certificate: value("cert"),
    edition: value("edition"),
    kind: value("kind"),
    month: value("month"),
    result: value("result"),
    event: value("event"),
    rules: value("rules"),
    conversion: conversionOf(found),
    files: (found["files"] ?? "").split("\n").slice(0, -1).map(parseFile),
    signatures: found["cms"] === "none" ? undefined : found["cms"]?.slice("sha256:".length),
    details: found["details"] ?? "",
    filesDigest: /^files-digest sha256:([0-9a-f]{64})$/m.exec(found["details"] ?? "")?.[1],
  };
}

/** What a leaf says of a file: it shows the content to nobody who has not the salt and the file. */
export function commitment(salt: Uint8Array, fileDigest: Uint8Array): Buffer {
  return sha256("cpgw-commit/v1\n", salt, fileDigest);
}

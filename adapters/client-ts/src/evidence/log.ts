import { Tampered } from "../errors.js";
import { parseLeaf } from "./leaf.js";
import { leafHash, nodeHash } from "./merkle.js";
import { parseCheckpoint, parseNote, whoSigned, type Checkpoint, type VerifierKey } from "./note.js";
import { Malformed, binaryOf, need } from "./text.js";

/**
 * What a client remembers of a gateway's log, and whether the log continues it: a log that went back, forked or is signed by
 * another key shows here, whoever holds its key. The same check, and the same form of memory, as `cpgw` has.
 */

/** Asks the log: `checkpoint`, `2026/checkpoint`, `2026/tile/0/000.p/5`. Undefined: there is no such thing. */
export type LogFetch = (path: string) => Promise<Buffer | undefined>;

/** The log contradicts what was seen of it. Both notes are signed by its key: keep them, they are evidence. */
export class LogContradiction extends Tampered {
  constructor(
    message: string,
    /** The signed checkpoint that was seen before; "" when there was none. */
    readonly seen: string,
    /** The one offered now; "" when there is none. */
    readonly offered: string,
  ) {
    super(message);
  }
}

/** Signed notes by the origin of their log. */
type Pins = Readonly<Record<string, string>>;

interface Signed {
  readonly note: string;
  readonly text: string;
  readonly checkpoint: Checkpoint;
}

const TILE_HEIGHT = 8;
const TILE_WIDTH = 1 << TILE_HEIGHT;
const HASH_BYTES = 32;
const MAX_MEMORY = 1024 * 1024; // a note a year and gateway
const YEAR_ORIGIN = /^(.+)\/cpgw\/([2-9][0-9]{3})$/s;

function contradicts(what: string): Tampered {
  return new Tampered(`the gateway's log does not continue what was seen of it: ${what}`);
}

function yearOf(origin: string): number {
  return Number(YEAR_ORIGIN.exec(origin)?.[2] ?? 0);
}

function sizeOf(checkpoint: Checkpoint): number {
  const size = Number(checkpoint.size);
  if (!Number.isSafeInteger(size)) throw contradicts("its size");
  return size;
}

function readNote(note: string): Signed {
  const { text } = parseNote(binaryOf(Buffer.from(note)));
  return { note, text: text.toString(), checkpoint: parseCheckpoint(text) };
}

/** `<L>/<N>[.p/<W>]`, N in groups of three digits (C2SP tlog-tiles). */
function tilePath(level: string, index: number, width: number): string {
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, "0");
  const groups = digits.match(/.{3}/g) ?? [];
  const name = groups.map((group, at) => (at + 1 < groups.length ? `x${group}` : group)).join("/");
  return `${level}/${name}${width < TILE_WIDTH ? `.p/${width}` : ""}`;
}

/** The nodes of one signed tree, out of its tiles. Nothing is believed: roots are computed from them and compared. */
class RemoteTree {
  readonly #fetch: LogFetch;
  readonly #folder: string;
  readonly #size: number;
  readonly #tiles = new Map<string, Promise<Buffer>>();

  constructor(fetch: LogFetch, { origin }: Checkpoint, size: number) {
    this.#fetch = fetch;
    this.#folder = yearOf(origin) > 0 ? `${yearOf(origin)}/tile/` : "tile/";
    this.#size = size;
  }

  #tile(level: number, index: number): Promise<Buffer> {
    const nodes = Math.floor(this.#size / 2 ** (TILE_HEIGHT * level));
    const width = Math.min(TILE_WIDTH, nodes - index * TILE_WIDTH);
    const path = tilePath(String(level), index, width);
    const known = this.#tiles.get(path) ?? this.#get(path).then((tile) => {
      if (tile.length !== width * HASH_BYTES) throw contradicts("a tile of another size");
      return tile;
    });
    this.#tiles.set(path, known);
    return known;
  }

  async #get(path: string): Promise<Buffer> {
    const bytes = await this.#fetch(this.#folder + path);
    if (!bytes) throw contradicts("a part of the signed log is missing");
    return bytes;
  }

  /** The root over 2^level leaves from index * 2^level. */
  async #node(level: number, index: number): Promise<Buffer> {
    const inTile = level % TILE_HEIGHT;
    const first = index * 2 ** inTile;
    const tile = await this.#tile(Math.floor(level / TILE_HEIGHT), Math.floor(first / TILE_WIDTH));
    const at = (first % TILE_WIDTH) * HASH_BYTES;
    let row = Array.from({ length: 2 ** inTile }, (_, leaf) =>
      tile.subarray(at + leaf * HASH_BYTES, at + (leaf + 1) * HASH_BYTES));
    while (row.length > 1)
      row = Array.from({ length: row.length / 2 }, (_, pair) =>
        nodeHash(row[2 * pair] ?? Buffer.alloc(0), row[2 * pair + 1] ?? Buffer.alloc(0)));
    return need(row[0], "a node");
  }

  /** The root over the leaves from begin to end, which is the right edge of the tree or a whole node. */
  async root(begin: number, end: number): Promise<Buffer> {
    const count = end - begin;
    const level = Math.log2(count);
    if (Number.isInteger(level)) return this.#node(level, begin / count);
    const middle = begin + leftOf(count);
    return nodeHash(await this.root(begin, middle), await this.root(middle, end));
  }

  /**
   * The roots of the first `old` leaves from `begin`, and of all of them up to `end`, both computed from the same nodes: so
   * the one tree begins with the other, whatever the tiles say.
   */
  async roots(old: number, begin: number, end: number): Promise<readonly [Buffer, Buffer]> {
    if (old === end - begin) {
      const root = await this.root(begin, end);
      return [root, root];
    }
    const left = leftOf(end - begin);
    const middle = begin + left;
    if (old <= left) {
      const [before, now] = await this.roots(old, begin, middle);
      return [before, nodeHash(now, await this.root(middle, end))];
    }
    const whole = await this.root(begin, middle);
    const [before, now] = await this.roots(old - left, middle, end);
    return [nodeHash(whole, before), nodeHash(whole, now)];
  }

  /** The text of the first leaf, and the root of the tree of which it is the first. */
  async firstLeaf(): Promise<readonly [string, Buffer]> {
    const bytes = await this.#get(tilePath("entries", 0, Math.min(TILE_WIDTH, this.#size)));
    const leaf = bytes.subarray(2, 2 + (bytes.length >= 2 ? bytes.readUInt16BE(0) : 0));
    const climb = async (end: number): Promise<Buffer> => {
      if (end === 1) return leafHash(leaf);
      const middle = leftOf(end);
      return nodeHash(await climb(middle), await this.root(middle, end));
    };
    return [binaryOf(leaf), await climb(this.#size)];
  }
}

/** The largest power of two under the count. */
function leftOf(count: number): number {
  let left = 1;
  while (left * 2 < count) left *= 2;
  return left;
}

async function signedAt(path: string, keys: readonly VerifierKey[], fetch: LogFetch): Promise<Signed | undefined> {
  const bytes = await fetch(path);
  if (!bytes) return undefined;
  const signed = readNote(bytes.toString("utf8"));
  if (whoSigned(parseNote(binaryOf(bytes)), signed.checkpoint.origin, keys).outcome !== "signed")
    throw contradicts("it is not signed by a trusted key");
  return signed;
}

async function expectGrowth(before: Checkpoint, now: Checkpoint, fetch: LogFetch): Promise<void> {
  const [old, size] = [sizeOf(before), sizeOf(now)];
  if (size < old) throw contradicts("it is smaller than it was");
  if (size === old && !now.root.equals(before.root)) throw contradicts("the same size with other contents");
  if (size === old || old === 0) return;
  const [oldRoot, root] = await new RemoteTree(fetch, now, size).roots(old, 0, size);
  if (!root.equals(now.root)) throw contradicts("it is not what its signature says");
  if (!oldRoot.equals(before.root)) throw contradicts("what was in it before is not in it now");
}

/** The checkpoint that ended the log before, as the first leaf of this one names it. */
async function endOfPrevious(log: Checkpoint, fetch: LogFetch): Promise<string> {
  const [text, root] = await new RemoteTree(fetch, log, sizeOf(log)).firstLeaf();
  if (!root.equals(log.root)) throw contradicts("its first record is not that of the signed log");
  const leaf = parseLeaf(text);
  const lines = ["previous-log", "previous-size", "previous-root"].map((name) =>
    new RegExp(`^${name} (.*)$`, "m").exec(leaf.details)?.[1]);
  if (leaf.type !== "start" || lines.includes(undefined)) throw contradicts("a new year's log does not continue the one before");
  return lines.map((line) => `${line}\n`).join("");
}

/** From the newest log back to the one that was seen: each year's log names the end of the one before. */
async function expectContinues(seen: Signed, offered: Signed, keys: readonly VerifierKey[], fetch: LogFetch): Promise<void> {
  let log = offered;
  while (log.checkpoint.origin !== seen.checkpoint.origin) {
    const year = yearOf(log.checkpoint.origin);
    if (year <= yearOf(seen.checkpoint.origin)) throw contradicts("it went back to an earlier year");
    const end = await endOfPrevious(log.checkpoint, fetch);
    const previousYear = yearOf(end.split("\n")[0] ?? "");
    if (previousYear === 0 || previousYear >= year) throw contradicts("a new year's log does not continue the one before");
    const previous = await signedAt(`${previousYear}/checkpoint`, keys, fetch);
    if (!previous || previous.text !== end) throw contradicts("the old year's log does not end as the new one says");
    log = previous;
  }
  await expectGrowth(seen.checkpoint, log.checkpoint, fetch);
}

function isOfGateway(origin: string, other: string): boolean {
  const host = YEAR_ORIGIN.exec(other)?.[1];
  return host === undefined ? origin === other : YEAR_ORIGIN.exec(origin)?.[1] === host;
}

/** What was seen of this gateway last: its newest year. */
function newestPin(pins: Pins, origins: readonly string[]): Signed | undefined {
  const known = Object.keys(pins).filter((pin) => origins.some((origin) => isOfGateway(pin, origin))).sort();
  const newest = pins[known.at(-1) ?? ""];
  return newest === undefined ? undefined : readNote(newest);
}

function readMemory(text: string): Pins {
  const wrong = () => new TypeError("what was seen of the log cannot be read: do not delete it unless it is damaged");
  if (text.length > MAX_MEMORY) throw wrong();
  try {
    const pins = (JSON.parse(text) as { checkpoints: Pins }).checkpoints;
    for (const [origin, note] of Object.entries(pins)) need(readNote(note).checkpoint.origin === origin, "an origin");
    return pins;
  } catch {
    throw wrong();
  }
}

/**
 * Asks for the newest checkpoint and, when the log has grown, for the tiles that show that it only grew.
 *
 * @param memory what the last check gave; undefined at the first time
 * @returns what to remember from now on; as before when nothing is new
 * @throws {LogContradiction} the log does not continue what was seen of it. The memory must stay as it was
 * @throws {TypeError} the memory cannot be read
 */
export async function checkLog(memory: string | undefined, keys: readonly VerifierKey[], fetch: LogFetch): Promise<string | undefined> {
  const pins = memory === undefined ? {} : readMemory(memory);
  let seen: Signed | undefined;
  let offered: Signed | undefined;
  try {
    offered = await signedAt("checkpoint", keys, fetch);
    seen = newestPin(pins, offered ? [offered.checkpoint.origin] : keys.map((key) => key.name));
    if (!offered && seen) throw contradicts("it is empty now");
    if (!offered) return memory;
    if (seen) await expectContinues(seen, offered, keys, fetch);
    if (seen?.note === offered.note) return memory;
    return `${JSON.stringify({ checkpoints: { ...pins, [offered.checkpoint.origin]: offered.note } })}\n`;
  } catch (error) {
    if (!(error instanceof Tampered) && !(error instanceof Malformed)) throw error;
    const message = error instanceof Tampered ? error.message : contradicts("it cannot be read").message;
    throw new LogContradiction(message, seen?.note ?? "", offered?.note ?? "");
  }
}

import assert from "node:assert/strict";
import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { LogContradiction, Tampered } from "careplan-gateway-client";
import { sha256 } from "#client/digest.js";
import { checkLog, type LogFetch } from "#client/evidence/log.js";
import { leafHash, nodeHash } from "#client/evidence/merkle.js";
import { parseKey, type VerifierKey } from "#client/evidence/note.js";
import { FakeGateway } from "../fake_gateway.js";

const HOST = "gateway.example/cpgw";

/** An Ed25519 key that signs notes under any name. */
class Signer {
  readonly #secret: KeyObject;
  readonly #typed: Buffer;

  constructor() {
    const pair = generateKeyPairSync("ed25519");
    this.#secret = pair.privateKey;
    this.#typed = Buffer.concat([Buffer.of(1), pair.publicKey.export({ format: "der", type: "spki" }).subarray(-32)]);
  }
  #id(name: string): Buffer {
    return sha256(name, "\n", this.#typed).subarray(0, 4);
  }
  vkey(name: string): string {
    return `${name}+${this.#id(name).toString("hex")}+${this.#typed.toString("base64")}`;
  }
  note(name: string, text: string): string {
    const signature = Buffer.concat([this.#id(name), sign(null, Buffer.from(text), this.#secret)]);
    return `${text}\n— ${name} ${signature.toString("base64")}\n`;
  }
}

function leafText(words: string, details = ""): string {
  return "cpgw-entry/v1\ntype start\ntime 2026-11-22T09:30:00.123Z\nbundle -\nfrom - cert -\nto -\nspec - kind - month -\n" +
    `result -\nrules -\nsig cms none\n${details}words ${words}\n`;
}

/** One year's log, in memory and as plain as can be. */
class Log {
  readonly leaves: string[] = [];
  #hashes: Buffer[] = [];
  #rows: Buffer[][] = [];
  #text = "";
  constructor(readonly year: number) {}

  /** A log of the first leaves of another one. */
  static beginningOf(log: Log, size: number): Log {
    const young = new Log(log.year);
    young.leaves.push(...log.leaves.slice(0, size));
    young.#hashes = log.#hashes.slice(0, size);
    return young;
  }
  #leafHashes(): Buffer[] {
    for (const leaf of this.leaves.slice(this.#hashes.length)) this.#hashes.push(leafHash(Buffer.from(leaf)));
    return this.#hashes;
  }
  add(count: number, words: string): this {
    for (let i = 0; i < count; ++i) this.leaves.push(leafText(`${words}${this.leaves.length}`));
    return this;
  }
  /** Pair by pair; the last one of an odd row goes up as it is (RFC 6962, 2.1). */
  #root(leaves: Buffer[]): Buffer {
    let row = leaves;
    while (row.length > 1) {
      const above: Buffer[] = [];
      for (let at = 0; at < row.length; at += 2) {
        const [left, right] = [row[at] as Buffer, row[at + 1]];
        above.push(right ? nodeHash(left, right) : left);
      }
      row = above;
    }
    return row[0] ?? Buffer.alloc(0);
  }
  /** The roots of whole tiles, one row a level; made anew when the log has grown. */
  #tileRows(): Buffer[][] {
    if (this.#rows[0]?.length === this.leaves.length) return this.#rows;
    this.#rows = [[...this.#leafHashes()]];
    for (let row = this.#rows[0] ?? []; row.length >= 256; this.#rows.push(row)) {
      const below = row;
      row = Array.from({ length: Math.floor(below.length / 256) }, (_, i) => this.#root(below.slice(i * 256, i * 256 + 256)));
    }
    this.#text = `${HOST}/${this.year}\n${this.leaves.length}\n${this.#root(this.#leafHashes()).toString("base64")}\n`;
    return this.#rows;
  }
  text(): string {
    this.#tileRows();
    return this.#text;
  }
  tile(path: string): Buffer | undefined {
    const [, level = "", groups = "", width = "256"] = /^(entries|\d+)\/([x\d/]+)(?:\.p\/(\d+))?$/.exec(path) ?? [];
    const index = Number(groups.replace(/[x/]/g, ""));
    if (level === "entries")
      return Buffer.concat(this.leaves.slice(index * 256, index * 256 + Number(width)).flatMap((leaf) =>
        [Buffer.from([leaf.length >> 8, leaf.length & 255]), Buffer.from(leaf)]));
    const row = this.#tileRows()[Number(level)] ?? [];
    const tile = row.slice(index * 256, index * 256 + Number(width));
    return tile.length === Number(width) ? Buffer.concat(tile) : undefined;
  }
}

class World {
  readonly signer = new Signer();
  readonly keys: VerifierKey[] = [parseKey(this.signer.vkey(`${HOST}/2026`))];
  logs: Log[] = [new Log(2026)];
  memory: string | undefined;
  asked: string[] = [];
  /** Answers in place of the logs. */
  lie: (path: string) => Buffer | undefined = () => undefined;

  readonly fetch: LogFetch = async (path) => {
    this.asked.push(path);
    const lie = this.lie(path);
    if (lie) return lie;
    const [, year, rest = ""] = /^(?:(\d{4})\/)?(.+)$/.exec(path) ?? [];
    const log = year === undefined ? this.logs.at(-1) : this.logs.find((one) => one.year === Number(year));
    if (!log || log.leaves.length === 0) return undefined;
    if (rest === "checkpoint") return Buffer.from(this.signer.note(`${HOST}/${log.year}`, log.text()));
    return log.tile(rest.slice("tile/".length));
  };
  async look(): Promise<void> {
    this.memory = await checkLog(this.memory, this.keys, this.fetch);
  }
  async contradicts(what: RegExp): Promise<void> {
    const before = this.memory;
    await assert.rejects(this.look(), (error) => error instanceof LogContradiction && error instanceof Tampered && what.test(error.message));
    assert.equal(this.memory, before);
  }
  turn(): void {
    const last = this.logs.at(-1) ?? new Log(2026);
    const [origin, size, root] = last.text().split("\n");
    const next = new Log(last.year + 1);
    next.leaves.push(leafText("first", `previous-log ${origin}\nprevious-size ${size}\nprevious-root ${root}\n`));
    this.logs.push(next);
  }
}

test("a log that grows continues, and one that did not is asked for its checkpoint only", async () => {
  const world = new World();
  await world.look();
  assert.equal(world.memory, undefined); // empty, nothing seen
  for (const more of [1, 2, 252, 1, 1, 300, 0]) {
    world.logs[0]?.add(more, "leaf ");
    await world.look();
  }
  world.asked = [];
  await world.look();
  assert.deepEqual(world.asked, ["checkpoint"]);
});

test("a log over many tiles continues, from any size", async () => {
  const world = new World();
  const log = new Log(2026).add(66_000, "leaf ");
  for (const size of [300, 65_900]) {
    world.logs = [Log.beginningOf(log, size)];
    world.memory = undefined;
    await world.look();
    world.logs = [log];
    await world.look();
  }
  assert.ok(["2026/tile/0/257.p/208", "2026/tile/1/001.p/1", "2026/tile/2/000.p/1"].every((path) => world.asked.includes(path)),
    world.asked.join(" "));
});

test("a fork is noticed at any size, then and later", async () => {
  for (const size of [1, 5, 256, 300]) {
    const world = new World();
    world.logs = [new Log(2026).add(size, "leaf ")];
    await world.look();
    world.logs = [new Log(2026).add(size, "other ")];
    await world.contradicts(/same size with other contents/);
    world.logs[0]?.add(20, "leaf ");
    await world.contradicts(/not in it now|not what its signature says/);
  }
});

test("tiles that contradict each other hide no fork", async () => {
  const world = new World();
  const old = new Log(2026).add(300, "leaf ");
  world.logs = [old];
  await world.look();
  const longer = Log.beginningOf(old, 300).add(300, "leaf ");
  world.logs = [new Log(2026).add(256, "leaf ").add(344, "other ")];
  world.lie = (path) => (path === "2026/tile/0/001" ? longer.tile("0/001") : undefined);
  await world.contradicts(/not what its signature says|not in it now/);
});

test("a log that went back, is empty, or lost a part is noticed", async () => {
  const world = new World();
  const log = new Log(2026).add(300, "leaf ");
  world.logs = [log];
  await world.look();
  world.logs = [Log.beginningOf(log, 299)];
  await world.contradicts(/smaller/);
  world.logs = [];
  await world.contradicts(/empty/);
  world.logs = [log.add(10, "leaf ")];
  const whole = world.fetch;
  await assert.rejects(checkLog(world.memory, world.keys, async (path) => (path.includes("tile/0/001") ? undefined : whole(path))),
    /missing/);
  await assert.rejects(checkLog(world.memory, world.keys, async (path) =>
    path.includes("tile/0/001") ? Buffer.alloc(5) : whole(path)), /another size/);
});

test("another key is noticed, also when it has the log's name", async () => {
  const world = new World();
  world.logs = [new Log(2026).add(3, "leaf ")];
  await world.look();
  const foreign = new Signer();
  world.lie = (path) => (path === "checkpoint" ? Buffer.from(foreign.note(`${HOST}/2026`, world.logs[0]?.text() ?? "")) : undefined);
  await world.contradicts(/not signed by a trusted key/);
  world.lie = (path) => (path === "checkpoint" ? Buffer.from("no note") : undefined);
  await world.contradicts(/cannot be read/);
});

test("a new year continues the old one, over years without a look", async () => {
  const world = new World();
  world.logs = [new Log(2026).add(300, "leaf ")];
  await world.look();
  world.logs[0]?.add(7, "leaf ");
  world.turn();
  world.logs[1]?.add(400, "leaf ");
  world.turn();
  await world.look();
  assert.deepEqual(Object.keys((JSON.parse(world.memory ?? "") as { checkpoints: object }).checkpoints), [`${HOST}/2026`, `${HOST}/2028`]);
  await world.look();
  world.logs.pop();
  await world.contradicts(/earlier year/);
});

test("an old year that was changed, is gone, or is not named is a contradiction", async () => {
  const begin = async () => {
    const world = new World();
    world.logs = [new Log(2026).add(300, "leaf ")];
    await world.look();
    world.logs[0]?.add(5, "leaf ");
    return world;
  };
  const changed = await begin();
  changed.logs = [new Log(2026).add(305, "other ")];
  changed.turn();
  await changed.contradicts(/not in it now|not what its signature says/);
  const gone = await begin();
  gone.turn();
  gone.logs.shift();
  await gone.contradicts(/does not end as the new one says/);
  const later = await begin();
  later.turn();
  later.logs[0]?.add(1, "leaf "); // after it was closed
  await later.contradicts(/does not end as the new one says/);
  const nameless = await begin();
  nameless.logs.push(new Log(2027).add(3, "leaf "));
  await nameless.contradicts(/does not continue the one before/);
  const forged = await begin();
  forged.turn();
  forged.lie = (path) => {
    if (path !== "2027/tile/entries/000.p/1") return undefined;
    return new Log(2027).add(1, "leaf ").tile("entries/000.p/1");
  };
  await forged.contradicts(/first record is not that/);
});

test("a gateway that cannot be asked, and a memory that cannot be read, teach nothing", async () => {
  const world = new World();
  world.logs = [new Log(2026).add(3, "leaf ")];
  await world.look();
  await assert.rejects(checkLog(world.memory, world.keys, async () => { throw new Error("no answer"); }), /no answer/);
  for (const memory of ["", "{}", "[]", '{"checkpoints":{"x":"y"}}', world.memory?.replace(`"${HOST}/2026"`, '"x"') ?? ""])
    await assert.rejects(checkLog(memory, world.keys, world.fetch), TypeError, memory);
});

test("the client keeps what it saw in a file, and leaves that as it is when something is wrong", async () => {
  const world = new World();
  world.logs = [new Log(2026).add(3, "leaf ")];
  const gateway = await new FakeGateway().listen();
  const folder = mkdtempSync(join(tmpdir(), "cpgw-ts-log-"));
  const file = join(folder, "checkpoints");
  const client = gateway.client({ trustedKeys: [world.signer.vkey(`${HOST}/2026`)] });
  try {
    gateway.plays(({ target, response }) => {
      void world.fetch(target.slice("/v1/audit/".length)).then((bytes) => { response.writeHead(bytes ? 200 : 404).end(bytes); });
    });
    await client.checkLog(file);
    const first = readFileSync(file, "utf8");
    world.logs[0]?.add(3, "leaf ");
    await client.checkLog(file);
    const second = readFileSync(file, "utf8");
    assert.notEqual(second, first);
    world.logs = [new Log(2026).add(9, "other ")];
    await assert.rejects(client.checkLog(file), (error) => error instanceof LogContradiction && error.seen !== "" && error.offered !== "");
    assert.equal(readFileSync(file, "utf8"), second);
    writeFileSync(file, "damaged");
    await assert.rejects(client.checkLog(file), TypeError);
  } finally {
    client.close();
    gateway.close();
    rmSync(folder, { recursive: true });
  }
});

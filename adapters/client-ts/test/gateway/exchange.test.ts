// Every method against a running gateway. tests/e2e/client_ts_test.py starts it and says in CPGW_E2E where it is.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { Client, DigestMismatch, LogContradiction, Problem, SETTLED, Tampered, verifyReceipt, type NamedFile } from "careplan-gateway-client";

interface Office {
  readonly number: string;
  readonly cert: string;
  readonly key: string;
}
interface Setting {
  readonly gateway: string;
  readonly ca: string;
  readonly vkey: string;
  readonly foreign_vkey: string;
  readonly care: Office;
  readonly visit: Office;
  /** Folders of valid bundles from care to visit, one each; each may be sent once. */
  readonly schedules: string[];
  /** A folder with an error in it. */
  readonly wrong: string;
  /** A file that does not exist yet. */
  readonly checkpoints: string;
  /** A paper's path. */
  readonly paper: string;
}

const setting = JSON.parse(process.env["CPGW_E2E"] ?? "") as Setting;
const scratch = mkdtempSync(join(tmpdir(), "cpgw-ts-"));
const clients: Client[] = [];
after(() => {
  for (const client of clients) client.close();
  rmSync(scratch, { recursive: true });
});

function as(office: Office, trustedKeys = [setting.vkey]): Client {
  const client = new Client({
    gateway: setting.gateway, ca: readFileSync(setting.ca), cert: readFileSync(office.cert), key: readFileSync(office.key), trustedKeys,
  });
  clients.push(client);
  return client;
}

function folder(path: string): NamedFile[] {
  return readdirSync(path).map((name) => ({ name, bytes: readFileSync(join(path, name)) }));
}

function nextSchedule(): NamedFile[] {
  const path = setting.schedules.shift();
  assert.ok(path, "no more schedules");
  return folder(path);
}

const care = as(setting.care);
const visit = as(setting.visit);

async function sendOne(files = nextSchedule()): Promise<string> {
  const sent = await care.send(files);
  assert.deepEqual([sent.accepted.length, sent.rejected.length], [1, 0]);
  return sent.accepted[0]?.id ?? "";
}

const plain = (files: readonly NamedFile[]) =>
  [...files].map(({ name, bytes }) => [name, Buffer.from(bytes).toString("hex")]).sort();

test("a schedule goes out, is fetched, imported, and everything is proven", async () => {
  const files = nextSchedule();
  assert.equal((await care.check(files)).verdict, "accepted");
  const id = await sendOne(files);
  assert.equal(await sendOne([...files].reverse()), id); // the same submission again
  assert.ok((await visit.inbox().all()).some((bundle) => bundle.id === id));
  assert.equal((await care.bundle(id)).state, "accepted");

  const fetched = await visit.fetch(id);
  assert.deepEqual(plain(fetched.files), plain(files));
  assert.deepEqual(fetched.receipts.map((step) => step.step), ["accepted", "fetched"]);
  assert.equal(fetched.bundle.state, "fetched");
  const name = files[0]?.name ?? "";
  assert.deepEqual(plain([{ name, bytes: await visit.file(id, name) }]), plain(files.slice(0, 1)));

  const { path, written } = await visit.fetchInto(scratch, id);
  assert.deepEqual([written, (await visit.fetchInto(scratch, id)).written], [true, false]);
  assert.deepEqual(readdirSync(join(path, "receipts")).sort(), ["accepted.receipt.txt", "fetched.receipt.txt"]);
  assert.deepEqual(readdirSync(scratch).filter((entry) => entry.startsWith(".")), []);

  const failed = await visit.acknowledge(id, "import_failed", "見本の理由");
  assert.equal(failed.bundle.state, "import_failed");
  const taken = await visit.acknowledge(id, "imported");
  if (taken.bundle.state !== "imported") assert.fail(taken.bundle.state);
  assert.ok(taken.bundle.settled_at >= taken.bundle.fetched_at);
  await assert.rejects(visit.acknowledge(id, "imported"), (error) => error instanceof Problem && error.slug === "conflict");

  assert.equal((await care.waitFor(id)).state, "imported");
  assert.ok(SETTLED.includes("imported"));
  const steps = await care.receipts(id);
  assert.deepEqual(steps.map((step) => step.step), ["accepted", "fetched", "import_failed", "imported"]);
  for (const { receipt } of steps) assert.equal(verifyReceipt(receipt, files, [setting.vkey]).result, "proven");
  assert.ok((await care.outbox({ state: "imported" }).all()).some((bundle) => bundle.id === id));
  assert.equal((await care.report(id)).verdict, "accepted");
  assert.match(await care.view(id), /<html/);
});

test("a conversion at the sender stands in the receipt", async () => {
  const conversion = { dialect: "mihon-soft", version: 3, fills: 12, lookups: 0, report: `sha256:${"0a".repeat(32)}` };
  const sent = await care.send(nextSchedule(), { conversion });
  const found = verifyReceipt(sent.accepted[0]?.receipt ?? "", undefined, [setting.vkey]);
  assert.deepEqual(found.result === "proven" && found.receipt.conversion, conversion);
});

test("a rejected bundle is a result with its report and its proof", async () => {
  const sent = await care.send(folder(setting.wrong));
  const [rejected] = sent.rejected;
  assert.ok(rejected);
  assert.equal(sent.accepted.length, 0);
  assert.ok(rejected.report.findings.some((finding) => finding.severity === "error"));
  const found = verifyReceipt(rejected.receipt, undefined, [setting.vkey]);
  assert.deepEqual([found.result, found.result === "proven" && found.receipt.type], ["proven", "reject"]);
  await assert.rejects(visit.bundle(rejected.id), (error) => error instanceof Problem && error.status === 404);
});

test("papers travel with a cover", async () => {
  const paper = { name: "houkoku.pdf", bytes: readFileSync(setting.paper) };
  const cover = { to: { office: setting.visit.number, service_type: "11" }, month: "202511", title: "見本の報告" };
  const sent = await care.send([], { papers: [paper], cover });
  const id = sent.accepted[0]?.id ?? "";
  const fetched = await visit.fetch(id);
  assert.deepEqual([fetched.bundle.title, plain(fetched.files)], ["見本の報告", plain([paper])]);
});

test("a bundle is taken back, once, and not after it was fetched", async () => {
  const id = await sendOne();
  const taken = await care.recall(id);
  assert.equal(taken.bundle.state, "recalled");
  await assert.rejects(visit.fetch(id), (error) => error instanceof Problem && error.status === 404);
  const files = nextSchedule();
  const other = await sendOne(files);
  await visit.file(other, files[0]?.name ?? "");
  assert.equal((await care.bundle(other)).state, "fetched"); // one file is enough
  await assert.rejects(care.recall(other), (error) => error instanceof Problem && error.slug === "conflict");
});

test("an inbox that follows sees what arrives while it waits", async () => {
  const seen = await visit.inbox({ state: "all" }).all();
  const abort = new AbortController();
  const inbox = visit.inbox({ state: "all", follow: true, signal: abort.signal });
  const arrived = (async () => {
    for await (const bundle of inbox) if (!seen.some(({ id }) => id === bundle.id)) return bundle.id;
    return "";
  })();
  const id = await sendOne();
  assert.equal(await arrived, id);
  abort.abort();
});

test("events tell each side what the other did, also what was missed", async () => {
  const id = await sendOne();
  await visit.fetch(id);
  const heard = async (client: Client, count: number) => {
    const seen: string[] = [];
    for await (const { type, data } of client.events({ lastEventId: "0" })) {
      if (data.bundle === id) seen.push(`${type} ${data.state} ${data.to.office}`);
      if (seen.length === count) return seen;
    }
    return seen;
  };
  assert.deepEqual(await heard(visit, 1), [`bundle.arrived accepted ${setting.visit.number}`]);
  assert.deepEqual(await heard(care, 1), [`bundle.fetched fetched ${setting.visit.number}`]);
});

test("nothing is handed out that a trusted key does not prove", async () => {
  const id = await sendOne();
  const stranger = as(setting.visit, [setting.foreign_vkey]);
  await assert.rejects(stranger.fetch(id), Tampered);
  await assert.rejects(stranger.fetchInto(scratch, id), Tampered);
  assert.ok(!readdirSync(scratch).some((name) => name.endsWith(id)));
  await assert.rejects(as(setting.care, [setting.foreign_vkey]).send(nextSchedule()), Tampered);
  assert.equal((await as(setting.visit, []).fetch(id)).bundle.id, id);
});

test("the log continues what was seen of it, in a file that cpgw reads too", async () => {
  await care.checkLog(setting.checkpoints);
  await sendOne();
  await care.checkLog(setting.checkpoints);
  await assert.rejects(as(setting.care, [setting.foreign_vkey]).checkLog(setting.checkpoints), LogContradiction);
  await assert.rejects(as(setting.care, []).checkLog(setting.checkpoints), TypeError);
});

test("who I am, whom I can reach, and what the limits are", async () => {
  const me = await care.me();
  assert.deepEqual(me.offices.map((office) => office.office), [setting.care.number]);
  assert.deepEqual((await care.offices("訪問介護")).map((office) => office.office), [setting.visit.number]);
  assert.ok((await care.limits()).max_files > 10);
  assert.ok((await care.policy()).vkeys.includes(setting.vkey));
  assert.equal(new DigestMismatch("x").retryable, true);
});

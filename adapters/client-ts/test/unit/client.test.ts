import assert from "node:assert/strict";
import { createServer, type AddressInfo } from "node:net";
import { after, before, test } from "node:test";

import { Client, DigestMismatch, Problem, Unreachable } from "careplan-gateway-client";
import { contentDigest } from "#client/digest.js";
import { FakeGateway, hangUp, json, problem, stalls, type Script } from "../fake_gateway.js";

const ID = "019a0000-0000-7000-8000-000000000001";
const FILES = [
  { name: "UPPLAN_B.CSV", bytes: Buffer.from("b") },
  { name: "UPPLAN_A.CSV", bytes: Buffer.from("a") },
];
const SENT = { bundles: [{ id: ID, verdict: "accepted", report: { files: [] }, receipt: "" }], findings: [] };

let gateway: FakeGateway;
let client: Client;
before(async () => {
  gateway = await new FakeGateway().listen();
  client = gateway.client();
});
after(() => {
  client.close();
  gateway.close();
});

test("a lost answer is asked for again with the same bytes under the same key, in whatever order the files come", async () => {
  gateway.plays(hangUp, problem(503, "overloaded", { "Retry-After": "0" }), problem(409, "idempotency-in-flight"), json(SENT, 201));
  const sent = await client.send(FILES);
  assert.deepEqual(sent.accepted.map((bundle) => bundle.id), [ID]);
  const first = gateway.seen.map(({ headers, body }) => [headers["idempotency-key"], headers["content-type"], body.toString()]);
  assert.equal(first.length, 4);
  assert.equal(new Set(first.map((one) => JSON.stringify(one))).size, 1);
  gateway.plays(json(SENT, 201));
  await client.send([...FILES].reverse());
  const again = gateway.seen[0];
  assert.deepEqual([again?.headers["idempotency-key"], again?.headers["content-type"], again?.body.toString()], first[0]);
  assert.equal(again?.headers["content-digest"], contentDigest(again?.body ?? Buffer.alloc(0)));
});

test("other bytes get another key, and a given key is used as it is", async () => {
  gateway.plays(json(SENT, 201));
  await client.send(FILES);
  await client.send([{ name: "UPPLAN_A.CSV", bytes: Buffer.from("c") }]);
  await client.send(FILES, { idempotencyKey: "mine" });
  const keys = gateway.seen.map(({ headers }) => headers["idempotency-key"]);
  assert.equal(new Set(keys).size, 3);
  assert.equal(keys[2], "mine");
});

test("a refusal with a report is a result, a problem document is an error", async () => {
  const rejected = { bundles: [{ ...SENT.bundles[0], verdict: "rejected" }], findings: [{ rule: "R-NAME-01" }] };
  gateway.plays(json(rejected, 422));
  const sent = await client.send(FILES);
  assert.deepEqual([sent.accepted.length, sent.rejected.length, sent.findings.length], [0, 1, 1]);
  gateway.plays(problem(422, "unknown-receiver"));
  await assert.rejects(client.send(FILES), (error) => error instanceof Problem && error.slug === "unknown-receiver");
  assert.equal(gateway.seen.length, 1);
});

test("a problem has its fields, and its message nothing of the gateway's text", async () => {
  gateway.plays(problem(404, "not-found"));
  const error = await client.bundle(ID).catch((caught: unknown) => caught);
  assert.ok(error instanceof Problem);
  assert.deepEqual(
    [error.slug, error.status, error.detail, error.instance, error.retryAfter, error.retryable, error.name],
    ["not-found", 404, "見本 花子", "i-1", undefined, false, "Problem"]);
  assert.equal(error.message, "404 not-found (i-1)");
});

test("an error page of a proxy is a problem too", async () => {
  gateway.plays(({ response }) => { response.writeHead(502).end("<html>"); });
  await assert.rejects(client.me(), (error) => error instanceof Problem && error.slug === "http-502" && error.detail === "");
});

test("Retry-After is honoured as far as the longest wait, and the last error comes out", async () => {
  gateway.plays(problem(429, "rate-limited", { "Retry-After": "3600" }));
  const started = process.hrtime.bigint();
  await assert.rejects(client.me(), (error) => error instanceof Problem && error.retryAfter === 3600);
  assert.equal(gateway.seen.length, 4);
  const milliseconds = Number(process.hrtime.bigint() - started) / 1e6;
  assert.ok(milliseconds >= 3 * 19, `waited ${milliseconds} ms in all`); // three times the longest wait of 20 ms
});

test("an acknowledgement whose answer was lost is found done", async () => {
  const receipts = { receipts: [{ step: "imported", time: "", event: "", receipt: "the receipt" }] };
  gateway.plays(hangUp, problem(409, "conflict"), json(receipts), json({ id: ID, state: "imported" }));
  const taken = await client.acknowledge(ID, "imported", "済");
  assert.deepEqual([taken.receipt, taken.bundle.state], ["the receipt", "imported"]);
  assert.deepEqual(JSON.parse(gateway.seen[0]?.body.toString() ?? ""), { state: "imported", note: "済" });
});

test("a conflict at the first try is the caller's, also when the step was taken before", async () => {
  gateway.plays(problem(409, "conflict"));
  await assert.rejects(client.recall(ID), (error) => error instanceof Problem && error.slug === "conflict");
  assert.equal(gateway.seen.length, 1);
  gateway.plays(hangUp, problem(409, "conflict"), json({ receipts: [{ step: "fetched", receipt: "" }] }));
  await assert.rejects(client.recall(ID), (error) => error instanceof Problem && error.slug === "conflict");
});

test("a gateway that does not answer is unreachable, with a code and no address", async () => {
  gateway.plays(stalls);
  const hasty = gateway.client({ timeout: 30, retry: { ...QUICK_ONCE, attempts: 2 } });
  await assert.rejects(hasty.me(), (error) => error instanceof Unreachable && error.code === "ETIMEDOUT");
  assert.equal(gateway.seen.length, 2);
  hasty.close();
  gateway.plays(({ response }) => { response.writeHead(200, { "Content-Length": "10" }).write("{}"); response.destroy(); });
  await assert.rejects(client.me(), Unreachable);
  gateway.plays(({ response }) => { response.writeHead(200).end("no json"); });
  await assert.rejects(client.me(), (error) => error instanceof Unreachable && error.code === "EBADMSG");
  const nobody = new Client({ gateway: "https://localhost:1", ...gateway.pki.office, retry: QUICK_ONCE });
  await assert.rejects(nobody.me(), (error) =>
    error instanceof Unreachable && error.code === "ECONNREFUSED" && !error.message.includes("localhost"));
});

const QUICK_ONCE = { attempts: 1, firstWait: 1, longestWait: 1 };

test("a server that takes the connection and then says nothing is given up", async () => {
  const mute = createServer();
  await new Promise<void>((resolve) => mute.listen(0, "localhost", resolve));
  const { port } = mute.address() as AddressInfo;
  const hasty = gateway.client({ gateway: `https://localhost:${port}`, timeout: 50, retry: QUICK_ONCE });
  await assert.rejects(hasty.me(), (error) => error instanceof Unreachable && error.code === "ETIMEDOUT" && error.retryable);
  hasty.close();
  mute.close();
});

test("a certificate that is not the gateway's is not asked twice", async () => {
  gateway.plays(json({}));
  const stranger = new Client({ gateway: gateway.url, ...gateway.pki.office, retry: { attempts: 3, firstWait: 1 } }); // without our CA
  await assert.rejects(stranger.me(), (error) => error instanceof Unreachable && !error.retryable);
  assert.equal(gateway.seen.length, 0);
});

test("a signal ends a call, and the wait between two tries", async () => {
  const abort = new AbortController();
  gateway.plays(() => abort.abort(new Error("enough")));
  await assert.rejects(client.me({ signal: abort.signal }), /enough|aborted/);
  const later = new AbortController();
  const patient = gateway.client({ retry: { attempts: 2, firstWait: 60_000 } });
  gateway.plays((seen) => { problem(503, "overloaded")(seen); setImmediate(() => later.abort()); });
  await assert.rejects(patient.me({ signal: later.signal }), { name: "AbortError" });
  patient.close();
});

test("webhooks are managed, and none is added twice by a lost answer", async () => {
  const webhook = { id: "0".repeat(32), state: "active" };
  gateway.plays(problem(503, "overloaded"), json({ webhook, secret: "whsec_x" }, 201));
  assert.equal((await client.addWebhook("https://example.jp/hook", "0370100017")).secret, "whsec_x");
  assert.deepEqual(JSON.parse(gateway.seen[1]?.body.toString() ?? ""), { url: "https://example.jp/hook", office: "0370100017" });
  gateway.plays(hangUp);
  await assert.rejects(client.addWebhook("https://example.jp/hook"), Unreachable);
  assert.equal(gateway.seen.length, 1);
  gateway.plays(json({ webhooks: [webhook] }));
  assert.deepEqual((await client.webhooks()).map(({ id }) => id), [webhook.id]);
  gateway.plays(json({ delivered: false, failure: "x" }));
  assert.equal((await client.changeWebhook(webhook.id, "test")).delivered, false);
  assert.equal(`${gateway.seen[0]?.method} ${gateway.seen[0]?.target}`, `POST /v1/webhooks/${webhook.id}/test`);
  gateway.plays(hangUp, problem(404, "not-found"));
  await client.removeWebhook(webhook.id);
  assert.deepEqual(gateway.seen.map(({ method, target }) => `${method} ${target}`), Array(2).fill(`DELETE /v1/webhooks/${webhook.id}`));
});

test("what is fetched is not handed out when its digest is another one", async () => {
  const answer = (digest: string): Script => ({ response }) => {
    response.writeHead(200, { "Content-Digest": digest }).end("the bytes");
  };
  const good = contentDigest(Buffer.from("the bytes"));
  gateway.plays(answer(contentDigest(Buffer.from("others"))), answer("md5=:x:"), answer(`md5=:x:, ${good}`));
  assert.equal(Buffer.from(await client.file(ID, "A.CSV")).toString(), "the bytes"); // at the third try
  gateway.plays(({ response }) => { response.writeHead(200).end("the bytes"); });
  await assert.rejects(client.file(ID, "A.CSV"), DigestMismatch);
  gateway.plays(answer(good)); // announced rightly, and no ZIP
  await assert.rejects(client.fetch(ID), DigestMismatch);
  assert.equal(gateway.seen.length, 1);
});

function page(ids: string[], next: string | null, cursor: string): Script {
  return json({ bundles: ids.map((id) => ({ id })), next, cursor });
}

test("an inbox is read page by page, then waits for news, and knows where it is", async () => {
  const abort = new AbortController();
  gateway.plays(page(["a", "b"], "2", "2"), page(["c"], null, "3"), page([], null, "3"), page(["d"], null, "4"), () => abort.abort());
  const inbox = client.inbox({ follow: true, limit: 2, signal: abort.signal });
  const seen: [string, string | undefined][] = [];
  await assert.rejects(async () => {
    for await (const bundle of inbox) seen.push([bundle.id, inbox.cursor]);
  }, { name: "AbortError" });
  assert.deepEqual(seen, [["a", undefined], ["b", undefined], ["c", "2"], ["d", "3"]]);
  assert.equal(inbox.cursor, "4");
  assert.deepEqual(gateway.seen.map(({ target }) => target), [
    "/v1/inbox?limit=2", "/v1/inbox?limit=2&after=2", "/v1/inbox?limit=2&after=3&wait=60",
    "/v1/inbox?limit=2&after=3&wait=60", "/v1/inbox?limit=2&after=4&wait=60"]);
});

test("without follow a listing ends with what is there", async () => {
  gateway.plays(page(["a"], null, "1"));
  assert.deepEqual((await client.outbox({ state: "imported", after: "0" }).all()).map(({ id }) => id), ["a"]);
  assert.equal(gateway.seen[0]?.target, "/v1/outbox?state=imported&after=0");
});

test("any route of the contract can be called by its path", async () => {
  gateway.plays(json({ receipts: [] }));
  await client.get("/v1/bundles/{id}/receipts", { path: { id: ID }, query: { with: "timestamp" } });
  assert.equal(gateway.seen[0]?.target, `/v1/bundles/${ID}/receipts?with=timestamp`);
  await assert.rejects(client.get("/v1/bundles/{id}", { path: { id: ".." } }), TypeError);
});

test("options that cannot be right are told at once", () => {
  const good = { gateway: gateway.url, ...gateway.pki.office };
  for (const wrong of [{ gateway: "http://localhost" }, { key: "" }, { timeout: 0 }, { trustedKeys: ["x"] }])
    assert.throws(() => new Client({ ...good, ...wrong }), TypeError, JSON.stringify(wrong));
});

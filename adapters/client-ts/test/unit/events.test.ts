import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Problem, Unreachable, type Client } from "careplan-gateway-client";
import { SseReader } from "#client/sse.js";
import { FakeGateway, hangUp, json, problem, type Script } from "../fake_gateway.js";

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

function event(id: number, type = "bundle.arrived"): string {
  const data = { type, timestamp: "2026-11-23T00:00:00.000Z", data: { bundle: `b-${id}` } };
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}

function streams(text: string, end: "ends" | "breaks" | "stays"): Script {
  return ({ response }) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(text, () => {
      if (end === "ends") response.end();
      if (end === "breaks") response.destroy();
    });
  };
}

test("a stream is read in pieces of any size, as the standard has it", () => {
  const text = ": a comment\n\nretry: 250\nevent: one\r\ndata: 1\r\ndata:2\rid: 7\n\ndata: 見本\n\nevent: none\n\ndata\n\ndata: cut";
  const bytes = Buffer.from(text);
  const expected = [
    { name: "one", data: "1\n2", id: "7" }, { name: "message", data: "見本", id: "7" }, { name: "message", data: "", id: "7" }];
  for (let size = 1; size <= bytes.length; ++size) {
    const reader = new SseReader();
    const found = [];
    for (let at = 0; at < bytes.length; at += size) found.push(...reader.push(bytes.subarray(at, at + size)));
    assert.deepEqual(found, expected, `pieces of ${size}`);
    assert.equal(reader.retry, 250);
  }
  assert.throws(() => new SseReader().push(Buffer.alloc(2_000_000, 97)), RangeError);
});

test("events go on after the last one that was dealt with, over ends, breaks and refusals", async () => {
  gateway.plays(streams(event(1) + event(2), "ends"), problem(503, "overloaded"), hangUp,
    streams("retry: 1\n\n" + event(3, "bundle.imported"), "breaks"), streams(event(4), "stays"));
  const seen: [string, string, unknown][] = [];
  for await (const { id, type, data } of client.events()) {
    seen.push([id, type, data.bundle]);
    if (id === "4") break;
  }
  assert.deepEqual(seen, [["1", "bundle.arrived", "b-1"], ["2", "bundle.arrived", "b-2"], ["3", "bundle.imported", "b-3"],
    ["4", "bundle.arrived", "b-4"]]);
  assert.deepEqual(gateway.seen.map(({ headers }) => headers["last-event-id"]), [undefined, "2", "2", "2", "3"]);
  assert.equal(gateway.seen[0]?.headers.accept, "text/event-stream");
});

test("a stream that breaks before its first event goes on from where it began", async () => {
  gateway.plays(streams("retry: 1\nid: 41\n\n", "ends"), streams(": beat\n\n" + event(42), "stays"));
  for await (const { id, data } of client.events({ office: "0370100017" })) {
    assert.deepEqual([id, data.bundle], ["42", "b-42"]);
    break;
  }
  assert.deepEqual(gateway.seen.map(({ target, headers }) => [target, headers["last-event-id"]]), [
    ["/v1/events?office=0370100017", undefined], ["/v1/events?office=0370100017", "41"]]);
});

test("an event that was not dealt with comes again", async () => {
  gateway.plays(streams(event(1) + event(2), "stays"));
  const stream = client.events({ lastEventId: "0" });
  assert.equal((await stream.next()).value.id, "1");
  await stream.return(undefined as never);
  gateway.plays(streams(event(1), "stays"));
  for await (const { id } of client.events({ lastEventId: "0" })) {
    assert.equal(id, "1");
    break;
  }
  assert.equal(gateway.seen[0]?.headers["last-event-id"], "0");
});

test("what waiting does not mend comes out, and so does an end of patience", async () => {
  gateway.plays(problem(403, "forbidden"));
  await assert.rejects(client.events().next(), (error) => error instanceof Problem && error.slug === "forbidden");
  gateway.plays(hangUp);
  await assert.rejects(client.events().next(), Unreachable);
  assert.equal(gateway.seen.length, 4);
  gateway.plays(json({}, 404));
  await assert.rejects(client.events().next(), Problem);
});

test("a signal ends the stream", async () => {
  const abort = new AbortController();
  gateway.plays(streams(event(1), "stays"));
  await assert.rejects(async () => {
    for await (const { id } of client.events({ signal: abort.signal })) if (id === "1") setImmediate(() => abort.abort());
  }, { name: "AbortError" });
});

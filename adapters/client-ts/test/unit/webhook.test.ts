import assert from "node:assert/strict";
import { test } from "node:test";

import { Tampered, verifyWebhook } from "careplan-gateway-client";

// The worked example of the Standard Webhooks specification's reference libraries.
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const TIME = 1_614_265_330;
const HEADERS = {
  "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
  "webhook-timestamp": String(TIME),
  "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};
const BODY = '{"test": 2432232314}';

const EVENT = { type: "bundle.arrived", timestamp: "2026-11-23T00:00:00.000Z", data: { id: "x" } };

async function signed(body: string, secret = SECRET, headers = HEADERS): Promise<typeof HEADERS> {
  const { createHmac } = await import("node:crypto");
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const text = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  return { ...headers, "webhook-signature": `v1,${createHmac("sha256", key).update(text).digest("base64")}` };
}

test("the published example has the signature published", async () => {
  assert.deepEqual(await signed(BODY), HEADERS);
  // It is genuine; that its body is no event of the gateway is found only after that.
  assert.throws(() => verifyWebhook(HEADERS, BODY, [SECRET], TIME), /not an event/);
});

test("a genuine webhook gives its event, with any of the secrets and among other signatures", async () => {
  const body = JSON.stringify(EVENT);
  const headers = await signed(body);
  const other = "whsec_" + Buffer.alloc(24, 7).toString("base64");
  assert.deepEqual(verifyWebhook(headers, body, [other, SECRET], TIME), EVENT);
  assert.deepEqual(verifyWebhook(new Headers(headers), Buffer.from(body), [SECRET], TIME + 300), EVENT);
  const among = { ...headers, "webhook-signature": `v1,AAAA v1a,xx ${headers["webhook-signature"]}` };
  assert.deepEqual(verifyWebhook(among, body, [SECRET], TIME - 300), EVENT);
});

test("anything else is tampered", async () => {
  const body = JSON.stringify(EVENT);
  const good = await signed(body);
  const wrong: [Partial<typeof HEADERS>, string, number][] = [
    [good, body + " ", TIME], [good, body, TIME + 301], [good, body, TIME - 301],
    [{ ...good, "webhook-id": "msg_other" }, body, TIME],
    [{ ...good, "webhook-timestamp": String(TIME + 1) }, body, TIME],
    [{ ...good, "webhook-timestamp": "now" }, body, TIME],
    [{ ...good, "webhook-signature": good["webhook-signature"].replace("v1,", "v2,") }, body, TIME],
    [{ ...good, "webhook-signature": "v1," }, body, TIME],
    [{ "webhook-id": "x", "webhook-timestamp": String(TIME) }, body, TIME],
    [await signed("[]"), "[]", TIME], [await signed("{"), "{", TIME],
  ];
  for (const [headers, text, now] of wrong)
    assert.throws(() => verifyWebhook(headers, text, [SECRET], now), Tampered, JSON.stringify([headers, text, now]));
  for (const secret of ["", "whsec_", "whsec_short", SECRET.slice(6), SECRET + "=", "whsec_" + Buffer.alloc(65).toString("base64")])
    assert.throws(() => verifyWebhook(good, body, [secret], TIME), TypeError, secret);
});

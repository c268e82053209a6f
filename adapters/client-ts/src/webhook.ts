import { createHmac, timingSafeEqual } from "node:crypto";

import { Tampered } from "./errors.js";
import type { GatewayEvent } from "./types.js";

/** Seconds that a webhook's time may be away from ours, as Standard Webhooks has it. */
const TOLERANCE_SECONDS = 300;
/** Bytes of a secret, as the gateway makes them and Standard Webhooks asks for. */
const FEWEST_BYTES = 24;
const MOST_BYTES = 64;

/** The headers of a request: Node's, or those of a `Request` of the fetch API. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | string[] | undefined>>;

function headerOf(headers: WebhookHeaders, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  if (typeof value !== "string" || value === "") throw new Tampered(`the webhook has no ${name}`);
  return value;
}

function secretOf(text: string): Buffer {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1] ?? "";
  const secret = Buffer.from(encoded, "base64");
  if (secret.length < FEWEST_BYTES || secret.length > MOST_BYTES || secret.toString("base64") !== encoded)
    throw new TypeError("a secret is whsec_<base64 of 24 to 64 bytes>");
  return secret;
}

function isSame(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

function eventOf(body: string): GatewayEvent {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    throw new Tampered("the webhook's body is not JSON", { cause });
  }
  const event = value as Partial<Record<keyof GatewayEvent, unknown>> | null;
  if (typeof event !== "object" || event === null || typeof event.type !== "string" ||
      typeof event.timestamp !== "string" || typeof event.data !== "object" || event.data === null)
    throw new Tampered("the webhook's body is not an event");
  return event as GatewayEvent;
}

/**
 * Verifies a webhook (Standard Webhooks, `v1` signatures: HMAC-SHA256) and gives its event. Compares in constant time.
 *
 * @param headers of the request, names in lower case: `webhook-id`, `webhook-timestamp`, `webhook-signature`
 * @param body exactly as it arrived, before any JSON parser
 * @param secrets `whsec_…`; several while one is being replaced
 * @param now seconds since 1970; the clock's when left out
 * @throws {Tampered} a header is missing, more than five minutes off, or no signature is one of ours
 * @throws {TypeError} a secret is none
 *
 * A webhook may come twice: remember `webhook-id` and take each once. Answer within 15 seconds, and work later.
 */
export function verifyWebhook(
  headers: WebhookHeaders,
  body: string | Uint8Array,
  secrets: readonly string[],
  now: number = Date.now() / 1000,
): GatewayEvent {
  const id = headerOf(headers, "webhook-id");
  const time = headerOf(headers, "webhook-timestamp");
  const signatures = headerOf(headers, "webhook-signature").split(" ").filter((text) => text.startsWith("v1,"));
  if (!/^[0-9]{1,12}$/.test(time) || Math.abs(now - Number(time)) > TOLERANCE_SECONDS)
    throw new Tampered("the webhook's time is more than five minutes off");
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  let genuine = false;
  for (const secret of secrets.map(secretOf)) {
    const expected = createHmac("sha256", secret).update(`${id}.${time}.`).update(bytes).digest();
    for (const text of signatures) genuine = isSame(Buffer.from(text.slice(3), "base64"), expected) || genuine;
  }
  if (!genuine) throw new Tampered("the webhook is signed with none of the secrets");
  return eventOf(Buffer.from(bytes).toString("utf8"));
}

import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import { GatewayError, Unreachable, type Problem } from "./errors.js";
import { DEFAULT_ATTEMPTS, waitAfter, type RetryOptions } from "./retry.js";
import { SseReader } from "./sse.js";
import { problemOf, type Transport } from "./transport.js";
import type { GatewayEvent } from "./types.js";

export interface EventOptions {
  /** Where to go on: the `id` of the last event that was dealt with. Left out: from now on. */
  readonly lastEventId?: string;
  /** Ends the iteration with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** An event and the id to go on after it. */
export interface StreamedEvent extends GatewayEvent {
  readonly id: string;
}

const MAX_PROBLEM_BYTES = 1024 * 1024;

function eventOf(name: string, id: string, data: string): StreamedEvent {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch (cause) {
    throw new Unreachable("EBADMSG", true, { cause });
  }
  const { type = name, timestamp = "", data: inner = {} } = value as Partial<GatewayEvent>;
  return { type, timestamp, data: inner, id };
}

async function problemFrom(message: IncomingMessage): Promise<Problem> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    if ((size += chunk.length) > MAX_PROBLEM_BYTES) break;
  }
  return problemOf({ status: message.statusCode ?? 0, headers: message.headers, body: Buffer.concat(chunks) });
}

async function connect(transport: Transport, id: string, signal: AbortSignal | undefined): Promise<IncomingMessage> {
  const headers = { Accept: "text/event-stream", ...(id ? { "Last-Event-ID": id } : {}) };
  const message = await transport.open({ method: "GET", target: "/v1/events", headers, signal });
  if (message.statusCode !== 200) throw await problemFrom(message);
  return message;
}

/** What went wrong, as far as connecting again mends it; anything else is thrown. */
function mendable(error: unknown, signal: AbortSignal | undefined): GatewayError {
  signal?.throwIfAborted();
  const found = error instanceof GatewayError ? error : new Unreachable("ECONNRESET", true, { cause: error });
  if (!found.retryable) throw found;
  return found;
}

/** See `Client.events`. Tries are counted from the last connection that was made. */
export async function* eventStream(
  transport: Transport,
  retry: RetryOptions,
  { lastEventId = "", signal }: EventOptions,
): AsyncGenerator<StreamedEvent, never, undefined> {
  let id = lastEventId;
  for (let attempt = 1; ; ++attempt) {
    const reader = new SseReader();
    let ended: GatewayError = new Unreachable("ECONNRESET");
    try {
      const message = await connect(transport, id, signal);
      attempt = 1;
      try {
        for await (const chunk of message as AsyncIterable<Buffer>)
          for (const event of reader.push(chunk)) {
            yield eventOf(event.name, event.id, event.data);
            id = event.id || id; // only when the caller came back for the next one
          }
      } finally {
        message.destroy();
      }
    } catch (error) {
      ended = mendable(error, signal);
      if (attempt >= (retry.attempts ?? DEFAULT_ATTEMPTS)) throw ended;
    }
    const wait = Math.max(reader.retry ?? 0, waitAfter(attempt, ended, retry, Math.random()));
    await sleep(wait, undefined, signal ? { signal } : {});
  }
}

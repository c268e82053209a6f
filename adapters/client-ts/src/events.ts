import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import { GatewayError, Unreachable, type Problem } from "./errors.js";
import { DEFAULT_ATTEMPTS, waitAfter, type RetryOptions } from "./retry.js";
import { targetOf } from "./paths.js";
import { SseReader, type ServerSentEvent } from "./sse.js";
import { problemOf, type Transport } from "./transport.js";
import type { BundleEvent } from "./types.js";

export interface EventOptions {
  /** Where to go on: the `id` of the last event that was dealt with. Left out: from now on. */
  readonly lastEventId?: string;
  /** One of the offices of the certificate, when it is that of several. */
  readonly office?: string;
  /** Ends the iteration with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** An event and the id to go on after it. */
export type StreamedEvent = BundleEvent & { readonly id: string };

const MAX_PROBLEM_BYTES = 1024 * 1024;

function eventOf({ id, data }: ServerSentEvent): StreamedEvent {
  try {
    return { ...(JSON.parse(data) as BundleEvent), id };
  } catch (cause) {
    throw new Unreachable("EBADMSG", true, { cause });
  }
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

async function connect(transport: Transport, id: string, { office, signal }: EventOptions): Promise<IncomingMessage> {
  const headers = { Accept: "text/event-stream", ...(id ? { "Last-Event-ID": id } : {}) };
  const message = await transport.open({ method: "GET", target: targetOf("/v1/events", {}, { office }), headers, signal });
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
  options: EventOptions,
): AsyncGenerator<StreamedEvent, never, undefined> {
  const { signal } = options;
  let id = options.lastEventId ?? "";
  for (let attempt = 1; ; ++attempt) {
    const reader = new SseReader();
    let ended: GatewayError = new Unreachable("ECONNRESET");
    try {
      const message = await connect(transport, id, options);
      attempt = 1;
      try {
        for await (const chunk of message as AsyncIterable<Buffer>) {
          const events = reader.push(chunk);
          if (events.length === 0) id ||= reader.id; // where "from now" is, told before the first event
          for (const event of events) {
            yield eventOf(event);
            id = event.id || id; // only when the caller came back for the next one
          }
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

import { Agent, request, type RequestOptions } from "node:https";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

import { Problem, Unreachable } from "./errors.js";

/** How to connect. Certificates and keys are PEM text or bytes, not paths: read them with `readFileSync`. */
export interface ConnectionOptions {
  /** `https://host:port` of the gateway. */
  readonly gateway: string;
  /** Certificate of the office, PEM; with `key`. */
  readonly cert?: string | Buffer;
  /** Its key, PEM. */
  readonly key?: string | Buffer;
  /** Certificate and key in one PKCS#12 file, in place of `cert` and `key`. */
  readonly pfx?: Buffer;
  /** Of the key or the PKCS#12 file. */
  readonly passphrase?: string;
  /** Who signed the gateway's certificate, PEM. Node's own authorities when it is left out. */
  readonly ca?: string | Buffer;
  /** A program's token (`Authorization: Bearer`), where the gateway asks for one on top of the certificate. */
  readonly token?: string;
  /** Language of texts for people; default `ja`. */
  readonly lang?: "ja" | "en";
  /** Milliseconds without any progress before a request is given up; default 120,000. */
  readonly timeout?: number;
}

export interface Call {
  readonly method: "GET" | "POST" | "DELETE";
  /** Path and query, e.g. `/v1/inbox?state=new`. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds added to the time-out: the gateway may wait so long before it answers. */
  readonly patience?: number;
  /** Bytes of the longest answer that is read. */
  readonly maxBytes?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const DEFAULT_TIMEOUT = 120_000;
/** A page of 1,000 bundles or a report of all findings is some megabytes. */
export const MAX_JSON_BYTES = 64 * 1024 * 1024;

/** What OpenSSL or Node says about certificates, or a name nobody has: the same again would end the same. */
const HOPELESS = /^(ERR_SSL_|ERR_TLS_|ERR_OSSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_|ENOTFOUND$)/;

function unreachable(cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof Unreachable || cause.name === "AbortError") return cause;
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : "EPROTO";
  return new Unreachable(code, !HOPELESS.test(code), { cause });
}

function textMember(value: unknown, name: string): string {
  const member = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  return typeof member === "string" ? member : "";
}

/** Seconds of a `Retry-After` header; a date, which the gateway does not send, is passed over. */
function retryAfterOf(headers: IncomingHttpHeaders): number | undefined {
  const text = headers["retry-after"] ?? "";
  return /^[0-9]{1,6}$/.test(text) ? Number(text) : undefined;
}

/** The problem of an answer that is no 2xx. One without a problem document (a proxy's) still has its status. */
export function problemOf(answer: Answer): Problem {
  let document: unknown;
  try {
    document = JSON.parse(answer.body.toString("utf8"));
  } catch {
    document = undefined;
  }
  return new Problem({
    slug: /^urn:cpgw:problem:([a-z0-9-]+)$/.exec(textMember(document, "type"))?.[1] ?? `http-${answer.status}`,
    status: answer.status,
    detail: textMember(document, "detail") || textMember(document, "title"),
    instance: textMember(document, "instance").slice(0, 100),
    retryAfter: retryAfterOf(answer.headers),
  });
}

/** HTTPS with a client certificate over kept-alive connections. Retries nothing; any HTTP status is an answer. */
export class Transport {
  readonly #origin: URL;
  readonly #agent: Agent;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeout: number;

  constructor(options: ConnectionOptions) {
    this.#origin = new URL(options.gateway);
    if (this.#origin.protocol !== "https:") throw new TypeError("gateway is https://host:port");
    if (!options.pfx && !(options.cert && options.key)) throw new TypeError("cert and key, or pfx, are needed");
    this.#timeout = options.timeout ?? DEFAULT_TIMEOUT;
    if (!(this.#timeout > 0 && Number.isFinite(this.#timeout))) throw new TypeError("timeout is a number of milliseconds");
    this.#headers = {
      "Accept-Language": options.lang ?? "ja",
      "User-Agent": "careplan-gateway-client",
      ...(options.token === undefined ? {} : { Authorization: `Bearer ${options.token}` }),
    };
    this.#agent = new Agent({
      keepAlive: true,
      maxCachedSessions: 0, // the gateway resumes no session
      minVersion: "TLSv1.3",
      cert: options.cert,
      key: options.key,
      pfx: options.pfx,
      passphrase: options.passphrase,
      ca: options.ca,
    });
  }

  /** Ends the kept-alive connections; requests that still run end as `Unreachable`. */
  close(): void {
    this.#agent.destroy();
  }

  /** The whole answer. Throws `Unreachable`, or the signal's `AbortError`. */
  async call(call: Call): Promise<Answer> {
    const message = await this.open(call);
    const most = call.maxBytes ?? MAX_JSON_BYTES;
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of message as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > most) throw new Unreachable("EMSGSIZE", false);
        chunks.push(chunk);
      }
    } catch (cause) {
      call.signal?.throwIfAborted();
      throw unreachable(cause);
    }
    return { status: message.statusCode ?? 0, headers: message.headers, body: Buffer.concat(chunks, size) };
  }

  /** The answer's head; its body is still to be read. */
  open(call: Call): Promise<IncomingMessage> {
    const options: RequestOptions = {
      agent: this.#agent,
      method: call.method,
      headers: {
        ...this.#headers,
        ...(call.body ? { "Content-Length": call.body.length } : {}),
        ...call.headers,
      },
      timeout: this.#timeout + (call.patience ?? 0), // counts from before the connection is made
      ...(call.signal ? { signal: call.signal } : {}),
    };
    return new Promise((resolve, reject) => {
      const sent = request(new URL(call.target, this.#origin), options, resolve);
      sent.on("timeout", () => sent.destroy(new Unreachable("ETIMEDOUT")));
      sent.on("error", (cause) => reject(call.signal?.aborted ? call.signal.reason : unreachable(cause)));
      sent.end(call.body);
    });
  }
}

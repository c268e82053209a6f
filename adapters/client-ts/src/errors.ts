/**
 * Everything the client throws about the world outside. A wrong argument is a plain `TypeError`.
 * No message holds file names, file content or the gateway's free text: they may go into a log.
 */
export abstract class GatewayError extends Error {
  /** Whether the same call may work a little later. The client has already tried again by itself. */
  abstract readonly retryable: boolean;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** What a problem document (RFC 9457) of the gateway says. */
export interface ProblemFields {
  /** The last part of `type`, e.g. `not-found`, `rate-limited`, `idempotency-key-reused`. Stable. */
  readonly slug: string;
  /** HTTP status. */
  readonly status: number;
  /** A sentence for people, in the client's language; may name files. Not part of `message`. */
  readonly detail: string;
  /** The incident's number, to be told to the gateway's operator. */
  readonly instance: string;
  /** `Retry-After` in seconds, when the gateway gave one. */
  readonly retryAfter: number | undefined;
}

/** The gateway answered, and refused. */
export class Problem extends GatewayError implements ProblemFields {
  readonly slug: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly retryAfter: number | undefined;

  constructor(fields: ProblemFields) {
    super(`${fields.status} ${fields.slug}${fields.instance ? ` (${fields.instance})` : ""}`);
    this.slug = fields.slug;
    this.status = fields.status;
    this.detail = fields.detail;
    this.instance = fields.instance;
    this.retryAfter = fields.retryAfter;
  }

  get retryable(): boolean {
    return this.status === 429 || this.status === 503 || this.slug === "idempotency-in-flight";
  }
}

/** No answer, or one that is not the gateway's: refused connection, TLS failed, time-out, broken HTTP or JSON. */
export class Unreachable extends GatewayError {
  constructor(
    /** A word of Node or OpenSSL, e.g. `ECONNREFUSED`, `ETIMEDOUT`, `ERR_TLS_CERT_ALTNAME_INVALID`. */
    readonly code: string,
    /** False for what no waiting mends, such as a certificate that is not accepted. */
    readonly retryable: boolean = true,
    options?: ErrorOptions,
  ) {
    super(`the gateway cannot be reached (${code})`, options);
  }
}

/** What arrived is not what `Content-Digest` announced, or no ZIP of whole files. Nothing of it was handed out. */
export class DigestMismatch extends GatewayError {
  readonly retryable = true;
}

/** A receipt, a webhook or the gateway's log does not prove what it claims. */
export class Tampered extends GatewayError {
  readonly retryable = false;
}

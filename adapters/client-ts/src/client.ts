import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { fitsDigest, contentDigest, sha256 } from "./digest.js";
import { DigestMismatch, Problem, Tampered, Unreachable } from "./errors.js";
import { eventStream, type EventOptions, type StreamedEvent } from "./events.js";
import type { Conversion } from "./evidence/leaf.js";
import { checkLog } from "./evidence/log.js";
import { parseKey } from "./evidence/note.js";
import { proveStep } from "./evidence/steps.js";
import { saveFile, saveFolder, type SavedFolder } from "./folder.js";
import { Listing, type InboxOptions, type OutboxOptions } from "./listing.js";
import { multipart, type Body } from "./multipart.js";
import { targetOf, type GetAnswer, type GetParameters, type GetPath } from "./paths.js";
import { retrying, type RetryOptions } from "./retry.js";
import { Transport, problemOf, type Answer, type Call, type ConnectionOptions } from "./transport.js";
import type {
  Bundle, BundleDetail, BundleReport, Cover, FetchedBundle, NamedFile, NewWebhook, Office, Report, Sent, SentBundle, State,
  Step, StepReceipt, StepTaken, Webhook,
} from "./types.js";
import { MAX_BUNDLE_BYTES, readZip } from "./zip.js";

export interface ClientOptions extends ConnectionOptions {
  /**
   * Keys of the gateway's log, `<name>+<8 hex digits>+<base64>`, compared by another way than the gateway itself. With them
   * every receipt is verified before a method returns; without them nothing is proven.
   */
  readonly trustedKeys?: readonly string[];
  /** How a request is sent again when the gateway cannot be reached or is busy. */
  readonly retry?: RetryOptions;
}

/** Of every call. */
export interface CallOptions {
  /** Ends the call with the signal's reason. What was sent may have arrived all the same. */
  readonly signal?: AbortSignal;
}

export interface CheckOptions extends CallOptions {
  /** Default `auto`: by the files' names. */
  readonly edition?: "auto" | "4.1" | "3";
}

export interface ReceiptOptions extends CallOptions {
  /** Proven by a later checkpoint that witnesses cosigned, or that was time-stamped; while there is none, as ever. */
  readonly with?: "cosignatures" | "timestamp";
}

export interface SendOptions extends CallOptions {
  /** Other papers on the same road: `.pdf`, `.png`, `.jpg`. With `cover`. */
  readonly papers?: readonly NamedFile[];
  /** What the papers are and whom they are for. With the `serial` of a bundle in the same call they travel with it. */
  readonly cover?: Cover;
  /** 1 to 255 characters. Left out: made from the bytes, so that the same call again is the same submission. */
  readonly idempotencyKey?: string;
  /** What made these files out of another form of data; stands in the receipt. */
  readonly conversion?: Conversion;
}

export interface WaitOptions extends CallOptions {
  /** Milliseconds between two looks; default 5,000. */
  readonly interval?: number;
}

/** What became of a test message. */
export interface WebhookTried {
  readonly delivered: boolean;
  /** HTTP status of the other side. */
  readonly status?: number;
  readonly failure?: string;
}

/** After these nothing more happens by itself; an import that failed may still work at a second try. */
export const SETTLED: readonly State[] = ["imported", "import_failed", "recalled", "superseded", "rejected"];

function jsonOf(answer: Answer): unknown {
  try {
    return JSON.parse(answer.body.toString("utf8"));
  } catch (cause) {
    throw new Unreachable("EBADMSG", false, { cause });
  }
}

/** Its name sorts by sender and serial, and is the one that `cpgw fetch` uses. */
function folderName(bundle: Bundle): string {
  return `${bundle.from.office}_${bundle.serial || "-"}_${bundle.id}`;
}

/** Names that came over the network and become names of files. */
function asFileName(text: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) throw new Unreachable("EBADMSG", false);
  return text;
}

function receiptFiles(receipts: readonly StepReceipt[]): NamedFile[] {
  // A step that happened twice (an import that worked at the second try): the newest is kept.
  const newest = new Map(receipts.map((step) => [step.step, step.receipt]));
  return [...newest].map(([step, text]) => ({
    name: `receipts/${asFileName(step)}.receipt.txt`,
    bytes: Buffer.from(text),
  }));
}

/**
 * The office's side of a gateway: one client for one certificate, over kept-alive connections of mutual TLS 1.3.
 *
 * Every method may throw `Problem` (the gateway refused) or `Unreachable` (no answer, after the tries of `retry`); what
 * else is said at the method. Requests that are safe to repeat are repeated; `send`, `acknowledge` and `recall` are made
 * safe. Methods may run at the same time. Call `close()` at the end, or the process waits for idle connections.
 */
export class Client {
  readonly #transport: Transport;
  readonly #retry: RetryOptions;
  readonly #trustedKeys: readonly string[];

  /** Does not connect. Throws a `TypeError` for options that cannot be right. */
  constructor(options: ClientOptions) {
    this.#transport = new Transport(options);
    this.#retry = options.retry ?? {};
    this.#trustedKeys = options.trustedKeys ?? [];
    this.#trustedKeys.forEach(parseKey);
  }

  /** Ends the kept-alive connections. */
  close(): void {
    this.#transport.close();
  }

  // -- sending

  /** Validates, stores nothing. Findings are a result, not an error. */
  async check(files: readonly NamedFile[], options: CheckOptions = {}): Promise<Report> {
    const body = multipart({ files });
    const target = targetOf("/v1/check", {}, { edition: options.edition });
    return jsonOf(await this.#done({ method: "POST", target, ...this.#upload(body), signal: options.signal })) as Report;
  }

  /**
   * Sends one or many bundles to one or many receivers. Returns when the gateway has them on disk: each bundle was accepted
   * or refused as a whole, see `rejected` and its reports. Sent again after a lost answer, also by another run of the
   * program with the same files, nothing is sent twice: the first answer comes again.
   *
   * @throws {Tampered} a receipt does not prove the verdict for these files (with `trustedKeys`)
   */
  async send(files: readonly NamedFile[], options: SendOptions = {}): Promise<Sent> {
    const body = multipart({ files, papers: options.papers, cover: options.cover });
    const key = options.idempotencyKey ?? sha256(`${body.contentType}\n`, body.bytes).toString("hex");
    const declared = options.conversion ? { "Cpgw-Conversion": conversionText(options.conversion) } : {};
    const headers = { "Idempotency-Key": key, ...declared };
    const answer = await this.#done(
      { method: "POST", target: "/v1/bundles", ...this.#upload(body, headers), signal: options.signal },
      (given) => given.status === 201 || (given.status === 422 && !isProblem(given)),
    );
    const { bundles, findings } = jsonOf(answer) as { bundles: SentBundle[]; findings: Sent["findings"] };
    for (const bundle of bundles) this.#proveSent(bundle, [...files, ...(options.papers ?? [])]);
    return {
      accepted: bundles.filter((bundle) => bundle.verdict === "accepted"),
      rejected: bundles.filter((bundle) => bundle.verdict === "rejected"),
      findings,
    };
  }

  /** Takes a bundle back. @throws {Problem} `conflict`: it was fetched already */
  async recall(id: string, options: CallOptions = {}): Promise<StepTaken> {
    const target = targetOf("/v1/bundles/{id}/recall", { id });
    return this.#step(id, "recalled", { method: "POST", target, signal: options.signal });
  }

  /** Waits until the bundle is in one of these states; default: until nothing more is to come. Ends by `signal` only. */
  async waitFor(id: string, states: readonly State[] = SETTLED, options: WaitOptions = {}): Promise<BundleDetail> {
    for (;;) {
      const bundle = await this.bundle(id, options);
      if (states.includes(bundle.state)) return bundle;
      await sleep(options.interval ?? 5000, undefined, options.signal ? { signal: options.signal } : {});
    }
  }

  /** What I sent, with its delivery state: `for await (const bundle of client.outbox())`. */
  outbox(options: OutboxOptions = {}): Listing {
    return this.#listing("/v1/outbox", options);
  }

  // -- receiving

  /** Bundles for me, those not fetched yet unless `state` says otherwise: `for await (const bundle of client.inbox())`. */
  inbox(options: InboxOptions = {}): Listing {
    return this.#listing("/v1/inbox", options);
  }

  /**
   * Fetches a bundle. The first time is the step `fetched`, which the sender sees. Nothing is returned before the digest of
   * all bytes, the archive and, with `trustedKeys`, the receipts of acceptance and of this hand-over are right.
   *
   * @throws {DigestMismatch} the bytes are not those announced, after the tries of `retry`
   * @throws {Tampered} a receipt does not prove its step for these files (with `trustedKeys`)
   */
  async fetch(id: string, options: CallOptions = {}): Promise<FetchedBundle> {
    const files = readZip(await this.#bytes(targetOf("/v1/bundles/{id}/content", { id }), options));
    const [bundle, receipts] = [await this.bundle(id, options), await this.receipts(id, options)];
    if (bundle.id !== id) throw new Unreachable("EBADMSG", false);
    if (this.#trustedKeys.length > 0) this.#proveFetched(id, files, receipts);
    return { bundle, files, receipts };
  }

  /**
   * Fetches a bundle into a new folder below `parent`, written whole or not at all, in the layout that `cpgw verify` takes:
   * the files, and `receipts/<step>.receipt.txt`. A folder of an earlier run is left as it is.
   *
   * @returns the folder's path, and whether it was written now
   * @throws as `fetch`; what the file system says
   */
  async fetchInto(parent: string, id: string, options: CallOptions = {}): Promise<SavedFolder> {
    const { bundle, files, receipts } = await this.fetch(id, options);
    asFileName(folderName(bundle));
    return saveFolder(parent, folderName(bundle), [...files, ...receiptFiles(receipts)]);
  }

  /**
   * Tells the outcome of the import.
   *
   * @param note a reason, at most 2,000 bytes, shown to both sides
   * @throws {Problem} `conflict`: not fetched yet, recalled, or imported before
   */
  async acknowledge(
    id: string,
    state: "imported" | "import_failed",
    note = "",
    options: CallOptions = {},
  ): Promise<StepTaken> {
    const bytes = Buffer.from(JSON.stringify(note ? { state, note } : { state }));
    const upload = this.#upload({ contentType: "application/json", bytes });
    const target = targetOf("/v1/bundles/{id}/ack", { id });
    return this.#step(id, state, { method: "POST", target, ...upload, signal: options.signal });
  }

  /** The exact bytes of one file. By the receiver it counts as `fetched`. @throws {DigestMismatch} as `fetch` */
  async file(id: string, name: string, options: CallOptions = {}): Promise<Uint8Array> {
    return this.#bytes(targetOf("/v1/bundles/{id}/files/{name}", { id, name }), options);
  }

  /** The printable forms as HTML, A4 landscape. Opened by the receiver it counts as `fetched`. */
  async view(id: string, options: CallOptions = {}): Promise<string> {
    const target = targetOf("/v1/bundles/{id}/view", { id });
    const answer = await this.#done({ method: "GET", target, signal: options.signal, maxBytes: MAX_BUNDLE_BYTES });
    return answer.body.toString("utf8");
  }

  // -- looking

  async bundle(id: string, options: CallOptions = {}): Promise<BundleDetail> {
    return (await this.get("/v1/bundles/{id}", { path: { id } }, options)) as BundleDetail;
  }

  /** The report made when the bundle was submitted. */
  async report(id: string, options: CallOptions = {}): Promise<BundleReport> {
    return (await this.get("/v1/bundles/{id}/report", { path: { id } }, options)) as BundleReport;
  }

  /** Receipts so far, in the order of events. Not verified here: see `verifyReceipt`. */
  async receipts(id: string, options: ReceiptOptions = {}): Promise<readonly StepReceipt[]> {
    const query = options.with === undefined ? {} : { with: options.with };
    return (await this.get("/v1/bundles/{id}/receipts", { path: { id }, query }, options)).receipts;
  }

  /** Offices whose number or name has this in it; all of them for "". */
  async offices(q = "", options: CallOptions = {}): Promise<readonly Office[]> {
    return (await this.get("/v1/offices", { query: { q } }, options)).offices;
  }

  /** My offices, and how many days my certificate has left. */
  async me(options: CallOptions = {}): Promise<GetAnswer<"/v1/me">> {
    return this.get("/v1/me", {}, options);
  }

  /** Every limit that a sender can hit, by name. */
  async limits(options: CallOptions = {}): Promise<GetAnswer<"/v1/limits">> {
    return this.get("/v1/limits", {}, options);
  }

  /** Names and public keys of the log. Compare the keys by another way too before you trust them. */
  async policy(options: CallOptions = {}): Promise<GetAnswer<"/v1/audit/policy">> {
    return this.get("/v1/audit/policy", {}, options);
  }

  /**
   * What happens to bundles of my office, as it happens. Connects again by itself and goes on after the last event that was
   * dealt with; ends by `signal`, or by an error after the tries of `retry` without a connection. An event tells that it is
   * time to look: what counts is the inbox, also after a time without a connection that was too long to be told.
   */
  events(options: EventOptions = {}): AsyncGenerator<StreamedEvent, never, undefined> {
    return eventStream(this.#transport, this.#retry, options);
  }

  // -- webhooks, for an office's administrator or a token of the scope `webhooks`

  /** Where events are posted, oldest first. */
  async webhooks(options: CallOptions = {}): Promise<readonly Webhook[]> {
    return (await this.get("/v1/webhooks", {}, options)).webhooks;
  }

  /**
   * From now on events are posted to this address. Not tried again when the answer was lost: look at `webhooks()` first.
   *
   * @param url https, and of a public address
   * @param office one of the offices of the certificate, when it is that of several
   */
  async addWebhook(url: string, office?: string, options: CallOptions = {}): Promise<NewWebhook> {
    const bytes = Buffer.from(JSON.stringify({ url, office }));
    const upload = this.#upload({ contentType: "application/json", bytes });
    const call = { method: "POST", target: "/v1/webhooks", ...upload, signal: options.signal } as const;
    return jsonOf(await this.#once(call)) as NewWebhook;
  }

  /** `enable`: goes on from where it stands. `rotate`: a new secret; the old one signs too for a while. */
  async changeWebhook(id: string, action: "enable" | "rotate", options?: CallOptions): Promise<NewWebhook>;
  /** Posts a test message: whether it was delivered, and what the other side said. */
  async changeWebhook(id: string, action: "test", options?: CallOptions): Promise<WebhookTried>;
  async changeWebhook(
    id: string,
    action: "enable" | "rotate" | "test",
    options: CallOptions = {},
  ): Promise<NewWebhook | WebhookTried> {
    const target = targetOf("/v1/webhooks/{id}/{action}", { id, action });
    return jsonOf(await this.#once({ method: "POST", target, signal: options.signal })) as NewWebhook | WebhookTried;
  }

  /** Nothing is posted there any more. One that is gone already is fine. */
  async removeWebhook(id: string, options: CallOptions = {}): Promise<void> {
    try {
      await this.#done({ method: "DELETE", target: targetOf("/v1/webhooks/{id}", { id }), signal: options.signal });
    } catch (error) {
      if (!(error instanceof Problem && error.status === 404)) throw error;
    }
  }

  // -- evidence and everything else

  /**
   * Whether the gateway's log continues what this client saw of it before; to be called at the start of a session, before
   * anything is sent or fetched. The file is `cpgw`'s `client.yaml.checkpoints`, and may be shared with it.
   *
   * @param file keeps what was seen; made at the first time, replaced in one step, left as it is when something is wrong
   * @throws {LogContradiction} the log went back, forked, or is signed by another key. Keep its `seen` and `offered`
   * @throws {TypeError} there are no `trustedKeys`, or the file cannot be read
   */
  async checkLog(file: string, options: CallOptions = {}): Promise<void> {
    if (this.#trustedKeys.length === 0) throw new TypeError("trustedKeys are needed to check the log");
    const memory = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    const now = await checkLog(memory, this.#trustedKeys.map(parseKey), (path) => this.#log(path, options));
    if (now !== undefined && now !== memory) await saveFile(file, Buffer.from(now));
  }

  /** Any JSON route of openapi.yaml by its path: `client.get("/v1/bundles/{id}", { path: { id } })`. */
  async get<Path extends GetPath>(
    path: Path,
    parameters: GetParameters<Path>,
    options: CallOptions = {},
  ): Promise<GetAnswer<Path>> {
    const target = targetOf(path, parameters.path, parameters.query);
    return jsonOf(await this.#done({ method: "GET", target, signal: options.signal })) as GetAnswer<Path>;
  }

  // -- within

  /** A 2xx, or what `fine` takes; anything else is a `Problem`. */
  async #answer(call: Call, fine = isDone): Promise<Answer> {
    const answer = await this.#transport.call(call);
    if (!fine(answer)) throw problemOf(answer);
    return answer;
  }

  /** Tries again what waiting mends: for what may be asked twice. */
  async #done(call: Call, fine = isDone): Promise<Answer> {
    return retrying(this.#retry, call.signal, () => this.#answer(call, fine));
  }

  /** Tries again only what the gateway did not take. */
  async #once(call: Call): Promise<Answer> {
    const refused = (error: unknown) => error instanceof Problem && error.retryable;
    return retrying(this.#retry, call.signal, () => this.#answer(call), refused);
  }

  async #log(path: string, { signal }: CallOptions): Promise<Buffer | undefined> {
    try {
      return (await this.#done({ method: "GET", target: `/v1/audit/${path}`, signal })).body;
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return undefined;
      throw error;
    }
  }

  #upload(body: Body, headers: Readonly<Record<string, string>> = {}): Pick<Call, "body" | "headers"> {
    return {
      body: body.bytes,
      headers: { "Content-Type": body.contentType, "Content-Digest": contentDigest(body.bytes), ...headers },
    };
  }

  /** The whole body, once its digest is right. */
  async #bytes(target: string, { signal }: CallOptions): Promise<Buffer> {
    return retrying(this.#retry, signal, async () => {
      const answer = await this.#answer({ method: "GET", target, signal, maxBytes: MAX_BUNDLE_BYTES });
      if (!fitsDigest(answer.headers["content-digest"] as string | undefined, answer.body))
        throw new DigestMismatch("what arrived does not have the digest announced");
      return answer.body;
    });
  }

  #listing(path: "/v1/inbox" | "/v1/outbox", options: InboxOptions | OutboxOptions): Listing {
    const { follow = false, signal, after, ...query } = options;
    return new Listing(async (cursor, wait) => {
      const target = targetOf(path, {}, { ...query, after: cursor, wait: wait || undefined });
      const call = { method: "GET", target, signal, patience: wait * 1000 } as const;
      return jsonOf(await this.#done(call)) as GetAnswer<"/v1/inbox">;
    }, after, follow);
  }

  /**
   * A step that happens once. When an answer was lost and the next try finds it done, it was ours: its receipt is looked
   * up. A conflict at the first try is the caller's.
   */
  async #step(id: string, step: Step, call: Call): Promise<StepTaken> {
    let lost = false;
    const taken = await retrying(this.#retry, call.signal, async () => {
      try {
        return jsonOf(await this.#answer(call)) as StepTaken;
      } catch (error) {
        if (lost && error instanceof Problem && error.status === 409) {
          const found = await this.#stepTaken(id, step, call.signal);
          if (found) return found;
        }
        lost ||= error instanceof Unreachable;
        throw error;
      }
    });
    if (this.#trustedKeys.length > 0) proveStep(step, id, taken.receipt, undefined, this.#trustedKeys);
    return taken;
  }

  async #stepTaken(id: string, step: Step, signal: AbortSignal | undefined): Promise<StepTaken | undefined> {
    const options = signal ? { signal } : {};
    const found = (await this.receipts(id, options)).filter((receipt) => receipt.step === step).at(-1);
    return found && { bundle: await this.bundle(id, options), receipt: found.receipt };
  }

  #proveSent(bundle: SentBundle, all: readonly NamedFile[]): void {
    if (this.#trustedKeys.length === 0) return;
    const names = new Set(bundle.report.files.map((file) => file.name));
    const files = all.filter((file) => names.has(file.name));
    if (bundle.verdict === "accepted" && files.length === 0)
      throw new Tampered("the receipt of accepted is about no file of ours");
    proveStep(bundle.verdict, bundle.id, bundle.receipt, files.length > 0 ? files : undefined, this.#trustedKeys);
  }

  #proveFetched(id: string, files: readonly NamedFile[], receipts: readonly StepReceipt[]): void {
    for (const step of ["accepted", "fetched"])
      if (!receipts.some((receipt) => receipt.step === step)) throw new Tampered(`there is no receipt of ${step}`);
    for (const { step, receipt } of receipts) {
      const found = proveStep(step, id, receipt, files, this.#trustedKeys);
      if (step === "accepted" && found?.files.length === 0) throw new Tampered("the receipt of accepted is about no file");
    }
  }
}

function conversionText({ dialect, version, fills, lookups, report }: Conversion): string {
  return `${dialect}@${version}; fills=${fills}; lookups=${lookups}; report=${report}`;
}

function isDone(answer: Answer): boolean {
  return answer.status >= 200 && answer.status < 300;
}

function isProblem(answer: Answer): boolean {
  return (answer.headers["content-type"] ?? "").startsWith("application/problem+json");
}

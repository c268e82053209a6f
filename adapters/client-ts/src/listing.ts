import type { components, operations } from "./schema.js";
import type { Bundle } from "./types.js";

type InboxQuery = NonNullable<operations["inbox"]["parameters"]["query"]>;
type OutboxQuery = NonNullable<operations["outbox"]["parameters"]["query"]>;

interface Following {
  /** Go on for ever, waiting for what arrives (long-poll); default: end with what is there now. */
  readonly follow?: boolean;
  /** Ends the iteration with the signal's reason. */
  readonly signal?: AbortSignal;
}
export type InboxOptions = Omit<InboxQuery, "wait"> & Following;
export type OutboxOptions = Omit<OutboxQuery, "wait"> & Following;

type Page = components["schemas"]["Page"];
export type LoadPage = (after: string | undefined, waitSeconds: number) => Promise<Page>;

/** The longest `wait` the contract allows. */
const WAIT_SECONDS = 60;

/**
 * The bundles of a mailbox, page by page as they are asked for. Iterate it once; to go on later, keep `cursor` and give it
 * as `after`.
 */
export class Listing implements AsyncIterable<Bundle> {
  readonly #load: LoadPage;
  readonly #follow: boolean;
  #cursor: string | undefined;

  constructor(load: LoadPage, after: string | undefined, follow: boolean) {
    this.#load = load;
    this.#cursor = after;
    this.#follow = follow;
  }

  /** Behind the last page of which every bundle was taken; undefined at the very beginning. */
  get cursor(): string | undefined {
    return this.#cursor;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Bundle, void, undefined> {
    for (let wait = 0; ; ) {
      const page = await this.#load(this.#cursor, wait);
      for (const bundle of page.bundles) yield bundle as Bundle;
      this.#cursor = page.next ?? page.cursor;
      if (page.next !== null) continue;
      if (!this.#follow) return;
      wait = WAIT_SECONDS;
    }
  }

  /** All of them at once. Never ends when it follows. */
  async all(): Promise<Bundle[]> {
    const bundles: Bundle[] = [];
    for await (const bundle of this) bundles.push(bundle);
    return bundles;
  }
}

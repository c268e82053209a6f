/** One message of a stream of server-sent events. */
export interface ServerSentEvent {
  readonly name: string;
  readonly data: string;
  /** The last id seen in the stream, also when this message had none. */
  readonly id: string;
}

/** A line longer than this is no event of the gateway. */
const MAX_LINE = 1024 * 1024;

/** Reads `text/event-stream` (HTML Living Standard, 9.2) piece by piece. Pure: bytes go in, messages come out. */
export class SseReader {
  readonly #decoder = new TextDecoder("utf-8");
  #rest = "";
  #name = "";
  #data: string[] = [];
  #id = "";
  #lastId = "";
  #retry: number | undefined;

  /** Milliseconds to wait before connecting again, when the stream said so. */
  get retry(): number | undefined {
    return this.#retry;
  }

  /** The id of the last block that came whole, also of one without data. */
  get id(): string {
    return this.#lastId;
  }

  /** The messages that these bytes complete. Throws a `RangeError` for a line without end. */
  push(bytes: Uint8Array): ServerSentEvent[] {
    const text = this.#rest + this.#decoder.decode(bytes, { stream: true });
    // A carriage return at the very end may be half of a line end: it waits for what follows.
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > MAX_LINE) throw new RangeError("a line without end");
    return lines.flatMap((line) => this.#take(line));
  }

  #take(line: string): ServerSentEvent[] {
    if (line === "") return this.#dispatch();
    const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "event") this.#name = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^[0-9]{1,6}$/.test(value)) this.#retry = Number(value);
    return [];
  }

  #dispatch(): ServerSentEvent[] {
    this.#lastId = this.#id;
    const message = { name: this.#name || "message", data: this.#data.join("\n"), id: this.#id };
    const empty = this.#data.length === 0;
    this.#name = "";
    this.#data = [];
    return empty ? [] : [message];
  }
}

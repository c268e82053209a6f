import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";

import { Client, type ClientOptions } from "careplan-gateway-client";
import { makePki, type Pki } from "./pki.js";

/** One request as it arrived. */
export interface Seen {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  readonly response: ServerResponse;
}

/** Answers one request; they are used up in order, the last one stays. */
export type Script = (seen: Seen) => void;

export const QUICK = { attempts: 4, firstWait: 1, longestWait: 20 };

/** A TLS server with client certificates that does exactly what a test scripts. */
export class FakeGateway {
  readonly seen: Seen[] = [];
  readonly pki: Pki = makePki();
  readonly #server: Server;
  #scripts: Script[] = [];

  constructor() {
    const { server, ca } = this.pki;
    this.#server = createServer({ ...server, ca, requestCert: true, minVersion: "TLSv1.3" }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { method = "", url = "", headers } = request;
        const seen = { method, target: url, headers, body: Buffer.concat(chunks), response };
        this.seen.push(seen);
        const script = this.#scripts.length > 1 ? this.#scripts.shift() : this.#scripts[0];
        if (script) script(seen);
        else response.destroy();
      });
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "localhost", resolve));
    return this;
  }

  get url(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  client(options: Partial<ClientOptions> = {}): Client {
    return new Client({ gateway: this.url, ...this.pki.office, ca: this.pki.ca, retry: QUICK, timeout: 5000, ...options });
  }

  /** What comes next; forgets what was seen. */
  plays(...scripts: Script[]): void {
    this.#scripts = scripts;
    this.seen.length = 0;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

export function json(value: unknown, status = 200): Script {
  return ({ response }) => {
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
  };
}

export function problem(status: number, slug: string, headers: Record<string, string> = {}): Script {
  return ({ response }) => {
    response.writeHead(status, { "Content-Type": "application/problem+json", ...headers });
    const text = { type: `urn:cpgw:problem:${slug}`, title: "title", status, detail: "見本 花子", instance: "i-1" };
    response.end(JSON.stringify(text));
  };
}

export const hangUp: Script = ({ response }) => {
  response.destroy();
};

export const stalls: Script = () => undefined;

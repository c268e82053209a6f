// ウェブフックを受け取る / receives webhooks. CPGW_WEBHOOK_SECRETS: whsec_…, separated by blanks.
//   node out/examples/webhook-receiver.js [PORT]
// インターネットに出すときは、TLS を終端するサーバーの後ろに置く / behind a server that does TLS
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Tampered, verifyWebhook } from "careplan-gateway-client";

const MAX_BYTES = 64 * 1024; // an event is under a kilobyte
const secrets = (process.env["CPGW_WEBHOOK_SECRETS"] ?? "").split(/\s+/).filter(Boolean);
const known = new Set<string>(); // 本番ではデータベースに / in a database, for real

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if ((size += chunk.length) > MAX_BYTES) return response.writeHead(413).end();
    chunks.push(chunk);
  }
  try {
    const event = verifyWebhook(request.headers, Buffer.concat(chunks), secrets);
    const id = String(request.headers["webhook-id"]);
    if (!known.has(id)) console.log(`${event.type} ${JSON.stringify(event.data)}`); // 二度届くことがある / may come twice
    known.add(id);
    return response.writeHead(204).end(); // すぐに答え、処理は後で / answer at once, work later
  } catch (error) {
    if (!(error instanceof Tampered)) throw error;
    return response.writeHead(400).end();
  }
});
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  console.log(`listening ${(server.address() as AddressInfo).port}`);
});

// サービス事業所の毎日：受け取り、取り込み、知らせ、実績を返す
// A service office's day: fetches what arrived, imports it, tells so, and returns its results.
//   node out/examples/daily-loop.js INBOX_FOLDER RESULTS_FOLDER
import { mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { connect, readFiles } from "./connect.js";

const [inbox = "inbox", results = "results"] = process.argv.slice(2);
const client = connect();
await client.checkLog("office.checkpoints"); // 以前に見たログの続きか / does the log continue what was seen before?

/** ここを自社の取込処理に置き換える / put your own import here. Throws when a file cannot be taken over. */
function importIntoMySoftware(folder: string): number {
  const files = readdirSync(folder).filter((name) => name.endsWith(".CSV"));
  if (files.length === 0) throw new Error("no file to import");
  return files.length;
}

// fetched もたどる：前回、取込の前に止まったものも拾う / `fetched` too: what the last run left between fetching and importing
for (const state of ["fetched", "new"] as const)
  for await (const bundle of client.inbox({ state })) {
    const { path } = await client.fetchInto(inbox, bundle.id);
    try {
      console.log(`取込 imported ${importIntoMySoftware(path)} files: ${path}`);
      await client.acknowledge(bundle.id, "imported");
    } catch (error) {
      await client.acknowledge(bundle.id, "import_failed", "取り込めませんでした");
      console.log(`取込失敗 import failed: ${path}: ${String(error)}`);
    }
  }

const files = readFiles([results]);
if (files.length > 0) {
  const sent = await client.send(files);
  console.log(`実績 results: 受付 accepted ${sent.accepted.length}, 差戻し rejected ${sent.rejected.length}`);
  const done = join(results, "sent");
  mkdirSync(done, { recursive: true });
  if (sent.rejected.length === 0 && sent.findings.length === 0)
    for (const { name } of files) renameSync(join(results, name), join(done, name));
}
client.close();

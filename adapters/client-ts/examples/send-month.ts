// 一か月分を送り、すべて取り込まれるまで待つ / sends a month and waits until everything is imported.
//   node out/examples/send-month.js FOLDER…
import { connect, readFiles } from "./connect.js";

const client = connect();
const files = readFiles(process.argv.slice(2));

const report = await client.check(files);
for (const finding of [...report.findings, ...report.bundles.flatMap((bundle) => bundle.findings)])
  console.log(`[${finding.rule}] ${finding.file ?? ""} ${finding.message}`);

if (report.verdict === "rejected") {
  process.exitCode = 1; // 直してから送る / to be mended first; nothing was sent
} else {
  const sent = await client.send(files);
  for (const { id, report: { to } } of sent.accepted) console.log(`受付 accepted → ${to.office} ${id}`);
  for (const { id } of sent.accepted) {
    const bundle = await client.waitFor(id, ["imported", "import_failed"], { interval: 500 });
    console.log(`${bundle.state === "imported" ? "取込済 imported" : "取込失敗 import failed"} ${id}`);
    if (bundle.state !== "imported") process.exitCode = 1;
  }
}
client.close();

// ファイルを検査し、見つかったことを日本語で表示する / checks files and prints the findings in Japanese; stores nothing.
//   node out/examples/check-files.js PATH…
import type { Finding } from "careplan-gateway-client";
import { connect, readFiles } from "./connect.js";

function place({ file, line, item }: Finding): string {
  return [file, line === undefined ? undefined : `${line}行目`, item].filter(Boolean).join(" › ");
}

const client = connect();
const report = await client.check(readFiles(process.argv.slice(2)));
const findings = [...report.findings, ...report.bundles.flatMap((bundle) => bundle.findings)];
for (const finding of findings) {
  console.log(`${finding.severity === "error" ? "エラー" : "警告"} [${finding.rule}] ${place(finding)}`);
  console.log(`  ${finding.message}`);
  if (finding.hint) console.log(`  → ${finding.hint}`);
}
console.log(report.verdict === "accepted" ? "送信できます" : "このままでは送信できません");
process.exitCode = report.verdict === "accepted" ? 0 : 1;
client.close();

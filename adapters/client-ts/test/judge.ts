// The exit codes of `verifyReceipt` for {"keys", "paths"}: receipts, or folders of files with one receipt.
// tests/e2e/client_ts_test.py compares them with those of `cpgw verify`.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { verifyReceipt, type NamedFile } from "careplan-gateway-client";

function filesIn(folder: string): NamedFile[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => ({ name, bytes: readFileSync(join(folder, name)) }));
}

const given = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as { keys: string[]; paths: string[] };
const codes = given.paths.map((path) => {
  if (!statSync(path).isDirectory()) return verifyReceipt(readFileSync(path), undefined, given.keys).code;
  const [receipt] = filesIn(join(path, "receipts"));
  return verifyReceipt(receipt?.bytes ?? "", filesIn(path), given.keys).code;
});
process.stdout.write(JSON.stringify(codes));

// 控えのフォルダーの受付票を、ゲートウェイなしで確かめる / verifies a bundle's folder offline, without the gateway.
//   node out/examples/verify-receipts.js FOLDER        （client.fetchInto や cpgw fetch が作るフォルダー）
import { join } from "node:path";
import { verifyReceipt } from "careplan-gateway-client";
import { readFiles, trustedKeys } from "./connect.js";

const [folder = "."] = process.argv.slice(2);
const files = readFiles([folder]);
for (const { name, bytes } of readFiles([join(folder, "receipts")])) {
  const found = verifyReceipt(bytes, files, trustedKeys());
  if (found.result === "proven") {
    const { receipt } = found;
    console.log(`真正 ${name}: ${receipt.time} ${receipt.from} → ${receipt.to} ${receipt.event ?? receipt.type}`);
  } else {
    console.log(`不正 ${name}: ${found.reason.ja}`);
    process.exitCode ||= found.code;
  }
}

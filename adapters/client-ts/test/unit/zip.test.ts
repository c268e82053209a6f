import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";

import { DigestMismatch } from "careplan-gateway-client";
import { readZip } from "#client/zip.js";

const FILES: Record<string, Buffer> = {
  "A.CSV": Buffer.from("a,b,c\r\n".repeat(1000)),
  "empty.CSV": Buffer.alloc(0),
  "報告書.pdf": Buffer.from("%PDF-1.4"),
};

/** What Python's zipfile makes of them: an implementation that is not ours. */
function foreignZip(files: Record<string, Buffer>, method: "ZIP_STORED" | "ZIP_DEFLATED" = "ZIP_DEFLATED"): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "cpgw-ts-zip-"));
  const script = "import sys, json, base64, zipfile\n" +
    "with zipfile.ZipFile(sys.argv[1], 'w', getattr(zipfile, sys.argv[2])) as archive:\n" +
    "    for name, data in json.load(sys.stdin): archive.writestr(name, base64.b64decode(data))\n";
  const input = JSON.stringify(Object.entries(files).map(([name, data]) => [name, data.toString("base64")]));
  try {
    writeFileSync(join(folder, "make.py"), script);
    execFileSync("python3", [join(folder, "make.py"), join(folder, "x.zip"), method], { input });
    return readFileSync(join(folder, "x.zip"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function contents(zip: Buffer): Record<string, Buffer> {
  return Object.fromEntries(readZip(zip).map(({ name, bytes }) => [name, Buffer.from(bytes)]));
}

test("stored and deflated files come out byte for byte, under their names", () => {
  assert.deepEqual(contents(foreignZip(FILES)), FILES);
  assert.deepEqual(contents(foreignZip(FILES, "ZIP_STORED")), FILES);
  assert.deepEqual(contents(foreignZip({})), {});
});

test("names that would leave the folder are refused", () => {
  const zip = foreignZip({ "0123": Buffer.from("x") });
  for (const name of ["../x", "ab/c", "/abc", "ab\\c", "C:ab", "abc/", "ab\0c"]) {
    const renamed = Buffer.from(zip.toString("latin1").replaceAll("0123", name), "latin1");
    assert.throws(() => readZip(renamed), /a name is not that of a file/, name);
  }
  assert.deepEqual(Object.keys(contents(zip)), ["0123"]);
});

test("whatever is cut or changed is whole, or nothing", () => {
  const zip = foreignZip(FILES);
  for (let size = 0; size < zip.length; ++size) assert.throws(() => readZip(zip.subarray(0, size)), DigestMismatch);
  let changed = 0;
  for (let at = 0; at < zip.length; ++at)
    for (const bit of [1, 0x80]) {
      const damaged = Buffer.from(zip);
      damaged[at] = (damaged[at] ?? 0) ^ bit;
      try {
        // Times, versions and flags may change; names and bytes may not.
        assert.ok(isDeepStrictEqual(contents(damaged), FILES), `byte ${at} was changed unnoticed`);
      } catch (error) {
        if (!(error instanceof DigestMismatch)) throw error;
        ++changed;
      }
    }
  assert.ok(changed > 300, `${changed} changes were noticed`);
});

test("a file that unpacks to more than it says ends there", () => {
  const zip = foreignZip({ "bomb.CSV": Buffer.alloc(10_000_000) });
  const claim = Buffer.from(zip);
  const central = claim.lastIndexOf(Buffer.from("PK\x01\x02", "latin1"));
  claim.writeUInt32LE(100, central + 24);
  assert.throws(() => readZip(claim), DigestMismatch);
});

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Pair {
  readonly cert: string;
  readonly key: string;
}
export interface Pki {
  readonly ca: string;
  readonly server: Pair;
  readonly office: Pair;
}

/** A throw-away authority with a server's and an office's certificate, made by the openssl command. */
export function makePki(): Pki {
  const folder = mkdtempSync(join(tmpdir(), "cpgw-ts-pki-"));
  const openssl = (...words: string[]) => execFileSync("openssl", words, { cwd: folder, stdio: "pipe" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const pairOf = (name: string): Pair => ({
    cert: readFileSync(join(folder, `${name}.pem`), "utf8"),
    key: readFileSync(join(folder, `${name}.key`), "utf8"),
  });
  const issue = (name: string, alternative: string, usage: string): Pair => {
    writeFileSync(join(folder, "ext"), `basicConstraints=CA:FALSE\nextendedKeyUsage=${usage}\nsubjectAltName=${alternative}\n`);
    openssl("req", "-new", ...newKey, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", "request");
    openssl("x509", "-req", "-in", "request", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
      "-extfile", "ext", "-out", `${name}.pem`);
    return pairOf(name);
  };
  try {
    openssl("req", "-x509", ...newKey, "-days", "2", "-subj", "/CN=Test CA", "-addext",
      "basicConstraints=critical,CA:TRUE", "-keyout", "ca.key", "-out", "ca.pem");
    return {
      ca: pairOf("ca").cert,
      server: issue("localhost", "DNS:localhost", "serverAuth"),
      office: issue("office", "URI:urn:jp-kaigo:office:0370100017", "clientAuth"),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

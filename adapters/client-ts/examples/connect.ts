// What the examples share: a client out of environment variables, and files out of folders.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { Client, type NamedFile } from "careplan-gateway-client";

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} が設定されていません / ${name} is not set`);
  return value;
}

/** CPGW_TRUSTED_KEYS: keys of the gateway's log, separated by blanks. */
export function trustedKeys(): string[] {
  return setting("CPGW_TRUSTED_KEYS").split(/\s+/);
}

/** CPGW_GATEWAY, CPGW_CERT, CPGW_KEY, CPGW_CA: the URL, and paths of PEM files. */
export function connect(): Client {
  return new Client({
    gateway: setting("CPGW_GATEWAY"),
    cert: readFileSync(setting("CPGW_CERT")),
    key: readFileSync(setting("CPGW_KEY")),
    ca: readFileSync(setting("CPGW_CA")),
    trustedKeys: trustedKeys(),
  });
}

/** The files at these paths; of a folder the files in it, not those of its folders. */
export function readFiles(paths: readonly string[]): NamedFile[] {
  const files = paths.flatMap((path) =>
    statSync(path).isDirectory()
      ? readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(path, entry.name))
      : [path]);
  return files.map((path) => ({ name: basename(path), bytes: readFileSync(path) }));
}

import { lstat, mkdir, mkdtemp, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { NamedFile } from "./types.js";

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(() => true, () => false);
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, "wx", 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export interface SavedFolder {
  readonly path: string;
  /** False: a folder of this name was there already, and was left as it is. */
  readonly written: boolean;
}

/** Writes a file in one step: it is the old one or the new one, never half of it. */
export async function saveFile(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await rm(temporary, { force: true });
  await write(temporary, bytes);
  await rename(temporary, path);
}

/**
 * Writes a folder whole or not at all: into a hidden temporary folder beside it, flushed to disk, then renamed.
 *
 * @param parent is made when it is missing
 * @param files names may be in folders: `receipts/accepted.receipt.txt`
 */
export async function saveFolder(
  parent: string,
  name: string,
  files: readonly NamedFile[],
): Promise<SavedFolder> {
  const path = join(parent, name);
  await mkdir(parent, { recursive: true });
  if (await isThere(path)) return { path, written: false };
  const temporary = await mkdtemp(join(parent, ".cpgw-"));
  try {
    const folders = new Set([temporary]);
    for (const file of files) {
      const target = join(temporary, file.name);
      await mkdir(dirname(target), { recursive: true });
      folders.add(dirname(target));
      await write(target, file.bytes);
    }
    for (const folder of folders) await flush(folder);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (await isThere(path)) return { path, written: false }; // another writer of the same name won
    throw error;
  }
  await flush(parent);
  return { path, written: true };
}

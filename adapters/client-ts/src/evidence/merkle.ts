import { sha256 } from "../digest.js";

/** RFC 6962 trees: a leaf is hashed after a byte 0, a node after a byte 1. */

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export function leafHash(leaf: Uint8Array): Buffer {
  return sha256(LEAF, leaf);
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return sha256(NODE, left, right);
}

/** Whether the leaf is at this index of the tree of this size and root (RFC 9162, 2.1.3.2). */
export function isIncluded(
  index: bigint,
  size: bigint,
  leaf: Buffer,
  path: readonly Buffer[],
  root: Buffer,
): boolean {
  if (index >= size) return false;
  let node = leaf;
  let last = size - 1n;
  for (const sibling of path) {
    if (last === 0n) return false;
    if ((index & 1n) === 1n || index === last) {
      node = nodeHash(sibling, node);
      while (index !== 0n && (index & 1n) === 0n) {
        index >>= 1n;
        last >>= 1n;
      }
    } else {
      node = nodeHash(node, sibling);
    }
    index >>= 1n;
    last >>= 1n;
  }
  return last === 0n && node.equals(root);
}

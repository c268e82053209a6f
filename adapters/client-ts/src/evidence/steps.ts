import { Tampered } from "../errors.js";
import type { NamedFile, Step } from "../types.js";
import type { Receipt } from "./receipt.js";
import { verifyReceipt } from "./receipt.js";

/** The type of a step's leaf, and how its result starts. */
const LEAVES: Readonly<Record<string, { readonly type: string; readonly result: string }>> = {
  accepted: { type: "submit", result: "accepted" },
  rejected: { type: "reject", result: "rejected" },
  fetched: { type: "fetch", result: "" },
  imported: { type: "ack", result: "imported" },
  import_failed: { type: "ack", result: "import_failed" },
  recalled: { type: "recall", result: "" },
} satisfies Partial<Record<Step, unknown>>;

/**
 * The receipt proves that this step happened to this bundle, with these files as far as its leaf lists files.
 * A step this version does not know is passed over: undefined.
 *
 * @throws {Tampered} it does not; the reason is in the message, in English
 */
export function proveStep(
  step: string,
  bundle: string,
  text: string,
  files: readonly NamedFile[] | undefined,
  trustedKeys: readonly string[],
): Receipt | undefined {
  const expected = LEAVES[step];
  if (!expected) return undefined;
  const found = verifyReceipt(text, files, trustedKeys);
  if (found.result !== "proven") throw new Tampered(`the receipt of ${step} is ${found.result}: ${found.reason.en}`);
  const { receipt } = found;
  if (receipt.bundle !== bundle || receipt.type !== expected.type || !(receipt.result ?? "").startsWith(expected.result))
    throw new Tampered(`the receipt of ${step} is about another bundle or another step`);
  return receipt;
}

/** The client library of careplan-gateway. Everything a program needs is exported here; README.md says how. */
export {
  Client, SETTLED, type CallOptions, type CheckOptions, type ClientOptions, type ReceiptOptions, type SendOptions, type WaitOptions,
  type WebhookTried,
} from "./client.js";
export { DigestMismatch, GatewayError, Problem, Tampered, Unreachable, type ProblemFields } from "./errors.js";
export type { EventOptions, StreamedEvent } from "./events.js";
export type { Conversion, Leaf, LeafFile } from "./evidence/leaf.js";
export { LogContradiction } from "./evidence/log.js";
export { verifyReceipt, type Reason, type Receipt, type Verification } from "./evidence/receipt.js";
export type { SavedFolder } from "./folder.js";
export { Listing, type InboxOptions, type OutboxOptions } from "./listing.js";
export type { GetAnswer, GetParameters, GetPath } from "./paths.js";
export type { RetryOptions } from "./retry.js";
export type { components, operations, paths } from "./schema.js";
export type { ConnectionOptions } from "./transport.js";
export type * from "./types.js";
export { verifyWebhook, type WebhookHeaders } from "./webhook.js";

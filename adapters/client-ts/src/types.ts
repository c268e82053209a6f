import type { components } from "./schema.js";

type Schemas = components["schemas"];

/** A key of a state or verdict spread over the members of a union, so that `switch` narrows. */
type Each<Value extends string, Name extends string> = Value extends string ? { readonly [N in Name]: Value } : never;

export type State = Schemas["State"];
export type Verdict = Schemas["Verdict"];
export type Kind = Schemas["Kind"];
export type OfficeRef = Schemas["OfficeRef"];
export type Finding = Schemas["Finding"];
export type FileSummary = Schemas["FileSummary"];
export type Cover = Schemas["Cover"];
export type Office = Schemas["Office"];
/** The report of one bundle; `verdict` tells the two apart. */
export type BundleReport = Omit<Schemas["BundleReport"], "verdict"> & Each<Verdict, "verdict">;
/** What a check gives: `rejected` when any finding is an error. */
export type Report = Omit<Schemas["Report"], "verdict" | "bundles"> &
  Each<Verdict, "verdict"> & { readonly bundles: BundleReport[] };

type Times = "state" | "fetched_at" | "settled_at" | "superseded_by";
type BundleBase = Omit<Schemas["Bundle"], Times>;
/** What each state of a delivery has beside the members of every bundle. */
type Delivery =
  | { readonly state: "accepted" | "recalled" | "rejected"; readonly settled_at?: string }
  | { readonly state: "fetched"; readonly fetched_at: string }
  | { readonly state: "imported" | "import_failed"; readonly fetched_at: string; readonly settled_at: string }
  | { readonly state: "superseded"; readonly superseded_by?: string; readonly fetched_at?: string; readonly settled_at?: string };

/** A bundle and how far it came: `switch (bundle.state)` narrows the times that are there. */
export type Bundle = BundleBase & Delivery;
/** With its list of files, and the title when it is papers. */
export type BundleDetail = Bundle & Pick<Schemas["BundleDetail"], "title" | "file_list">;

/** One bundle of a submission. An accepted one is in the receiver's mailbox; a refused one is proven too. */
export interface SentBundle {
  readonly id: string;
  readonly verdict: Verdict;
  readonly report: BundleReport;
  /** C2SP tlog-proof text: of acceptance, or of refusal. */
  readonly receipt: string;
}
/** What a submission gave: each bundle was accepted whole or not at all. */
export interface Sent {
  readonly accepted: readonly SentBundle[];
  readonly rejected: readonly SentBundle[];
  /** About files that belong to no bundle, e.g. a name that is not the standard's. */
  readonly findings: readonly Finding[];
}

type ReceiptSchema = Schemas["Receipts"]["receipts"][number];
export type Step = ReceiptSchema["step"];
/** One step of a bundle with its receipt, in the order of events. */
export type StepReceipt = ReceiptSchema;
/** The state after an acknowledgement or a recall, and its receipt. */
export interface StepTaken {
  readonly bundle: Bundle;
  readonly receipt: string;
}

/** A file by its name (of the standard, or a paper's), with its exact bytes. */
export interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A bundle that was fetched: the digest was right and, with `trustedKeys`, every receipt proves what it claims. */
export interface FetchedBundle {
  readonly bundle: BundleDetail;
  readonly files: readonly NamedFile[];
  readonly receipts: readonly StepReceipt[];
}

/** Something happened to a bundle of my office; no personal data. `data.state` is that after the event, not today's. */
export type BundleEvent = Schemas["Event"];
/** What `client.changeWebhook(id, "test")` posts. */
export interface WebhookTest {
  readonly type: "webhook.test";
  readonly timestamp: string;
  readonly data: { readonly webhook: string };
}
/**
 * What a webhook tells: `switch (event.type)` narrows. A gateway of a later version may tell more: leave a `default` that
 * does nothing.
 */
export type GatewayEvent = BundleEvent | WebhookTest;

/** Where events are posted. */
export type Webhook = Schemas["Webhook"];
/** With its secret, `whsec_…`, which is told here and never again. */
export type NewWebhook = components["responses"]["WebhookChanged"]["content"]["application/json"];

// What is kept, as plain values. No personal data outside sealed bytes.
#pragma once

#include "gateway/audit/entry.hpp"
#include "gateway/exchange/states.hpp"
#include "spec/records/file_name.hpp"

#include <algorithm>

namespace cpg::store {

/// Sender and receiver with service types (absent in edition 3): what a serial is unique for.
struct Pair {
    OfficeRef from, to;
    auto operator<=>(const Pair&) const = default;
};

/// What there is one bundle of: a pair's bundle of a kind and month; `serial` is the one in hand.
struct MonthOfPair {
    Pair pair;
    std::string kind;
    Month month;
    Serial serial;
};

struct BundleRow {
    BundleId id;
    Pair pair;
    Serial serial;
    std::string edition, kind;
    Month month;
    exchange::State state = exchange::State::accepted;
    Time accepted_at{};
    std::optional<Time> fetched_at, settled_at; // settled: imported, import_failed, recalled
    std::uint64_t bytes = 0;                    // of the files
    int files = 0;
    Bytes content_tag; // HMAC over names and digests, 32 bytes: tells "same bytes"
    Digest catalog;
    std::optional<BundleId> superseded_by;
    std::uint64_t arrival =
        0; // position in the gateway's order of acceptance; the cursor; 0 before it is stored
    std::uint32_t errors = 0, warnings = 0;
    std::optional<Time> unclaimed_at; // when its sender was told that nobody had fetched it in time
    std::optional<Time> erased_at;    // by retention: no files, no report, no salts any more
    /// The time of the last thing that sender or receiver did about it: retention counts from here.
    Time last_step_at() const {
        return std::max(
            {accepted_at, fetched_at.value_or(accepted_at), settled_at.value_or(accepted_at)});
    }
};

struct StepRow {
    exchange::Step step{};
    Time time{};
    std::uint64_t leaf_index = 0; // position among the leaves of all years' logs, as Store::proof
    std::uint64_t tree_size = 0;  // leaves up to the checkpoint that proved it first, counted alike
    std::string leaf;
    Bytes sealed_note;
};

/// A step that an office is told of: the receiver of what arrived and of what was recalled, the
/// sender of what became of it. `position` counts the leaves of all years up to the step's own:
/// what happens later stands behind it, nothing is ever put in between.
struct EventRow {
    std::uint64_t position = 0;
    exchange::Step step{};
    Time time{};
    BundleId bundle;
    Pair pair;
    Serial serial;
    std::string kind;
    Month month;
};

enum class Side { inbox, outbox };
struct BundleQuery {
    Side side = Side::inbox;
    std::vector<OfficeNo> offices; // any of these is the receiver (inbox) or the sender (outbox)
    std::vector<exchange::State> states; // empty = all; rejected and recalled: outbox only
    std::optional<Month> month;
    std::uint64_t after = 0; // arrival, exclusive
    std::size_t limit = 100; // 1-1000
};

struct IdempotencyRow {
    OfficeNo office;
    std::string key;               // at most 255 characters
    Digest request;                // over method, content type and body
    int status = 0;                // of the answer
    std::string lang;              // "ja", "en"
    std::vector<BundleId> bundles; // in the order of the answer
    Bytes sealed_findings;         // JSON of the top-level findings, sealed
    Time time{};
};

struct OfficeRow {
    OfficeNo office;
    std::vector<ServiceType> service_types;
    std::string name; // of the office (a business, not a person)
    bool enabled = true;
    bool reachable = false; // has a certificate registered or was seen
};

/// A certificate and the offices it may speak for. Matched by fingerprint of issuer + serial, never
/// by CN.
struct CertificateRow {
    std::string issuer; // RFC 2253 text of the issuer's name
    std::string serial; // upper-case hex
    std::vector<OfficeNo> offices;
    bool enabled = true;
    bool machine = false; // a program's, not a person's: needs no login where people need one
};

/// The log of one calendar year. Its first leaf stands at position `first` among the leaves of all
/// years' logs.
struct ShardRow {
    int year = 0;
    std::string origin;
    std::uint64_t first = 0;
    std::uint64_t size = 0;
    bool closed = false; // a log of a later year has begun
};

/// What another party said of a checkpoint: a time-stamping authority (RFC 3161) or a witness.
enum class AttestationKind { timestamp, cosignature };
struct AttestationRow {
    int year = 0;
    std::uint64_t size = 0; // of the checkpoint, in its year's log
    AttestationKind kind{};
    std::string name; // the authority's address, or the witness's key name
    Time time{};      // when it was kept
    Bytes bytes;      // TimeStampResp (DER), or the line to put under the signed note
};

struct StoreCounts {
    std::vector<std::pair<exchange::State, std::uint64_t>> bundles;
    std::uint64_t parcel_bytes = 0;
    std::uint64_t tree_size = 0; // leaves of all years
    std::uint64_t offices = 0;
};

} // namespace cpg::store

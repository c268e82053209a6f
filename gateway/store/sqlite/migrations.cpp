#include "gateway/store/sqlite/migrations.hpp"

#include <array>

namespace cpg::store::sqlite {
namespace {

/// Times are milliseconds since 1970 in UTC. Every payload, report and note is sealed. A bundle is
/// known inside by its arrival, outside by its id.
constexpr const char* first_schema = R"sql(
PRAGMA application_id = 1129334615;

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Sums that /metrics asks for all the time, and the version of the directory.
CREATE TABLE counter (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Sender and receiver with service types; an absent service type (edition 3) is an empty text.
CREATE TABLE pair (
    number       INTEGER PRIMARY KEY,
    from_office  TEXT NOT NULL,
    from_service TEXT NOT NULL,
    to_office    TEXT NOT NULL,
    to_service   TEXT NOT NULL,
    UNIQUE (from_office, from_service, to_office, to_service)
) STRICT;

-- from_office and to_office repeat the pair's for the sake of the mailbox indexes.
CREATE TABLE bundle (
    arrival       INTEGER PRIMARY KEY,
    id            BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    pair          INTEGER NOT NULL REFERENCES pair (number),
    from_office   TEXT NOT NULL,
    to_office     TEXT NOT NULL,
    serial        TEXT NOT NULL CHECK (length(serial) = 14),
    edition       TEXT NOT NULL,
    kind          TEXT NOT NULL,
    month         TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('accepted', 'fetched', 'imported', 'import_failed',
                                                 'recalled', 'superseded', 'rejected')),
    accepted_at   INTEGER NOT NULL,
    fetched_at    INTEGER,
    settled_at    INTEGER,
    bytes         INTEGER NOT NULL,
    files         INTEGER NOT NULL,
    content_tag   BLOB NOT NULL,
    catalog       BLOB NOT NULL,
    superseded_by INTEGER REFERENCES bundle (arrival),
    errors        INTEGER NOT NULL,
    warnings      INTEGER NOT NULL
) STRICT;

-- A serial is used once for a pair; a bundle refused for its data does not use it up.
CREATE UNIQUE INDEX bundle_by_serial ON bundle (pair, serial) WHERE state <> 'rejected';
CREATE INDEX bundle_handed_over ON bundle (pair, serial) WHERE fetched_at IS NOT NULL;
CREATE INDEX bundle_in_inbox ON bundle (to_office, state, arrival, month);
CREATE INDEX bundle_in_outbox ON bundle (from_office, state, arrival, month);

-- Apart from bundle, so that lists read small rows.
CREATE TABLE parcel (
    bundle INTEGER PRIMARY KEY REFERENCES bundle (arrival),
    sealed BLOB NOT NULL
) STRICT;

CREATE TABLE report (
    bundle INTEGER PRIMARY KEY REFERENCES bundle (arrival),
    sealed BLOB NOT NULL
) STRICT;

-- What a bundle stands for: key tags (HMAC). superseded_by empty = live.
CREATE TABLE hold (
    bundle        INTEGER NOT NULL REFERENCES bundle (arrival),
    tag           BLOB NOT NULL,
    pair          INTEGER NOT NULL REFERENCES pair (number),
    superseded_by INTEGER REFERENCES bundle (arrival),
    PRIMARY KEY (bundle, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX hold_live ON hold (pair, tag) WHERE superseded_by IS NULL;

CREATE TABLE leaf (
    number INTEGER PRIMARY KEY,
    text   TEXT NOT NULL
) STRICT;

-- A step of a delivery is proven by exactly one leaf.
CREATE TABLE step (
    leaf        INTEGER PRIMARY KEY REFERENCES leaf (number),
    bundle      INTEGER NOT NULL REFERENCES bundle (arrival),
    step        TEXT NOT NULL,
    time        INTEGER NOT NULL,
    sealed_note BLOB NOT NULL
) STRICT;
CREATE INDEX step_by_bundle ON step (bundle, leaf);

-- C2SP tlog-tiles: 32-byte hashes, left to right, at most 256.
CREATE TABLE tile (
    level  INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, number)
) STRICT, WITHOUT ROWID;

-- One for each batch, all kept: a receipt names the checkpoint that proved it first.
CREATE TABLE checkpoint (
    tree_size INTEGER PRIMARY KEY,
    note      TEXT NOT NULL
) STRICT;

CREATE TABLE idempotency (
    office          TEXT NOT NULL,
    key             TEXT NOT NULL,
    request         BLOB NOT NULL,
    status          INTEGER NOT NULL,
    lang            TEXT NOT NULL,
    bundles         BLOB NOT NULL,
    sealed_findings BLOB NOT NULL,
    time            INTEGER NOT NULL,
    UNIQUE (office, key)
) STRICT;

CREATE TABLE office_key (
    office  TEXT PRIMARY KEY,
    wrapped BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE office (
    office        TEXT PRIMARY KEY,
    service_types TEXT NOT NULL,
    name          TEXT NOT NULL,
    enabled       INTEGER NOT NULL,
    reachable     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE certificate (
    issuer               TEXT NOT NULL,
    serial               TEXT NOT NULL,
    offices              TEXT NOT NULL,
    enabled              INTEGER NOT NULL,
    may_submit_for_many  INTEGER NOT NULL,
    PRIMARY KEY (issuer, serial)
) STRICT, WITHOUT ROWID;
)sql";

/// Retention: bundles whose payload is gone.
constexpr const char* erased_bundles = R"sql(
ALTER TABLE bundle ADD COLUMN erased_at INTEGER;
CREATE INDEX bundle_not_erased ON bundle (arrival) WHERE erased_at IS NULL;
)sql";

/// A log for each calendar year. Leaves, steps and checkpoints keep one numbering over all years: a
/// shard begins at first_leaf, a checkpoint's tree_size counts the leaves of earlier shards too.
constexpr const char* yearly_shards = R"sql(
CREATE TABLE shard (
    number     INTEGER PRIMARY KEY,
    year       INTEGER NOT NULL UNIQUE,
    origin     TEXT NOT NULL UNIQUE,
    first_leaf INTEGER NOT NULL
) STRICT;
INSERT INTO shard (number, year, origin, first_leaf)
    SELECT 1, CAST(substr(value, -4) AS INTEGER), value, 0 FROM meta WHERE name = 'origin';

ALTER TABLE tile RENAME TO tile_of_one_log;
CREATE TABLE tile (
    shard  INTEGER NOT NULL,
    level  INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (shard, level, number)
) STRICT, WITHOUT ROWID;
INSERT INTO tile (shard, level, number, hashes)
    SELECT 1, level, number, hashes FROM tile_of_one_log;
DROP TABLE tile_of_one_log;

-- What others said of a checkpoint: a time stamp (RFC 3161, DER) or a witness's cosignature (a line
-- of a signed note). A name is the authority's address or the witness's key name.
CREATE TABLE attestation (
    tree_size INTEGER NOT NULL REFERENCES checkpoint (tree_size),
    kind      TEXT NOT NULL CHECK (kind IN ('timestamp', 'cosignature')),
    name      TEXT NOT NULL,
    time      INTEGER NOT NULL,
    bytes     BLOB NOT NULL,
    PRIMARY KEY (tree_size, kind, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX attestation_by_kind ON attestation (kind, tree_size);
)sql";

/// People, tokens; which certificates are a program's. may_submit_for_many said nothing that the
/// list of offices does not say.
constexpr const char* people_schema = R"sql(
-- A user ID is a tag to find it by and a sealed text to show it; a password is a PHC string.
CREATE TABLE person (
    id          TEXT PRIMARY KEY CHECK (length(id) = 32),
    office      TEXT NOT NULL,
    user_tag    BLOB NOT NULL,
    sealed_user BLOB NOT NULL,
    role        TEXT NOT NULL CHECK (role IN ('office_admin', 'staff', 'viewer', 'operator')),
    password    TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('active', 'locked', 'disabled')),
    failures    INTEGER NOT NULL,
    tried_at    INTEGER,
    login_at    INTEGER,
    version     INTEGER NOT NULL,
    added_at    INTEGER NOT NULL,
    UNIQUE (office, user_tag)
) STRICT, WITHOUT ROWID;

-- Only the hash of a token is kept.
CREATE TABLE token (
    id         TEXT PRIMARY KEY CHECK (length(id) = 32),
    office     TEXT NOT NULL,
    hash       BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    prefix     TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    added_at   INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX token_of_office ON token (office);

ALTER TABLE certificate DROP COLUMN may_submit_for_many;
ALTER TABLE certificate ADD COLUMN machine INTEGER NOT NULL DEFAULT 0;
)sql";

/// Events and who wants them posted. A step's row names whom it is told to.
constexpr const char* events_and_webhooks = R"sql(
ALTER TABLE step ADD COLUMN told TEXT;
UPDATE step SET told = (
    SELECT CASE WHEN step.step IN ('submit', 'recall') THEN bundle.to_office
                ELSE bundle.from_office END
    FROM bundle WHERE bundle.arrival = step.bundle)
WHERE step <> 'reject';
CREATE INDEX step_told ON step (told, leaf) WHERE told IS NOT NULL;

ALTER TABLE bundle ADD COLUMN unclaimed_at INTEGER;
CREATE INDEX bundle_unfetched ON bundle (accepted_at)
    WHERE state = 'accepted' AND unclaimed_at IS NULL;

CREATE TABLE webhook (
    id           TEXT PRIMARY KEY CHECK (length(id) = 32),
    office       TEXT NOT NULL,
    sealed       BLOB NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('active', 'failing', 'gone')),
    position     INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    next_at      INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    added_at     INTEGER NOT NULL,
    delivered_at INTEGER,
    failed_at    INTEGER,
    failure      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_of_office ON webhook (office);
)sql";

/// R-BND-05 asks with every bundle what else of the pair and month stands.
constexpr const char* bundles_of_a_month = R"sql(
CREATE INDEX IF NOT EXISTS bundle_of_month ON bundle (pair, month, kind, serial)
    WHERE state <> 'rejected' AND state <> 'superseded' AND state <> 'recalled';
)sql";

constexpr std::array migrations{first_schema,  erased_bundles,      yearly_shards,
                                people_schema, events_and_webhooks, bundles_of_a_month};

constexpr std::int64_t application_id = 1129334615; // "CPGW"

} // namespace

int schema_version() {
    return static_cast<int>(migrations.size());
}

int schema_version(Database& opened) {
    const auto version = static_cast<int>(opened.integer("PRAGMA user_version"));
    const bool empty = opened.integer("SELECT count(*) FROM sqlite_schema") == 0;
    if (empty && version == 0) return 0;
    if (opened.integer("PRAGMA application_id") != application_id)
        throw StoreFailure("the file is a database of another program");
    return version;
}

void prepare_file(Database& database) {
    database.execute("PRAGMA page_size = 4096; PRAGMA journal_mode = WAL;");
}

void migrate(Database& database, int target) {
    while (true) {
        Transaction transaction(database, Transaction::Kind::write);
        const int version = schema_version(database); // again: another process may be at it too
        if (version > schema_version())
            throw StoreFailure("the database has schema " + std::to_string(version) +
                               ", this program knows up to " + std::to_string(schema_version()));
        if (version >= target) return;
        database.execute(migrations[static_cast<std::size_t>(version)]);
        database.execute(("PRAGMA user_version = " + std::to_string(version + 1)).c_str());
        transaction.commit();
    }
}

} // namespace cpg::store::sqlite

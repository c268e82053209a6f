// Every statement of the SQLite backend but the schema (migrations.cpp). Constants, because a
// statement is prepared once and kept by the address of its text.
#pragma once

namespace cpg::store::sqlite::sql {

// -- meta and counters --

inline constexpr char meta[] = "SELECT value FROM meta WHERE name = ?1";
inline constexpr char insert_meta[] =
    "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
inline constexpr char add_to_counter[] =
    "INSERT INTO counter (name, value) VALUES (?1, ?2)"
    " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value";
inline constexpr char counters[] = "SELECT name, value FROM counter";
inline constexpr char counter[] = "SELECT coalesce((SELECT value FROM counter WHERE name = ?1), 0)";

// -- pairs and bundles --

inline constexpr char pair[] =
    "SELECT number FROM pair"
    " WHERE from_office = ?1 AND from_service = ?2 AND to_office = ?3 AND to_service = ?4";
inline constexpr char insert_pair[] =
    "INSERT INTO pair (from_office, from_service, to_office, to_service) VALUES (?1, ?2, ?3, ?4)";

inline constexpr char serial_owner[] =
    "SELECT id, content_tag FROM bundle WHERE pair = ?1 AND serial = ?2 AND state <> 'rejected'";
inline constexpr char handed_over_after[] =
    "SELECT 1 FROM bundle WHERE pair = ?1 AND serial > ?2 AND fetched_at IS NOT NULL LIMIT 1";
inline constexpr char insert_bundle[] =
    "INSERT INTO bundle (id, pair, from_office, to_office, serial, edition, kind, month, state,"
    " accepted_at, bytes, files, content_tag, catalog, errors, warnings)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
inline constexpr char insert_parcel[] = "INSERT INTO parcel (bundle, sealed) VALUES (?1, ?2)";
inline constexpr char insert_report[] = "INSERT INTO report (bundle, sealed) VALUES (?1, ?2)";

inline constexpr char bundle_state[] = "SELECT state FROM bundle WHERE arrival = ?1";
inline constexpr char bundle_by_id[] =
    "SELECT arrival, state, unclaimed_at, from_office, to_office FROM bundle WHERE id = ?1";
inline constexpr char last_step[] =
    "SELECT step FROM step WHERE bundle = ?1 ORDER BY leaf DESC LIMIT 1";
inline constexpr char advance_bundle[] =
    "UPDATE bundle SET state = ?2, fetched_at = coalesce(?3, fetched_at),"
    " settled_at = coalesce(?4, settled_at), unclaimed_at = coalesce(?5, unclaimed_at)"
    " WHERE arrival = ?1";
inline constexpr char supersede_bundle[] =
    "UPDATE bundle SET state = ?2, superseded_by = ?3 WHERE arrival = ?1";

/// A bundle as values::read_bundle() wants it.
#define CPG_BUNDLE_COLUMNS                                                                         \
    "SELECT bundle.id, pair.from_office, pair.from_service, pair.to_office, pair.to_service,"      \
    " bundle.serial, bundle.edition, bundle.kind, bundle.month, bundle.state,"                     \
    " bundle.accepted_at, bundle.fetched_at, bundle.settled_at, bundle.bytes, bundle.files,"       \
    " bundle.content_tag, bundle.catalog, newer.id, bundle.arrival, bundle.errors,"                \
    " bundle.warnings, bundle.erased_at, bundle.unclaimed_at"                                      \
    " FROM bundle JOIN pair ON pair.number = bundle.pair"                                          \
    " LEFT JOIN bundle AS newer ON newer.arrival = bundle.superseded_by"
inline constexpr char bundle[] = CPG_BUNDLE_COLUMNS " WHERE bundle.id = ?1";
inline constexpr char bundle_by_arrival[] = CPG_BUNDLE_COLUMNS " WHERE bundle.arrival = ?1";
inline constexpr char quiet_bundles[] =
    CPG_BUNDLE_COLUMNS " WHERE bundle.erased_at IS NULL AND bundle.arrival > ?2"
                       " AND max(bundle.accepted_at, coalesce(bundle.fetched_at, 0),"
                       " coalesce(bundle.settled_at, 0)) < ?1 ORDER BY bundle.arrival LIMIT ?3";
inline constexpr char bundles_since[] =
    CPG_BUNDLE_COLUMNS " WHERE bundle.arrival > ?1 ORDER BY bundle.arrival LIMIT ?2";
inline constexpr char unclaimed[] =
    CPG_BUNDLE_COLUMNS " WHERE bundle.state = 'accepted' AND bundle.unclaimed_at IS NULL"
                       " AND bundle.accepted_at < ?1 AND bundle.erased_at IS NULL"
                       " ORDER BY bundle.accepted_at LIMIT ?2";
#undef CPG_BUNDLE_COLUMNS

/// One mailbox in one state, in order of arrival, between two cursors (both exclusive). The index
/// alone answers; ?5 is a month or NULL for any.
inline constexpr char inbox[] =
    "SELECT arrival FROM bundle WHERE to_office = ?1 AND state = ?2 AND arrival > ?3"
    " AND arrival < ?4 AND (?5 IS NULL OR month = ?5) ORDER BY arrival LIMIT ?6";
inline constexpr char outbox[] =
    "SELECT arrival FROM bundle WHERE from_office = ?1 AND state = ?2 AND arrival > ?3"
    " AND arrival < ?4 AND (?5 IS NULL OR month = ?5) ORDER BY arrival LIMIT ?6";

inline constexpr char sealed_parcel[] =
    "SELECT sealed FROM parcel WHERE bundle = (SELECT arrival FROM bundle WHERE id = ?1)";
inline constexpr char sealed_report[] =
    "SELECT sealed FROM report WHERE bundle = (SELECT arrival FROM bundle WHERE id = ?1)";

// -- erasing --

inline constexpr char bundle_to_erase[] =
    "SELECT arrival, state, erased_at, (SELECT length(sealed) FROM parcel WHERE bundle = arrival)"
    " FROM bundle WHERE id = ?1";
inline constexpr char mark_erased[] = "UPDATE bundle SET erased_at = ?2 WHERE arrival = ?1";
inline constexpr char delete_parcel[] = "DELETE FROM parcel WHERE bundle = ?1";
inline constexpr char delete_report[] = "DELETE FROM report WHERE bundle = ?1";
inline constexpr char empty_notes[] = "UPDATE step SET sealed_note = x'' WHERE bundle = ?1";

// -- holds --

inline constexpr char insert_hold[] =
    "INSERT INTO hold (bundle, tag, pair) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
inline constexpr char live_holders[] =
    "SELECT hold.bundle, bundle.serial FROM hold JOIN bundle ON bundle.arrival = hold.bundle"
    " WHERE hold.pair = ?1 AND hold.tag = ?2 AND hold.superseded_by IS NULL AND hold.bundle <> ?3"
    " ORDER BY bundle.serial";
inline constexpr char end_hold[] =
    "UPDATE hold SET superseded_by = ?3 WHERE bundle = ?1 AND tag = ?2";
inline constexpr char live_hold_of_bundle[] =
    "SELECT 1 FROM hold WHERE bundle = ?1 AND superseded_by IS NULL LIMIT 1";
inline constexpr char delete_holds[] = "DELETE FROM hold WHERE bundle = ?1";
inline constexpr char live_hold[] =
    "SELECT 1 FROM hold WHERE tag = ?5 AND superseded_by IS NULL AND pair = (SELECT number FROM"
    " pair WHERE from_office = ?1 AND from_service = ?2 AND to_office = ?3 AND to_service = ?4)"
    " LIMIT 1";
/// What is superseded or recalled holds no tag any more: bundle_of_month leaves it out.
inline constexpr char live_bundles[] =
    "SELECT count(*) FROM bundle WHERE pair = (SELECT number FROM pair WHERE from_office = ?1"
    " AND from_service = ?2 AND to_office = ?3 AND to_service = ?4) AND state <> 'rejected'"
    " AND state <> 'superseded' AND state <> 'recalled'"
    " AND serial <> ?5 AND kind = ?6 AND month = ?7 AND EXISTS (SELECT 1 FROM hold"
    " WHERE hold.bundle = bundle.arrival AND superseded_by IS NULL)";

// -- steps and the log --

inline constexpr char insert_step[] =
    "INSERT INTO step (leaf, bundle, step, time, sealed_note, told)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
/// The checkpoint that proved a step first is the smallest one that covers its leaf.
inline constexpr char steps[] =
    "SELECT step.step, step.time, step.leaf, (SELECT min(tree_size) FROM checkpoint"
    " WHERE tree_size > step.leaf), leaf.text, step.sealed_note"
    " FROM step JOIN leaf ON leaf.number = step.leaf"
    " WHERE step.bundle = (SELECT arrival FROM bundle WHERE id = ?1) ORDER BY step.leaf";

/// The index alone says which; ?2 is a leaf, inclusive.
inline constexpr char leaves_told[] =
    "SELECT leaf FROM step WHERE told = ?1 AND leaf >= ?2 ORDER BY leaf LIMIT ?3";
inline constexpr char event[] =
    "SELECT step.leaf, step.step, step.time, bundle.id, pair.from_office, pair.from_service,"
    " pair.to_office, pair.to_service, bundle.serial, bundle.kind, bundle.month"
    " FROM step JOIN bundle ON bundle.arrival = step.bundle JOIN pair ON pair.number = bundle.pair"
    " WHERE step.leaf = ?1";

inline constexpr char insert_leaf[] = "INSERT INTO leaf (number, text) VALUES (?1, ?2)";
inline constexpr char leaves[] =
    "SELECT text, number FROM leaf WHERE number >= ?1 ORDER BY number LIMIT ?2";
inline constexpr char leaf_range[] = "SELECT coalesce((SELECT min(number) FROM leaf), 0),"
                                     " coalesce((SELECT max(number) + 1 FROM leaf), 0)";
inline constexpr char put_tile[] =
    "INSERT INTO tile (shard, level, number, hashes) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT (shard, level, number) DO UPDATE SET hashes = excluded.hashes";
inline constexpr char tile[] =
    "SELECT hashes FROM tile WHERE shard = ?1 AND level = ?2 AND number = ?3";
inline constexpr char insert_checkpoint[] =
    "INSERT INTO checkpoint (tree_size, note) VALUES (?1, ?2)";
/// Leaves of all years.
inline constexpr char tree_size[] = "SELECT coalesce((SELECT max(tree_size) FROM checkpoint), 0)";
inline constexpr char checkpoint[] = "SELECT note FROM checkpoint WHERE tree_size = ?1";
/// Of a shard: after its first position, up to its end.
inline constexpr char newest_checkpoint[] =
    "SELECT note FROM checkpoint WHERE tree_size > ?1 AND tree_size <= ?2"
    " ORDER BY tree_size DESC LIMIT 1";
inline constexpr char checkpoints_since[] =
    "SELECT tree_size, note FROM checkpoint WHERE tree_size > ?1 AND tree_size <= ?2"
    " ORDER BY tree_size LIMIT ?3";
inline constexpr char insert_shard[] =
    "INSERT INTO shard (number, year, origin, first_leaf) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT DO NOTHING";
inline constexpr char shards[] =
    "SELECT number, year, origin, first_leaf FROM shard ORDER BY number";

inline constexpr char put_attestation[] =
    "INSERT INTO attestation (tree_size, kind, name, time, bytes) VALUES (?1, ?2, ?3, ?4, ?5)"
    " ON CONFLICT (tree_size, kind, name) DO UPDATE SET time = excluded.time,"
    " bytes = excluded.bytes";
inline constexpr char attestations[] =
    "SELECT tree_size, name, time, bytes FROM attestation WHERE kind = ?1 AND tree_size > ?2"
    " AND tree_size <= ?3 ORDER BY tree_size, name LIMIT ?4";
inline constexpr char newest_attested[] =
    "SELECT coalesce((SELECT max(tree_size) FROM attestation WHERE kind = ?1 AND tree_size > ?2"
    " AND tree_size <= ?3), 0)";

// -- remembered answers --

inline constexpr char remember[] =
    "INSERT INTO idempotency (office, key, request, status, lang, bundles, sealed_findings, time)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";
inline constexpr char remembered[] = "SELECT request, status, lang, bundles, sealed_findings, time"
                                     " FROM idempotency WHERE office = ?1 AND key = ?2";

inline constexpr char forget_answers[] = "DELETE FROM idempotency WHERE time < ?1";

// -- keys, offices, certificates --

inline constexpr char office_key[] = "SELECT wrapped FROM office_key WHERE office = ?1";
inline constexpr char insert_office_key[] =
    "INSERT INTO office_key (office, wrapped) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
inline constexpr char office_keys[] = "SELECT office, wrapped FROM office_key ORDER BY office";
inline constexpr char replace_office_key[] = "UPDATE office_key SET wrapped = ?2 WHERE office = ?1";
inline constexpr char offices[] =
    "SELECT office, service_types, name, enabled, reachable FROM office ORDER BY office";
inline constexpr char office_count[] = "SELECT count(*) FROM office";
inline constexpr char put_office[] =
    "INSERT INTO office (office, service_types, name, enabled, reachable)"
    " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (office) DO UPDATE SET"
    " service_types = excluded.service_types, name = excluded.name, enabled = excluded.enabled,"
    " reachable = excluded.reachable";
inline constexpr char certificates[] =
    "SELECT issuer, serial, offices, enabled, machine FROM certificate"
    " ORDER BY issuer, serial";
inline constexpr char put_certificate[] =
    "INSERT INTO certificate (issuer, serial, offices, enabled, machine)"
    " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (issuer, serial) DO UPDATE SET"
    " offices = excluded.offices, enabled = excluded.enabled, machine = excluded.machine";

// -- people and tokens --

#define CPG_PERSON_COLUMNS                                                                         \
    "SELECT id, office, user_tag, sealed_user, role, password, state, failures, tried_at,"         \
    " login_at, version, added_at FROM person"
inline constexpr char person[] = CPG_PERSON_COLUMNS " WHERE id = ?1";
inline constexpr char person_of[] = CPG_PERSON_COLUMNS " WHERE office = ?1 AND user_tag = ?2";
inline constexpr char people[] = CPG_PERSON_COLUMNS " WHERE office = ?1 ORDER BY added_at, id";
#undef CPG_PERSON_COLUMNS
inline constexpr char insert_person[] =
    "INSERT INTO person (id, office, user_tag, sealed_user, role, password, state, failures,"
    " version, added_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'active', 0, 0, ?7)"
    " ON CONFLICT (office, user_tag) DO NOTHING";
inline constexpr char reset_person[] =
    "UPDATE person SET password = ?2, state = 'active', failures = 0, version = version + 1"
    " WHERE id = ?1 AND (?3 IS NULL OR version = ?3)";
inline constexpr char lock_person[] = "UPDATE person SET state = 'locked', version = version + 1"
                                      " WHERE id = ?1 AND state <> 'disabled'";
inline constexpr char unlock_person[] =
    "UPDATE person SET state = 'active', failures = 0, version = version + 1"
    " WHERE id = ?1 AND state <> 'disabled'";
inline constexpr char disable_person[] =
    "UPDATE person SET state = 'disabled', version = version + 1 WHERE id = ?1";
inline constexpr char count_try[] = "UPDATE person SET failures = ?2, tried_at = ?3 WHERE id = ?1";
inline constexpr char login_person[] =
    "UPDATE person SET failures = 0, login_at = ?3, password = coalesce(?4, password)"
    " WHERE id = ?1 AND version = ?2 AND state = 'active'";

#define CPG_TOKEN_COLUMNS                                                                          \
    "SELECT id, office, hash, prefix, scopes, added_at, expires_at, revoked_at, used_at FROM "     \
    "token"
inline constexpr char token[] = CPG_TOKEN_COLUMNS " WHERE hash = ?1";
inline constexpr char tokens[] = CPG_TOKEN_COLUMNS " WHERE office = ?1 ORDER BY added_at, id";
#undef CPG_TOKEN_COLUMNS
inline constexpr char insert_token[] =
    "INSERT INTO token (id, office, hash, prefix, scopes, added_at, expires_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
inline constexpr char revoke_token[] =
    "UPDATE token SET revoked_at = ?3 WHERE id = ?1 AND office = ?2 AND revoked_at IS NULL";
inline constexpr char token_used[] = "UPDATE token SET used_at = ?2 WHERE id = ?1";

// -- webhooks --

#define CPG_WEBHOOK_COLUMNS                                                                        \
    "SELECT id, office, sealed, state, position, attempts, next_at, version, added_at,"            \
    " delivered_at, failed_at, failure FROM webhook"
inline constexpr char webhook[] = CPG_WEBHOOK_COLUMNS " WHERE id = ?1";
inline constexpr char all_webhooks[] = CPG_WEBHOOK_COLUMNS " ORDER BY office, added_at, id";
inline constexpr char webhooks_of[] =
    CPG_WEBHOOK_COLUMNS " WHERE office = ?1 ORDER BY added_at, id";
inline constexpr char webhooks_due[] =
    CPG_WEBHOOK_COLUMNS " WHERE state = 'active' AND next_at <= ?1 AND EXISTS (SELECT 1 FROM step"
                        " WHERE told = webhook.office AND leaf >= webhook.position)"
                        " AND EXISTS (SELECT 1 FROM office"
                        " WHERE office.office = webhook.office AND office.enabled <> 0)"
                        " ORDER BY next_at LIMIT ?2";
#undef CPG_WEBHOOK_COLUMNS
inline constexpr char insert_webhook[] =
    "INSERT INTO webhook (id, office, sealed, state, position, attempts, next_at, version,"
    " added_at, failure) SELECT ?1, ?2, ?3, 'active', ?4, 0, ?5, 0, ?5, ''"
    " WHERE (SELECT count(*) FROM webhook WHERE office = ?2) < ?6";
inline constexpr char delete_webhook[] = "DELETE FROM webhook WHERE id = ?1 AND office = ?2";
inline constexpr char enable_webhook[] =
    "UPDATE webhook SET state = 'active', attempts = 0, next_at = ?4, version = version + 1"
    " WHERE id = ?1 AND office = ?2 AND version = ?3";
inline constexpr char replace_webhook[] = "UPDATE webhook SET sealed = ?4, version = version + 1"
                                          " WHERE id = ?1 AND office = ?2 AND version = ?3";
inline constexpr char webhook_tried[] =
    "UPDATE webhook SET state = ?3, position = ?4, attempts = ?5, next_at = ?6,"
    " delivered_at = coalesce(?7, delivered_at), failed_at = coalesce(?8, failed_at), failure = ?9"
    " WHERE id = ?1 AND version = ?2";

} // namespace cpg::store::sqlite::sql

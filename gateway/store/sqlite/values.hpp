// Rows to values and back: the only place that knows how a value looks in a column. What the
// database holds and no writer of ours could have put there throws StoreBroken.
#pragma once

#include "gateway/store/sqlite/database.hpp"

#include <vector>

namespace cpg::store::sqlite {

std::string_view service_text(const OfficeRef& ref); // "" when absent; refers to `ref`

BundleRow read_bundle(const Query& row);           // columns of sql::bundle
StepRow read_step(const Query& row);               // columns of sql::steps
OfficeRow read_office(const Query& row);           // columns of sql::offices
CertificateRow read_certificate(const Query& row); // columns of sql::certificates
PersonRow read_person(const Query& row);           // columns of sql::person
TokenRow read_token(const Query& row);             // columns of sql::token
EventRow read_event(const Query& row);             // columns of sql::event
WebhookRow read_webhook(const Query& row);         // columns of sql::webhook

exchange::State state_in(const Query& row, int column);
exchange::Step step_in(const Query& row, int column);
std::string_view name_of(AttestationKind kind); // "timestamp", "cosignature"
BundleId bundle_id_of(BytesView bytes);
Digest digest_of(BytesView bytes);

/// Fixed-width members one after another, without a separator.
std::string joined(const std::vector<ServiceType>& types);
std::string joined(const std::vector<OfficeNo>& offices);
Bytes joined(const std::vector<BundleId>& ids);
std::vector<BundleId> bundle_ids_of(BytesView bytes);

} // namespace cpg::store::sqlite

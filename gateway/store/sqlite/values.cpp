#include "gateway/store/sqlite/values.hpp"

#include <algorithm>

namespace cpg::store::sqlite {
namespace {

constexpr std::size_t id_size = 16;
constexpr std::size_t office_size = 10;
constexpr std::size_t service_size = 2;

template<class T> T present(std::optional<T> value, const char* what) {
    if (!value) throw StoreBroken(std::string("the database holds no valid ") + what);
    return *std::move(value);
}

OfficeRef read_office_ref(const Query& row, int office_column) {
    OfficeRef ref;
    ref.office = present(OfficeNo::parse(row.text(office_column)), "office number");
    const std::string service = row.text(office_column + 1);
    if (!service.empty()) ref.service_type = present(ServiceType::parse(service), "service type");
    return ref;
}

Month read_month(const Query& row, int column) {
    const std::string text = row.text(column);
    return text == Month().str() ? Month() : present(Month::parse(text), "month");
}

template<class T> std::string joined_views(const std::vector<T>& members) {
    std::string out;
    for (const T& member : members) out += member.view();
    return out;
}

template<class Parse>
auto split(std::string_view text, std::size_t width, const char* what, Parse parse) {
    std::vector<decltype(present(parse(text), what))> out;
    if (text.size() % width != 0)
        throw StoreBroken(std::string("the database holds no valid list of ") + what);
    out.reserve(text.size() / width);
    for (; !text.empty(); text.remove_prefix(width))
        out.push_back(present(parse(text.substr(0, width)), what));
    return out;
}

} // namespace

std::string_view service_text(const OfficeRef& ref) {
    return ref.service_type ? ref.service_type->view() : std::string_view();
}

BundleRow read_bundle(const Query& row) {
    BundleRow bundle;
    bundle.id = bundle_id_of(row.blob(0));
    bundle.pair = {read_office_ref(row, 1), read_office_ref(row, 3)};
    bundle.serial = present(Serial::parse(row.text(5)), "serial");
    bundle.edition = row.text(6);
    bundle.kind = row.text(7);
    bundle.month = read_month(row, 8);
    bundle.state = state_in(row, 9);
    bundle.accepted_at = row.time(10);
    bundle.fetched_at = row.optional_time(11);
    bundle.settled_at = row.optional_time(12);
    bundle.bytes = row.count(13);
    bundle.files = static_cast<int>(row.integer(14));
    bundle.content_tag = row.blob(15);
    bundle.catalog = digest_of(row.blob(16));
    if (!row.is_null(17)) bundle.superseded_by = bundle_id_of(row.blob(17));
    bundle.arrival = row.count(18);
    bundle.errors = static_cast<std::uint32_t>(row.integer(19));
    bundle.warnings = static_cast<std::uint32_t>(row.integer(20));
    bundle.erased_at = row.optional_time(21);
    bundle.unclaimed_at = row.optional_time(22);
    return bundle;
}

StepRow read_step(const Query& row) {
    if (row.is_null(3)) throw StoreBroken("no checkpoint covers a leaf of the log");
    return {step_in(row, 0), row.time(1), row.count(2), row.count(3), row.text(4), row.blob(5)};
}

OfficeRow read_office(const Query& row) {
    OfficeRow office;
    office.office = present(OfficeNo::parse(row.text(0)), "office number");
    office.service_types = split(row.text(1), service_size, "service type", ServiceType::parse);
    office.name = row.text(2);
    office.enabled = row.integer(3) != 0;
    office.reachable = row.integer(4) != 0;
    return office;
}

CertificateRow read_certificate(const Query& row) {
    CertificateRow certificate;
    certificate.issuer = row.text(0);
    certificate.serial = row.text(1);
    certificate.offices = split(row.text(2), office_size, "office number", OfficeNo::parse);
    certificate.enabled = row.integer(3) != 0;
    certificate.machine = row.integer(4) != 0;
    return certificate;
}

PersonRow read_person(const Query& row) {
    PersonRow person;
    person.id = present(PersonId::parse(row.text(0)), "person");
    person.office = present(OfficeNo::parse(row.text(1)), "office number");
    person.user_tag = row.blob(2);
    person.sealed_user = row.blob(3);
    person.role = present(role_of(row.text(4)), "role");
    person.password = row.text(5);
    person.state = present(person_state_of(row.text(6)), "person's state");
    person.failures = static_cast<int>(row.integer(7));
    person.tried_at = row.optional_time(8);
    person.login_at = row.optional_time(9);
    person.version = row.count(10);
    person.added_at = row.time(11);
    return person;
}

TokenRow read_token(const Query& row) {
    TokenRow token;
    token.id = present(TokenId::parse(row.text(0)), "token");
    token.office = present(OfficeNo::parse(row.text(1)), "office number");
    token.hash = digest_of(row.blob(2));
    token.prefix = row.text(3);
    token.scopes = present(scopes_of(row.text(4)), "scopes");
    token.added_at = row.time(5);
    token.expires_at = row.time(6);
    token.revoked_at = row.optional_time(7);
    token.used_at = row.optional_time(8);
    return token;
}

EventRow read_event(const Query& row) {
    EventRow event;
    event.position = row.count(0) + 1;
    event.step = step_in(row, 1);
    event.time = row.time(2);
    event.bundle = bundle_id_of(row.blob(3));
    event.pair = {read_office_ref(row, 4), read_office_ref(row, 6)};
    event.serial = present(Serial::parse(row.text(8)), "serial");
    event.kind = row.text(9);
    event.month = read_month(row, 10);
    return event;
}

WebhookRow read_webhook(const Query& row) {
    WebhookRow webhook;
    webhook.id = present(WebhookId::parse(row.text(0)), "webhook");
    webhook.office = present(OfficeNo::parse(row.text(1)), "office number");
    webhook.sealed = row.blob(2);
    webhook.state = present(webhook_state_of(row.text(3)), "webhook's state");
    webhook.position = row.count(4);
    webhook.attempts = static_cast<std::uint32_t>(row.integer(5));
    webhook.next_at = row.time(6);
    webhook.version = row.count(7);
    webhook.added_at = row.time(8);
    webhook.delivered_at = row.optional_time(9);
    webhook.failed_at = row.optional_time(10);
    webhook.failure = row.text(11);
    return webhook;
}

exchange::State state_in(const Query& row, int column) {
    return present(exchange::state_of(row.text(column)), "state");
}

exchange::Step step_in(const Query& row, int column) {
    return present(exchange::step_of(row.text(column)), "step");
}

std::string_view name_of(AttestationKind kind) {
    return kind == AttestationKind::timestamp ? "timestamp" : "cosignature";
}

BundleId bundle_id_of(BytesView bytes) {
    if (bytes.size() != id_size) throw StoreBroken("the database holds no valid bundle id");
    return BundleId::from_bytes(bytes);
}

Digest digest_of(BytesView bytes) {
    Digest digest;
    if (bytes.size() != digest.bytes.size())
        throw StoreBroken("the database holds no valid digest");
    std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
    return digest;
}

std::string joined(const std::vector<ServiceType>& types) {
    return joined_views(types);
}

std::string joined(const std::vector<OfficeNo>& offices) {
    return joined_views(offices);
}

Bytes joined(const std::vector<BundleId>& ids) {
    return joined_views(ids);
}

std::vector<BundleId> bundle_ids_of(BytesView bytes) {
    return split(bytes, id_size, "bundle id",
                 [](BytesView id) { return std::optional(BundleId::from_bytes(id)); });
}

} // namespace cpg::store::sqlite

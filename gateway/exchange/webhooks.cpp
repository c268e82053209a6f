#include "gateway/exchange/webhooks.hpp"

#include "spec/base/digest.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace cpg::exchange {
namespace {

constexpr std::size_t secret_bytes = 32;

std::string context_of(const store::WebhookId& id) {
    return "webhook/" + id.str();
}

std::string make_secret() {
    return "whsec_" + base64(random_bytes(secret_bytes));
}

Bytes seal(store::Sealer& sealer, const store::WebhookRow& row, const WebhookTarget& target) {
    boost::json::object object{{"url", target.url}, {"secret", target.secret}};
    if (!target.old_secret.empty()) {
        object["old_secret"] = target.old_secret;
        object["old_until"] = rfc3339(target.old_until);
    }
    return sealer.seal(row.office, context_of(row.id), boost::json::serialize(object));
}

std::string text_in(const boost::json::object& object, std::string_view name) {
    const auto* const value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::string leaf_of(const store::WebhookRow& row, std::string_view action,
                    const identity::Administrator& by, Time now) {
    return identity::admin_leaf(row.office, by, now, action, {{"webhook", row.id.str()}});
}

} // namespace

std::string WebhookTarget::host() const {
    const auto begin = url.find("://");
    if (begin == std::string::npos) return {};
    return url.substr(begin + 3, url.find_first_of("/?", begin + 3) - begin - 3);
}

WebhookTarget target_of(store::Sealer& sealer, const store::WebhookRow& row) {
    const auto plain = sealer.open(row.office, context_of(row.id), row.sealed);
    boost::system::error_code failed;
    const auto value = plain ? boost::json::parse(*plain, failed) : boost::json::value();
    if (!plain || failed || !value.is_object())
        throw store::StoreFailure("a sealed webhook does not open");
    const auto& object = value.get_object();
    WebhookTarget target{
        text_in(object, "url"), text_in(object, "secret"), text_in(object, "old_secret"), {}};
    target.old_until = parse_rfc3339(text_in(object, "old_until")).value_or(Time());
    return target;
}

std::vector<std::string> secrets_of(const WebhookTarget& target, Time now) {
    std::vector<std::string> secrets{target.secret};
    if (!target.old_secret.empty() && now < target.old_until) secrets.push_back(target.old_secret);
    return secrets;
}

NewWebhook add_webhook(store::Sealer& sealer, const OfficeNo& office, const std::string& url,
                       std::uint64_t position, std::size_t most, const identity::Administrator& by,
                       Time now) {
    NewWebhook made;
    made.secret = {make_secret()};
    auto& row = made.op.row;
    row.id = store::WebhookId::of(random_bytes(16));
    row.office = office;
    row.position = position;
    row.added_at = row.next_at = now;
    row.sealed = seal(sealer, row, {url, made.secret.text, {}, {}});
    made.op.most = most;
    made.op.leaf = leaf_of(row, "webhook.add", by, now);
    return made;
}

store::RemoveWebhookOp remove_webhook(const store::WebhookRow& row,
                                      const identity::Administrator& by, Time now) {
    return {row.id, row.office, leaf_of(row, "webhook.remove", by, now)};
}

store::ChangeWebhookOp enable_webhook(const store::WebhookRow& row,
                                      const identity::Administrator& by, Time now) {
    return {row.id,
            row.office,
            row.version,
            store::WebhookChange::enable,
            {},
            now,
            leaf_of(row, "webhook.enable", by, now)};
}

RotatedWebhook rotate_webhook(store::Sealer& sealer, const store::WebhookRow& row,
                              std::chrono::seconds overlap, const identity::Administrator& by,
                              Time now) {
    auto target = target_of(sealer, row);
    target.old_secret = std::exchange(target.secret, make_secret());
    target.old_until = now + overlap;
    return {{row.id, row.office, row.version, store::WebhookChange::replace,
             seal(sealer, row, target), now, leaf_of(row, "webhook.rotate", by, now)},
            {target.secret}};
}

} // namespace cpg::exchange

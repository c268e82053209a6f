#include "gateway/store/webhooks.hpp"

#include <array>
#include <stdexcept>
#include <utility>

namespace cpg::store {
namespace {

constexpr std::array<std::pair<WebhookState, std::string_view>, 3> names{
    {{WebhookState::active, "active"},
     {WebhookState::failing, "failing"},
     {WebhookState::gone, "gone"}}};

} // namespace

std::string_view name_of(WebhookState state) {
    for (const auto& [value, name] : names)
        if (value == state) return name;
    throw std::logic_error("a state without a name");
}

std::optional<WebhookState> webhook_state_of(std::string_view text) {
    for (const auto& [value, name] : names)
        if (name == text) return value;
    return std::nullopt;
}

} // namespace cpg::store

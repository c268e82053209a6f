#include "gateway/identity/session.hpp"

#include "gateway/identity/token.hpp"

#include <algorithm>

namespace cpg::identity {

std::string Sessions::open(const Session& session) {
    auto token = base64url(random_bytes(32));
    const std::lock_guard lock(mutex_);
    make_room(session.person, session.opened_at);
    sessions_.emplace(sha256(token), session);
    return token;
}

std::optional<Session> Sessions::find(std::string_view token, const Digest& certificate, Time now,
                                      SignOfLife life) {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(sha256(token));
    if (found == sessions_.end()) return std::nullopt;
    if (has_ended(found->second, now)) {
        sessions_.erase(found);
        return std::nullopt;
    }
    if (found->second.certificate != certificate) return std::nullopt;
    if (life == SignOfLife::yes) found->second.seen_at = std::max(found->second.seen_at, now);
    return found->second;
}

void Sessions::close(std::string_view token) {
    const std::lock_guard lock(mutex_);
    sessions_.erase(sha256(token));
}

std::size_t Sessions::size() const {
    const std::lock_guard lock(mutex_);
    return sessions_.size();
}

std::string Sessions::csrf_of(std::string_view token) {
    return base64url(hmac_sha256(token, "cpgw-csrf/v1").view());
}

bool Sessions::has_ended(const Session& session, Time now) const {
    return now >= session.seen_at + limits_.idle || now >= session.opened_at + limits_.longest;
}

void Sessions::make_room(const store::PersonId& person, Time now) {
    std::erase_if(sessions_, [&](const auto& entry) { return has_ended(entry.second, now); });
    const auto older = [](const auto& left, const auto& right) {
        return left.second.seen_at < right.second.seen_at;
    };
    const auto of_person = [&](const auto& entry) { return entry.second.person == person; };
    const auto own = std::count_if(sessions_.begin(), sessions_.end(), of_person);
    if (static_cast<std::size_t>(own) >= limits_.max_per_person) {
        auto oldest = sessions_.end();
        for (auto at = sessions_.begin(); at != sessions_.end(); ++at)
            if (of_person(*at) && (oldest == sessions_.end() || older(*at, *oldest))) oldest = at;
        sessions_.erase(oldest);
    }
    if (sessions_.size() >= limits_.max_sessions)
        sessions_.erase(std::min_element(sessions_.begin(), sessions_.end(), older));
}

} // namespace cpg::identity

// What the tests of this folder share: a fixed time, an authority made at run time, invented
// offices.
#pragma once

#include "gateway/identity/authority.hpp"
#include "spec/base/clock.hpp"

namespace cpg::identity::test {

inline const Time now = *parse_rfc3339("2026-11-22T09:30:00.000Z");
inline time_t now_seconds() {
    return static_cast<time_t>(now.time_since_epoch().count() / 1000);
}
inline const OfficeNo care = *OfficeNo::parse("0370100017");
inline const OfficeNo visit = *OfficeNo::parse("0370100025");
inline const OfficeNo day = *OfficeNo::parse("0370100033");

struct TestAuthority {
    explicit TestAuthority(std::string_view name = "Test CA")
        : root(make_authority(name, {now - std::chrono::days(30), 3653})) {}
    Authority open() const { return *Authority::open(root); }
    Validity validity() const { return {now - std::chrono::days(1), 397}; }
    Certificate issue(const std::vector<OfficeNo>& offices) const {
        return *parse_certificate_pem(open().issue_office(offices, validity()).certificate_pem);
    }
    Credential root;
};

} // namespace cpg::identity::test

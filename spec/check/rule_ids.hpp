// The rules this checker can raise, as numbers for the inner loops and as the ids of findings.yaml.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cpg::checking {

// One line a section of the README of the facts (2.1 to 2.7).
// clang-format off
#define CPG_CHECK_RULES(X)                                                                         \
    X(name_01, "R-NAME-01") X(name_02, "R-NAME-02") X(name_03, "R-NAME-03") X(name_04, "R-NAME-04") \
    X(name_05, "R-NAME-05") X(name_06, "R-NAME-06") X(name_07, "R-NAME-07") X(name_08, "R-NAME-08") \
    X(name_09, "R-NAME-09") X(name_10, "R-NAME-10") X(name_11, "R-NAME-11") X(auth_01, "R-AUTH-01") \
    X(enc_01, "R-ENC-01") X(enc_02, "R-ENC-02") X(enc_03, "R-ENC-03")                               \
    X(csv_01, "R-CSV-01") X(csv_02, "R-CSV-02") X(csv_03, "R-CSV-03") X(csv_04, "R-CSV-04")         \
    X(csv_05, "R-CSV-05") X(csv_06, "R-CSV-06") X(csv_07, "R-CSV-07")                               \
    X(req_01, "R-REQ-01") X(req_02, "R-REQ-02") X(len_01, "R-LEN-01") X(code_01, "R-CODE-01")       \
    X(date_01, "R-DATE-01")                                                                         \
    X(ver_01, "R-VER-01") X(ver_02, "R-VER-02") X(ver_03, "R-VER-03") X(ver_04, "R-VER-04")         \
    X(mon_01, "R-MON-01") X(mon_02, "R-MON-02") X(mon_03, "R-MON-03")                               \
    X(bnd_01, "R-BND-01") X(bnd_02, "R-BND-02") X(bnd_03, "R-BND-03") X(bnd_04, "R-BND-04")         \
    X(bnd_05, "R-BND-05")                                                                           \
    X(rel_01, "R-REL-01") X(rel_02, "R-REL-02") X(rel_03, "R-REL-03") X(rel_04, "R-REL-04")         \
    X(rel_05, "R-REL-05") X(rel_06, "R-REL-06") X(rel_07, "R-REL-07") X(rel_08, "R-REL-08")         \
    X(del_01, "R-DEL-01") X(del_02, "R-DEL-02")                                                     \
    X(own_01, "R-OWN-01") X(own_02, "R-OWN-02") X(own_03, "R-OWN-03")                               \
    X(priv_01, "R-PRIV-01") X(priv_02, "R-PRIV-02") X(full_01, "R-FULL-01")                         \
    X(svc_01, "R-SVC-01") X(svc_02, "R-SVC-02") X(id_01, "R-ID-01")                                 \
    X(time_01, "R-TIME-01") X(time_02, "R-TIME-02") X(time_03, "R-TIME-03") X(cnt_01, "R-CNT-01")   \
    X(hiw_01, "R-HIW-01") X(hiw_02, "R-HIW-02") X(hiw_03, "R-HIW-03") X(hiw_04, "R-HIW-04")         \
    X(wel_01, "R-WEL-01") X(wel_02, "R-WEL-02") X(wel_03, "R-WEL-03") X(wel_04, "R-WEL-04")         \
    X(sat_01, "R-SAT-01") X(unit_01, "R-UNIT-01") X(dup_01, "R-DUP-01")                             \
    X(t7_01, "R-T7-01") X(t7_02, "R-T7-02") X(t7_03, "R-T7-03") X(t7_04, "R-T7-04")                 \
    X(t7_05, "R-T7-05") X(t7_06, "R-T7-06") X(t7_07, "R-T7-07") X(t7_08, "R-T7-08")                 \
    X(t7_09, "R-T7-09") X(hos_01, "R-HOS-01") X(img_01, "R-IMG-01")
// clang-format on

enum class Rule : std::uint8_t {
#define CPG_CHECK_RULE(name, id) name,
    CPG_CHECK_RULES(CPG_CHECK_RULE)
#undef CPG_CHECK_RULE
};

inline constexpr std::array rule_ids{
#define CPG_CHECK_RULE(name, id) std::string_view(id),
    CPG_CHECK_RULES(CPG_CHECK_RULE)
#undef CPG_CHECK_RULE
};
#undef CPG_CHECK_RULES

inline constexpr std::size_t rule_count = rule_ids.size();

constexpr std::size_t index_of(Rule rule) {
    return static_cast<std::size_t>(rule);
}
constexpr std::string_view id_of(Rule rule) {
    return rule_ids[index_of(rule)];
}

} // namespace cpg::checking

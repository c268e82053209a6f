// A profile: how strictly the rules are taken. A value like the catalogue; built by spec/load,
// immutable afterwards, shared by const pointer between threads.
#pragma once

#include "spec/model/catalog.hpp"

namespace cpg {

/// The profile in which every rule has the severity of findings.yaml.
inline constexpr std::string_view standard_profile = "standard";

struct Profile {
    std::string name; // "strict": as reports say it
    std::string title_ja, title_en;
    std::string description_ja, description_en;
    /// Only the rules that differ from findings.yaml (rule id -> severity).
    std::map<std::string, Severity, std::less<>> severities;
};
using ProfilePtr = std::shared_ptr<const Profile>;

/// The rule's severity when no profile speaks of it: off for a rule that is off by default.
inline Severity own_severity(const RuleText& rule) {
    return rule.enabled ? rule.severity : Severity::off;
}

/// The rule's severity under these choices.
inline Severity chosen_severity(const RuleText& rule,
                                const std::map<std::string, Severity, std::less<>>& choices) {
    const auto chosen = choices.find(rule.id);
    return chosen == choices.end() ? own_severity(rule) : chosen->second;
}

} // namespace cpg

#include "gateway/audit/policy.hpp"

#include "gateway/audit/lines.hpp"

#include <algorithm>
#include <functional>
#include <set>

namespace cpg::audit {
namespace {

/// The words between blanks and tabs.
std::vector<std::string_view> words_of(std::string_view line) {
    constexpr std::string_view blanks = " \t";
    std::vector<std::string_view> words;
    for (std::size_t begin = line.find_first_not_of(blanks); begin != std::string_view::npos;) {
        const std::size_t end = line.find_first_of(blanks, begin);
        words.push_back(line.substr(begin, end - begin));
        begin = end == std::string_view::npos ? end : line.find_first_not_of(blanks, end);
    }
    return words;
}

bool has_odd_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return (c >= 0 && c < 0x20 && c != '\t' && c != '\n') || c == 0x7f;
    });
}

} // namespace

/// Line after line; the first wrong one ends it.
class Policy::Reader {
  public:
    Result<Policy> read(std::string_view text) {
        if (text.size() > max_policy_bytes) return wrong("the policy is too long");
        if (has_odd_character(text)) return wrong("a character that is not allowed");
        Lines lines(text);
        while (!lines.done()) {
            ++line_;
            const auto line = lines.next();
            if (!line) return wrong("a line without its line feed");
            const auto words = words_of(*line);
            if (words.empty() || words.front().front() == '#') continue;
            if (const char* const reason = take(words)) return wrong(reason);
        }
        if (policy_.quorum_.empty()) return wrong("there is no quorum line");
        return std::move(policy_);
    }

  private:
    using Words = std::vector<std::string_view>;

    Error wrong(const char* reason) const {
        return {Errc::malformed, "line " + std::to_string(line_) + ": " + reason};
    }

    /// Why not, or null.
    const char* take(const Words& words) {
        if (words.front() == "log") return take_log(words);
        if (words.front() == "witness") return take_witness(words);
        if (words.front() == "group") return take_group(words);
        if (words.front() == "quorum") return take_quorum(words);
        return "not log, witness, group or quorum";
    }

    const char* take_log(const Words& words) {
        if (words.size() < 2 || words.size() > 3) return "log <vkey> [<url>]";
        auto key = VerifierKey::parse(words[1]);
        if (!key || key->algorithm != KeyAlgorithm::ed25519) return "not the key of a log";
        if (!logs_.insert(key->public_key).second) return "the log is named twice";
        policy_.keys_.push_back(std::move(*key));
        return nullptr;
    }

    const char* take_witness(const Words& words) {
        if (words.size() < 3 || words.size() > 4) return "witness <name> <vkey> [<url>]";
        auto key = VerifierKey::parse(words[2]);
        if (!key || key->algorithm != KeyAlgorithm::ed25519_cosignature)
            return "not the key of a witness";
        if (!cosigners_.insert(key->public_key).second) return "the witness is named twice";
        if (const char* const reason = define(words[1])) return reason;
        policy_.keys_.push_back(*key);
        policy_.witnesses_.emplace(std::string(words[1]), std::move(*key));
        return nullptr;
    }

    const char* take_group(const Words& words) {
        if (words.size() < 4) return "group <name> all|any|<k> <name>...";
        Group group;
        for (auto member = words.begin() + 3; member != words.end(); ++member) {
            if (!defined_.contains(*member)) return "a member that is not defined above";
            if (!members_.emplace(*member).second) return "a member of two groups";
            group.members.emplace_back(*member);
        }
        const auto count = words[2] == "all"   ? std::optional<std::uint64_t>(group.members.size())
                           : words[2] == "any" ? std::optional<std::uint64_t>(1)
                                               : parse_decimal(words[2]);
        if (!count || *count < 1 || *count > group.members.size())
            return "the threshold is not between one and the number of members";
        group.threshold = static_cast<std::size_t>(*count);
        if (const char* const reason = define(words[1])) return reason;
        policy_.groups_.emplace(std::string(words[1]), std::move(group));
        return nullptr;
    }

    const char* take_quorum(const Words& words) {
        if (words.size() != 2) return "quorum <name>|none";
        if (!policy_.quorum_.empty()) return "a second quorum line";
        if (words[1] != none && !defined_.contains(words[1])) return "a quorum not defined above";
        policy_.quorum_ = words[1];
        return nullptr;
    }

    const char* define(std::string_view name) {
        if (name == none) return "the name none is taken";
        return defined_.emplace(name).second ? nullptr : "the name is defined twice";
    }

    Policy policy_;
    std::size_t line_ = 0;
    std::set<Bytes> logs_, cosigners_; // public keys
    std::set<std::string, std::less<>> defined_, members_;
};

Result<Policy> Policy::parse(std::string_view text) {
    return Reader().read(text);
}

bool Policy::is_met_by(const std::vector<Signature>& verified) const {
    // A group names only what stands above it, so this ends.
    const std::function<bool(const std::string&)> witnessed = [&](const std::string& name) {
        if (const auto witness = witnesses_.find(name); witness != witnesses_.end())
            return std::any_of(verified.begin(), verified.end(), [&](const Signature& signature) {
                return signature.id == witness->second.id && signature.name == witness->second.name;
            });
        const Group& group = groups_.find(name)->second;
        const auto count = std::count_if(group.members.begin(), group.members.end(), witnessed);
        return static_cast<std::size_t>(count) >= group.threshold;
    };
    return !asks_for_witnesses() || witnessed(quorum_);
}

} // namespace cpg::audit

// Whose word counts: C2SP tlog-policy. A file names logs and witnesses by their keys and says which
// witnesses together make a quorum. Pure, any thread.
#pragma once

#include "gateway/audit/note.hpp"

#include <map>

namespace cpg::audit {

/// More than the format asks an implementation for (32 each); bounds what is parsed.
constexpr std::size_t max_policy_bytes = 64 * 1024;

class Policy {
  public:
    /// Strict as tlog-policy; the reason names the line.
    static Result<Policy> parse(std::string_view text);

    /// Of logs and witnesses, to open notes with.
    const std::vector<VerifierKey>& keys() const { return keys_; }
    /// Whether the witnesses among these verified signatures (open_note() with keys()) are enough.
    bool is_met_by(const std::vector<Signature>& verified) const;
    bool asks_for_witnesses() const { return quorum_ != none; }

  private:
    static constexpr std::string_view none = "none";
    struct Group {
        std::size_t threshold = 1;
        std::vector<std::string> members;
    };
    class Reader;

    std::vector<VerifierKey> keys_;
    std::map<std::string, VerifierKey, std::less<>> witnesses_; // by their names in the policy
    std::map<std::string, Group, std::less<>> groups_;
    std::string quorum_;
};

} // namespace cpg::audit

// The regular expressions of the standard's tables, compiled once to a table-driven automaton.
// Supported: literals, \-escapes of punctuation, [classes] with ranges, ( ) and (?: ), |, ?, +, *,
// {n}, {n,m}, and the anchors ^ … $ around the whole pattern. ASCII only. Matching is one table
// look-up a byte, never backtracks.
#pragma once

#include "spec/base/result.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cpg {

class Pattern {
  public:
    Pattern() = default; // matches every text
    /// malformed: unsupported syntax, or an automaton of more than 4,096 states.
    static Result<Pattern> compile(std::string_view regex);
    bool matches(std::string_view text) const; // the whole text; any thread
    bool is_any() const { return table_ == nullptr; }
    const std::string& source() const { return source_; }

  private:
    struct Table;
    std::string source_;
    std::shared_ptr<const Table> table_;
};

} // namespace cpg

// The command line as a table: every subcommand says which options and operands it takes; parsing
// and --help come from the table. Pure, free of locales.
//
//     const Usage sample_usage{"sample", "…", "…", {"", 0, 0}, {{"--out", "DIR", "…", "…"}}};
//     int sample_command(const Arguments& given) { … given.required("--out") … }
#pragma once

#include "gateway/cli/failure.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cpg::cli {

enum class Takes { one_value, many_values };

struct Option {
    std::string name;  // "--format"
    std::string value; // "text|json" (a closed list when it has bars), "DIR"; empty = a flag
    std::string ja, en;
    Takes takes = Takes::one_value; // many_values: may be repeated
};

struct Operands {
    std::string text; // "PATH…"; empty = none
    std::size_t min = 0, max = 0;
};
constexpr std::size_t any_number = static_cast<std::size_t>(-1);

struct Usage {
    std::string name; // "check", "cert issue"
    std::string ja, en;
    Operands operands;
    std::vector<Option> options;
};

std::string help_text(const Usage& usage);

class Arguments {
  public:
    /// `--opt value`, `--opt=value`, operands in between; after "--" everything is an operand.
    /// Throws UsageError. `--help` anywhere sets wants_help() and nothing else is checked.
    static Arguments parse(const Usage& usage, const std::vector<std::string>& words);

    bool wants_help() const { return wants_help_; }
    bool has(std::string_view option) const;
    std::string text(std::string_view option, std::string_view fallback = {}) const;
    std::string required(std::string_view option) const; // throws UsageError
    std::vector<std::string> all(std::string_view option) const;
    /// Whole numbers only. Throws UsageError outside min…max.
    std::int64_t number(std::string_view option, std::int64_t fallback, std::int64_t min,
                        std::int64_t max) const;
    const std::vector<std::string>& operands() const { return operands_; }

  private:
    struct Given {
        std::string name, value;
    };
    std::vector<Given> given_;
    std::vector<std::string> operands_;
    bool wants_help_ = false;
};

/// The parts of a comma-separated value; empty parts are dropped.
std::vector<std::string> split(std::string_view text, char separator = ',');

/// The tables of options that several subcommands share, appended.
std::vector<Option> with(std::vector<Option> own, const std::vector<Option>& shared);
const std::vector<Option>& lang_option();   // --lang ja|en
const std::vector<Option>& format_option(); // --format text|json

} // namespace cpg::cli

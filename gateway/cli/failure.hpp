// How a subcommand ends early: thrown by commands, caught by main alone, turned into an exit code
// in one place. Messages name what the person at the terminal can change, Japanese first.
#pragma once

#include "spec/base/result.hpp"

#include <stdexcept>
#include <string>

namespace cpg::cli {

/// The contract's exit codes.
enum Exit : int {
    exit_done = 0,
    exit_not_good = 1,
    exit_usage = 2,
    exit_refused = 3,
    exit_unreachable = 4,
    exit_configuration = 78,
};

/// Wrong options or operands: exit 2, with a pointer to --help.
struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Anything else that ends a command.
class Failure : public std::runtime_error {
  public:
    Failure(Exit code, const std::string& message) : std::runtime_error(message), code_(code) {}
    /// "<ja> / <the error's detail>".
    Failure(const std::string& ja, const Error& error);
    Exit code() const { return code_; }

  private:
    Exit code_;
};

Exit exit_of(Errc code);

/// The value, or a Failure of the error's exit code. `ja` says what could not be done.
template<class T> T value_or_fail(Result<T> result, const std::string& ja) {
    if (!result) throw Failure(ja, result.error());
    return std::move(*result);
}
inline void done_or_fail(const Result<void>& result, const std::string& ja) {
    if (!result) throw Failure(ja, result.error());
}

} // namespace cpg::cli

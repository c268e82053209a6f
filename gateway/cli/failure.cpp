#include "gateway/cli/failure.hpp"

namespace cpg::cli {

Failure::Failure(const std::string& ja, const Error& error)
    : std::runtime_error(ja + " / " + error.detail), code_(exit_of(error.code)) {}

Exit exit_of(Errc code) {
    switch (code) {
    case Errc::configuration:
        return exit_configuration;
    case Errc::unreachable:
        return exit_unreachable;
    case Errc::tampered:
    case Errc::unknown_key:
        return exit_not_good;
    case Errc::malformed:
    case Errc::unsupported_media_type:
    case Errc::too_large:
        return exit_usage;
    default:
        return exit_refused;
    }
}

} // namespace cpg::cli

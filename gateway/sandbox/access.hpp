// What an integrator needs to use a running sandbox: addresses, files, keys, partners. As JSON for
// programs (sandbox.json, `GET /sandbox/info`) and as text for a terminal. Pure values.
#pragma once

#include "gateway/sandbox/pki.hpp"

#include <boost/json/object.hpp>

namespace cpg::sandbox {

enum class Role { care_manager, service, delegate, robot };
std::string_view name_of(Role role);

/// One certificate, whom it speaks for, and settings for `cpgw` that use it.
struct Credentials {
    Role role{};
    std::string name;               // of the office, for people
    std::vector<OfficeRef> offices; // several for a delegate
    Issued files;
    std::filesystem::path settings; // --config
};

struct Partner {
    Credentials credentials;
    RobotPlan plan;
};

struct Access {
    std::string gateway, control, ops; // https://localhost:8443, http://127.0.0.1:8444, …
    std::filesystem::path folder, ca;
    std::string trusted_key; // vkey of the gateway's log
    Month month;
    std::uint64_t seed = 1;
    std::vector<Credentials> own; // care manager, service office, delegate
    std::vector<Partner> robots;
};

/// Members are added, none is taken away (README.md, sandbox.json).
boost::json::object json_of(const Access& access);
/// Japanese first, English second: addresses, files, partners, commands to paste.
std::string text_of(const Access& access);

/// Settings of `cpgw send` and its like.
std::string client_yaml(const Access& access, const Issued& files);

} // namespace cpg::sandbox

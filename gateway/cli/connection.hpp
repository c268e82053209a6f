// The office's side of a command: which gateway, with which certificate, trusting which keys.
#pragma once

#include "adapters/client/client.hpp"
#include "gateway/audit/note.hpp"
#include "gateway/cli/args.hpp"
#include "spec/render/report_json.hpp"

#include <boost/json/object.hpp>

namespace cpg::cli {

/// --config, --gateway, --cert, --key, --ca, --trusted-key, --checkpoints, --lang, --format.
const std::vector<Option>& connection_options();

/// ./cpgw-client.yaml, else $XDG_CONFIG_HOME/cpgw/client.yaml (~/.config when it is unset); nullopt
/// when neither is there.
std::optional<std::filesystem::path> default_config();
/// From --config FILE, else default_config(); single
/// options win over the file. Throws Failure (78).
client::Settings settings_of(const Arguments& given);
/// The keys of a settings file or of --trusted-key. Throws Failure (78) for one that is no key.
std::vector<audit::VerifierKey> keys_of(const std::vector<std::string>& vkeys);

/// Opening one checks the gateway's log against what was seen of it before (pinned_log.hpp).
class Connection {
  public:
    explicit Connection(const Arguments& given);
    /// `pins`: the file that remembers the log; absent = it is not compared.
    Connection(client::Settings settings, const std::optional<std::filesystem::path>& pins);

    client::Client& client() { return client_; }
    Lang lang() const { return lang_; }
    bool json() const { return json_; }
    /// Throws Failure (78) when there is none: a receipt nobody can verify proves nothing.
    const std::vector<audit::VerifierKey>& trusted_keys() const;

    /// The answer of a 2xx as an object; anything else is a Failure (3 refused, 4 unreachable).
    boost::json::object get(const std::string& target);
    boost::json::object post(const std::string& target, const boost::json::object& body);
    /// The answer of a 2xx, as it is.
    client::Answer get_raw(const std::string& target);

  private:
    explicit Connection(const Arguments& given, client::Settings settings);

    std::vector<audit::VerifierKey> trusted_keys_;
    Lang lang_;
    bool json_;
    client::Client client_;
};

/// The Failure of an answer that is no 2xx: title and detail of the problem document.
Failure refusal(const client::Answer& answer);
boost::json::object object_of(const client::Answer& answer);

} // namespace cpg::cli

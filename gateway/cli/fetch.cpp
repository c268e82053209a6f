#include "adapters/client/save_folder.hpp"
#include "gateway/audit/verify.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/content.hpp"
#include "gateway/cli/progress.hpp"
#include "gateway/cli/remote.hpp"
#include "gateway/cli/text.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <set>

namespace cpg::cli {

const Usage fetch_usage{
    "fetch",
    "届いた送信単位を受け取り、証跡を確かめて保存します（ID を省くと未受領すべて）",
    "takes the bundles that arrived, verifies and saves them (without ids: all new ones)",
    {"[ID…]", 0, any_number},
    with({{"--out", "DIR", "保存先（既定 inbox）", "folder to save into (default inbox)"}},
         connection_options())};

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

/// Remembers which bundles were asked for and are not on disk yet: the gateway counts them as
/// fetched, so a run that was killed between would lose sight of them.
class Pending {
  public:
    explicit Pending(fs::path out) : folder_(std::move(out) / ".cpgw-pending") {}

    std::vector<BundleId> left_over() const {
        std::vector<BundleId> ids;
        std::error_code absent;
        for (const auto& entry : fs::directory_iterator(folder_, absent))
            if (const auto id = BundleId::parse(entry.path().filename().string()))
                ids.push_back(*id);
        std::sort(ids.begin(), ids.end());
        return ids;
    }
    void begin(const BundleId& id) const { client::save_file(folder_ / id.str(), ""); }
    void end(const BundleId& id) const {
        std::error_code gone;
        fs::remove(folder_ / id.str(), gone);
        fs::remove(folder_, gone); // succeeds for the last one only
    }

  private:
    fs::path folder_;
};

std::string folder_name(const RemoteBundle& bundle) {
    return bundle.from.office.str() + "_" + (bundle.serial ? bundle.serial->str() : "-") + "_" +
           bundle.id.str();
}

enum class Fetched { saved, already_here, not_proven, refused };

class Fetcher {
  public:
    Fetcher(Connection& connection, fs::path out)
        : connection_(connection), out_(std::move(out)), pending_(out_) {}

    std::vector<RemoteBundle> wanted(const std::vector<std::string>& operands) {
        std::vector<RemoteBundle> bundles;
        if (!operands.empty()) {
            for (const auto& operand : operands)
                bundles.push_back(remote_bundle(connection_, id_operand(operand)));
        } else {
            for (const auto& id : pending_.left_over())
                if (auto bundle = still_there(id)) bundles.push_back(std::move(*bundle));
            for (auto& bundle : list_all(connection_, "/v1/inbox?state=new"))
                bundles.push_back(std::move(bundle));
        }
        std::stable_sort(bundles.begin(), bundles.end(),
                         [](const RemoteBundle& left, const RemoteBundle& right) {
                             return std::tie(left.from, left.serial, left.id) <
                                    std::tie(right.from, right.serial, right.id);
                         });
        const auto same = [](const RemoteBundle& left, const RemoteBundle& right) {
            return left.id == right.id;
        };
        bundles.erase(std::unique(bundles.begin(), bundles.end(), same), bundles.end());
        return bundles;
    }

    /// A bundle that the gateway refuses (recalled meanwhile) does not keep the others waiting.
    Fetched fetch(const RemoteBundle& bundle) {
        try {
            return take(bundle);
        } catch (const Failure& failure) {
            if (failure.code() != exit_refused) throw;
            reason_ = failure.what();
            pending_.end(bundle.id);
            return Fetched::refused;
        }
    }

    const std::string& reason() const { return reason_; }

  private:
    /// Of an earlier run; nullopt when it was recalled since.
    std::optional<RemoteBundle> still_there(const BundleId& id) {
        try {
            return remote_bundle(connection_, id);
        } catch (const Failure& failure) {
            if (failure.code() != exit_refused) throw;
            pending_.end(id);
            return std::nullopt;
        }
    }

    Fetched take(const RemoteBundle& bundle) {
        const std::string name = folder_name(bundle);
        if (fs::exists(out_ / name)) {
            if (!is_proven(out_ / name, bundle.id)) return Fetched::not_proven;
            pending_.end(bundle.id);
            return Fetched::already_here;
        }
        pending_.begin(bundle.id);
        const std::vector<InputFile> files = content_of(connection_, bundle.id);
        const std::vector<RemoteReceipt> receipts = receipts_of(connection_, bundle.id);
        if (auto doubt = why_delivery_not_proven(receipts, bundle.id, files,
                                                 connection_.trusted_keys(), connection_.lang())) {
            reason_ = std::move(*doubt);
            return Fetched::not_proven;
        }
        save(name, files, receipts);
        pending_.end(bundle.id);
        return Fetched::saved;
    }

    bool is_proven(const fs::path& folder, const BundleId& id) {
        const audit::VerifiedPath verified = audit::verify_path(folder, connection_.trusted_keys());
        if (verified.result != audit::Verified::proven)
            return refuse(folder.string(),
                          connection_.lang() == Lang::ja ? verified.reason_ja : verified.reason_en);
        const bool about_it = std::all_of(
            verified.receipts.begin(), verified.receipts.end(), [&](const auto& receipt) {
                return receipt.verification.receipt &&
                       receipt.verification.receipt->entry.bundle == id;
            });
        return about_it || refuse(folder.string(), in(connection_.lang(), "別の送信単位の証跡です",
                                                      "its receipts are about another bundle"));
    }

    bool refuse(std::string_view what, std::string_view why) {
        reason_ = std::string(what) + ": " + std::string(why);
        return false;
    }

    void save(const std::string& name, const std::vector<InputFile>& files,
              const std::vector<RemoteReceipt>& receipts) {
        std::vector<client::SavedFile> saved;
        for (const auto& file : files) saved.push_back({file.name, file.bytes});
        // A step that happened twice (an import that worked at the second try): the newest is kept.
        std::set<std::string> steps;
        for (auto at = receipts.rbegin(); at != receipts.rend(); ++at)
            if (steps.insert(at->step).second) saved.push_back({receipt_path(at->step), at->text});
        done_or_fail(client::save_folder(out_, name, saved), "保存できません");
    }

    Connection& connection_;
    fs::path out_;
    Pending pending_;
    std::string reason_;
};

std::string_view word_of(Fetched outcome, Lang lang) {
    switch (outcome) {
    case Fetched::saved:
        return in(lang, "受領", "fetched");
    case Fetched::already_here:
        return in(lang, "受領済", "here already");
    case Fetched::refused:
        return in(lang, "断られました", "refused");
    default:
        return in(lang, "確かめられません", "not proven");
    }
}

std::string_view id_of(Fetched outcome) {
    switch (outcome) {
    case Fetched::saved:
        return "fetched";
    case Fetched::already_here:
        return "already_here";
    case Fetched::refused:
        return "refused";
    default:
        return "not_proven";
    }
}

} // namespace

int fetch_command(const Arguments& given) {
    const fs::path out = given.text("--out", "inbox");
    Connection connection(given);
    connection.trusted_keys(); // nothing is taken that could not be verified
    Fetcher fetcher(connection, out);
    Progress progress;
    const Lang lang = connection.lang();
    const auto bundles = fetcher.wanted(given.operands());
    json::array results;
    int code = exit_done;
    for (const auto& bundle : bundles) {
        progress.show(std::to_string(results.size() + 1) + " / " + std::to_string(bundles.size()));
        const Fetched outcome = fetcher.fetch(bundle);
        progress.clear();
        const std::string folder = (out / folder_name(bundle)).string();
        results.push_back(
            json::object{{"id", bundle.id.str()}, {"result", id_of(outcome)}, {"folder", folder}});
        if (outcome == Fetched::not_proven || outcome == Fetched::refused) {
            // What could not be proven weighs more than what was refused.
            if (code != exit_not_good)
                code = outcome == Fetched::refused ? exit_refused : exit_not_good;
            std::cerr << "cpgw: " << word_of(outcome, lang) << "  " << bundle.id.str() << "  "
                      << fetcher.reason() << "\n";
        } else if (!connection.json()) {
            std::cout << word_of(outcome, lang) << "  " << office_text(bundle.from) << "  "
                      << kind_text(bundle.kind, lang) << "  " << folder << std::endl;
        }
    }
    if (connection.json())
        std::cout << json::serialize(json::object{{"bundles", std::move(results)}}) << "\n";
    else
        std::cout << bundles.size() << in(lang, " 件\n", " bundles\n");
    return code;
}

} // namespace cpg::cli

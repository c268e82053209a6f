#include "gateway/sandbox/access.hpp"

#include <array>
#include <boost/json/array.hpp>
#include <unistd.h>

namespace cpg::sandbox {
namespace {

namespace json = boost::json;

struct RoleWords {
    Role role;
    std::string_view name, ja, en;
};
constexpr std::array roles{
    RoleWords{Role::care_manager, "care_manager", "あなたの居宅介護支援事業所",
              "you, as a care-management office"},
    RoleWords{Role::service, "service", "あなたのサービス事業所", "you, as a service office"},
    RoleWords{Role::delegate, "delegate", "両方を受けもつ代行事業者の証明書",
              "a delegate's certificate, for both"},
    RoleWords{Role::robot, "robot", "ロボット", "a robot"},
};

const RoleWords& row_of(Role role) {
    return roles[static_cast<std::size_t>(role)];
}

json::object office_json(const OfficeRef& office) {
    return {{"office", office.office.view()}, {"service_type", office.service_type->view()}};
}

json::object credentials_json(const Credentials& credentials) {
    json::object object = office_json(credentials.offices.front());
    object["name"] = credentials.name;
    object["role"] = name_of(credentials.role);
    json::array all;
    for (const auto& office : credentials.offices) all.push_back(office_json(office));
    object["speaks_for"] = std::move(all);
    object["certificate"] = credentials.files.certificate.string();
    object["key"] = credentials.files.key.string();
    object["pkcs12"] = credentials.files.pkcs12.string();
    object["client_config"] = credentials.settings.string();
    return object;
}

json::object partner_json(const Partner& partner) {
    json::object object = credentials_json(partner.credentials);
    object["behaviour"] = name_of(partner.plan.behaviour);
    object["certificate_state"] = name_of(partner.plan.certificate);
    if (partner.plan.answer_after) object["answer_after"] = partner.plan.answer_after->count();
    object["ja"] = words_of(partner.plan.behaviour, true);
    object["en"] = words_of(partner.plan.behaviour, false);
    return object;
}

std::string office_text(const OfficeRef& office) {
    return office.office.str() + ":" + std::string(office.service_type->view());
}

std::string partner_text(const Partner& partner) {
    const auto& plan = partner.plan;
    std::string ja(words_of(plan.behaviour, true)), en(words_of(plan.behaviour, false));
    if (plan.certificate != CertificateState::valid) {
        const bool expired = plan.certificate == CertificateState::expired;
        ja = expired ? "証明書の期限が切れていて、つながりません"
                     : "証明書が失効していて、つながりません";
        en = expired ? "its certificate has expired: it cannot connect"
                     : "its certificate was revoked: it cannot connect";
    }
    if (plan.answer_after) {
        const std::string seconds = std::to_string(plan.answer_after->count());
        ja += "（" + seconds + " 秒後）";
        en += " (after " + seconds + " s)";
    }
    return "  " + office_text(plan.office) + "  " + plan.name + "\n      " + ja + "\n      " + en +
           "\n";
}

const Partner* first_of(const Access& access, Behaviour behaviour) {
    for (const auto& partner : access.robots)
        if (partner.plan.behaviour == behaviour &&
            partner.plan.certificate == CertificateState::valid)
            return &partner;
    return nullptr;
}

/// Lines to paste, for the first robot that answers at once.
std::string commands_text(const Access& access) {
    const Credentials& care = access.own.front();
    const Partner* const partner = first_of(access, Behaviour::prompt);
    if (!partner) return {};
    const std::string settings = " --config " + care.settings.string();
    return "すぐ試す命令 / commands to paste\n"
           "  cpgw sample --from " +
           office_text(care.offices.front()) + " --to " + office_text(partner->plan.office) +
           " --month " + access.month.str() + " --users 3 --kind schedule --out month\n" +
           "  cpgw check month\n  cpgw send" + settings + " --wait month\n  cpgw inbox" + settings +
           "\n  curl --cacert " + access.ca.string() + " --cert " +
           care.files.certificate.string() + " --key " + care.files.key.string() + " " +
           access.gateway + "/v1/me\n  curl " + access.control +
           "/sandbox/requests\n  curl -X POST -H 'X-Cpgw-Sandbox: 1' " + access.control +
           "/sandbox/reset\n";
}

} // namespace

std::string_view name_of(Role role) {
    return row_of(role).name;
}

json::object json_of(const Access& access) {
    json::array own, robots;
    for (const auto& credentials : access.own) own.push_back(credentials_json(credentials));
    for (const auto& partner : access.robots) robots.push_back(partner_json(partner));
    return {{"version", 1},
            {"pid", ::getpid()},
            {"gateway", access.gateway},
            {"control", access.control},
            {"ops", access.ops},
            {"folder", access.folder.string()},
            {"ca", access.ca.string()},
            {"trusted_key", access.trusted_key},
            {"pkcs12_password", pkcs12_password},
            {"month", access.month.str()},
            {"seed", access.seed},
            {"offices", std::move(own)},
            {"robots", std::move(robots)}};
}

std::string client_yaml(const Access& access, const Issued& files) {
    return "gateway: " + access.gateway + "\ncertificate: \"" + files.certificate.string() +
           "\"\nkey: \"" + files.key.string() + "\"\nca: \"" + access.ca.string() +
           "\"\ntrusted_keys: [\"" + access.trusted_key + "\"]\n";
}

std::string text_of(const Access& access) {
    std::string text = "サンドボックスが動いています（止めるには Ctrl-C） / the sandbox is running "
                       "(Ctrl-C ends it)\n\n"
                       "  ゲートウェイ / gateway     " +
                       access.gateway + "\n  状態と操作 / status         " + access.control +
                       "/sandbox\n  認証局 / authority          " + access.ca.string() +
                       "\n  受付票の鍵 / log's key      " + access.trusted_key +
                       "\n  機械向け / for programs     " +
                       (access.folder / "sandbox.json").string() +
                       "\n\nあなたの事業所 / your offices  （PKCS#12 のパスワード / password: " +
                       std::string(pkcs12_password) + "）\n";
    for (const auto& own : access.own) {
        std::string offices;
        for (const auto& office : own.offices)
            offices += (offices.empty() ? "" : " ") + office_text(office);
        text += "  " + offices + "  " + std::string(row_of(own.role).ja) + " / " +
                std::string(row_of(own.role).en) + "\n      --config " + own.settings.string() +
                "\n      " + own.files.certificate.string() + "  .key  .p12\n";
    }
    text += "\n相手方のロボット / robot partners\n";
    for (const auto& partner : access.robots) text += partner_text(partner);
    return text + "\n" + commands_text(access) +
           "\n登場する事業所と人はすべて架空です。 / All offices and persons are invented.\n";
}

} // namespace cpg::sandbox

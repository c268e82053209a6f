#include "gateway/sandbox/page.hpp"

#include "gateway/sandbox/sandbox.hpp"
#include "spec/base/html.hpp"

#include <cstdio>

namespace cpg::sandbox {
namespace {

constexpr std::size_t shown_requests = 30; // newest first
constexpr std::size_t shown_events = 6;    // of a robot, newest first

constexpr std::string_view style =
    "body{font:15px/1.6 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;"
    "color:#1a1a1a;background:#fff}"
    "h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #ccc}"
    "code,pre{font-family:ui-monospace,monospace;font-size:.9em;overflow-wrap:anywhere}"
    "pre{background:#f3f3f3;padding:.8rem;overflow-x:auto}small{color:#555}";

std::string tag(std::string_view name, std::string_view html) {
    std::string out = "<";
    out.append(name).append(">").append(html).append("</");
    return out.append(name.substr(0, name.find(' '))).append(">");
}

std::string code(std::string_view text) {
    return tag("code", html_escaped(text));
}

/// Writes one language; the other is asked for by Accept-Language.
class Page {
  public:
    Page(const Sandbox& sandbox, bool english) : sandbox_(sandbox), english_(english) {}

    std::string text() const {
        return "<!doctype html><html lang=\"" + std::string(english_ ? "en" : "ja") +
               "\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
               "content=\"width=device-width\"><title>cpgw sandbox</title>" +
               tag("style", style) + tag("h1", in("サンドボックス", "Sandbox")) + addresses() +
               offices() + robots() + requests() + commands() + "</html>\n";
    }

  private:
    std::string_view in(std::string_view ja, std::string_view en) const {
        return english_ ? en : ja;
    }

    std::string row(std::string_view head, std::string_view html) const {
        return tag("tr", tag("th scope=\"row\"", head) + tag("td", html));
    }

    std::string addresses() const {
        const Access& access = sandbox_.access();
        return tag("table", row(in("ゲートウェイ", "Gateway"), code(access.gateway)) +
                                row(in("ヘルス・指標", "Health, metrics"), code(access.ops)) +
                                row(in("認証局", "Authority"), code(access.ca.string())) +
                                row(in("受付票の鍵", "Key of the log"), code(access.trusted_key)) +
                                row(in("対象年月", "Month"), code(access.month.str())) +
                                row(in("フォルダー", "Folder"), code(access.folder.string())));
    }

    std::string offices() const {
        std::string rows;
        for (const auto& own : sandbox_.access().own) {
            std::string numbers;
            for (const auto& office : own.offices)
                numbers +=
                    code(office.office.str() + ":" + std::string(office.service_type->view())) +
                    " ";
            rows += tag("tr", tag("td", numbers) + tag("td", html_escaped(own.name)) +
                                  tag("td", code(own.settings.string())));
        }
        return tag("h2", in("あなたの事業所", "Your offices")) + tag("table", rows);
    }

    std::string robots() const {
        std::string rows =
            tag("tr", tag("th", in("事業所", "Office")) + tag("th", in("ふるまい", "Behaviour")) +
                          tag("th", in("受領・取込・取込不可・送信・待ち",
                                       "fetched, imported, failed, sent, waiting")) +
                          tag("th", in("最近のこと", "Lately")));
        for (const auto& robot : sandbox_.robots()) rows += robot_row(*robot);
        return tag("h2", in("相手方のロボット", "Robot partners")) + tag("table", rows);
    }

    std::string robot_row(const Robot& robot) const {
        const RobotPlan& plan = robot.plan();
        const RobotStatus status = robot.status();
        std::string behaviour = html_escaped(words_of(plan.behaviour, !english_));
        if (plan.certificate != CertificateState::valid)
            behaviour += "<br>" + code(name_of(plan.certificate));
        std::string events;
        std::size_t shown = 0;
        for (auto at = status.events.rbegin(); at != status.events.rend() && shown < shown_events;
             ++at, ++shown)
            events += "<small>" + html_escaped(rfc3339(at->time).substr(11, 8)) + "Z</small> " +
                      code(at->what) + " " + html_escaped(at->detail) + "<br>";
        const std::string counts =
            std::to_string(status.fetched) + " / " + std::to_string(status.imported) + " / " +
            std::to_string(status.import_failed) + " / " + std::to_string(status.sent) + " / " +
            std::to_string(status.waiting);
        return tag("tr", tag("td", code(plan.office.office.str() + ":" +
                                        std::string(plan.office.service_type->view())) +
                                       "<br>" + html_escaped(plan.name)) +
                             tag("td", behaviour) + tag("td", counts) + tag("td", events));
    }

    std::string requests() const {
        auto list = sandbox_.requests().page({0, {}, false, max_logged_requests}).requests;
        if (list.size() > shown_requests)
            list.erase(list.begin(), list.end() - static_cast<std::ptrdiff_t>(shown_requests));
        std::string rows = tag(
            "tr", tag("th", in("時刻 (UTC)", "Time (UTC)")) + tag("th", in("事業所", "Office")) +
                      tag("th", in("要求", "Request")) + tag("th", in("答え", "Answer")) +
                      tag("th", in("番号", "Incident")) + tag("th", "ms"));
        for (auto at = list.rbegin(); at != list.rend(); ++at) {
            char ms[32];
            std::snprintf(ms, sizeof ms, "%.1f", at->ms);
            rows += tag("tr", tag("td", rfc3339(at->time).substr(11, 12)) +
                                  tag("td", code(at->caller)) +
                                  tag("td", code(at->method + " " + at->route)) +
                                  tag("td", code(std::to_string(at->status) + " " + at->problem)) +
                                  tag("td", code(at->incident)) + tag("td", ms));
        }
        return tag("h2", in("あなたの要求（新しい順、ロボットを除く）",
                            "Your requests (newest first, without the robots')")) +
               tag("table", rows);
    }

    std::string commands() const {
        const std::string& control = sandbox_.access().control;
        const std::string post = "curl -X POST -H 'X-Cpgw-Sandbox: 1' " + control + "/sandbox/";
        return tag("h2", in("操作", "Commands")) +
               tag("pre", html_escaped("curl '" + control + "/sandbox/requests?after=0'\ncurl " +
                                       control + "/sandbox/robots\n" + post + "reset\n" + post +
                                       "robots/OFFICE/answer      # answer now\n" + post +
                                       "robots/OFFICE/fail-next   # the next one fails\n" + post +
                                       "robots/OFFICE/send        # a planner sends again\n"));
    }

    const Sandbox& sandbox_;
    bool english_;
};

} // namespace

std::string status_page(const Sandbox& sandbox, bool english) {
    return Page(sandbox, english).text();
}

} // namespace cpg::sandbox

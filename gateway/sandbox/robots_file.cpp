#include "gateway/sandbox/robots_file.hpp"

#include "spec/load/map_reader.hpp"

#include <algorithm>
#include <array>

namespace cpg::sandbox {
namespace {

using Kind = YamlNode::Kind;

constexpr std::size_t longest_name = 200; // bytes; as a name of the directory is used

struct BehaviourWords {
    Behaviour behaviour;
    std::string_view name, ja, en;
};
constexpr std::array behaviours{
    BehaviourWords{Behaviour::prompt, "prompt",
                   "受け取り、確かめ、取り込み、予定には実績を返します",
                   "takes, verifies, imports, answers a schedule with results"},
    BehaviourWords{Behaviour::import_failed, "import_failed",
                   "受け取りますが、取込不可と返し、実績は返しません",
                   "takes, then reports import_failed with a note; returns no results"},
    BehaviourWords{Behaviour::never, "never", "自分からは受け取りません（未受領のまま）",
                   "never takes anything by itself: it stays unclaimed"},
    BehaviourWords{Behaviour::missing_user, "missing_user", "最後の一人の実績を返し忘れます",
                   "forgets the last user in its results"},
    BehaviourWords{Behaviour::correction, "correction",
                   "実績を返し、すぐに訂正（次の通番）を送ります",
                   "returns results, then at once a correction with the next serial"},
    BehaviourWords{Behaviour::planner, "planner",
                   "居宅介護支援事業所。始めとリセットのたびに計画と予定を送ってきます",
                   "a care manager: sends plan and schedule by itself at each reset"},
};

struct CertificateWords {
    CertificateState state;
    std::string_view name;
};
constexpr std::array certificate_states{CertificateWords{CertificateState::valid, "valid"},
                                        CertificateWords{CertificateState::expired, "expired"},
                                        CertificateWords{CertificateState::revoked, "revoked"}};

const BehaviourWords& row_of(Behaviour behaviour) {
    return *std::find_if(behaviours.begin(), behaviours.end(),
                         [&](const BehaviourWords& row) { return row.behaviour == behaviour; });
}

template<class Rows> std::string names_in(const Rows& rows) {
    std::string text;
    for (const auto& row : rows) text += (text.empty() ? "" : ", ") + std::string(row.name);
    return text;
}

template<class Rows> auto row_named(const Rows& rows, std::string_view name) {
    return std::find_if(rows.begin(), rows.end(),
                        [&](const auto& row) { return row.name == name; });
}

class RobotsReader {
  public:
    RobotsReader(const SourceFile& source, const Catalog& catalog,
                 std::vector<LoadProblem>& problems)
        : catalog_(catalog), problems_(source.name, problems),
          document_(YamlDocument::parse(source, problems)) {}

    std::vector<RobotPlan> read() {
        MapReader map(problems_, document_.root(), "the file");
        std::vector<RobotPlan> robots;
        if (const YamlNode* list = map.child("robots", Kind::sequence)) {
            if (list->items.size() > max_robots)
                problems_.add(*list, "at most " + std::to_string(max_robots) + " robots");
            for (const YamlNode* item : list->items) {
                if (robots.size() == max_robots) break;
                take(robots, *item);
            }
        }
        map.finish();
        return robots;
    }

  private:
    void take(std::vector<RobotPlan>& robots, const YamlNode& node) {
        MapReader map(problems_, node, "robot " + std::to_string(robots.size() + 1));
        RobotPlan robot;
        robot.office.office = office(map, robots);
        robot.behaviour = behaviour(map);
        robot.office.service_type = service_type(map, robot.behaviour);
        robot.name = map.text("name");
        if (robot.name.size() > longest_name) map.problem("name", "at most 200 bytes");
        robot.certificate = certificate(map);
        if (const auto seconds = map.number_if_any("answer_after", 0, max_answer_after))
            robot.answer_after = std::chrono::seconds(*seconds);
        robot.users = map.number_if_any("users", 1, max_robot_users).value_or(1);
        if (map.has("users") && robot.behaviour != Behaviour::planner)
            map.problem("users", "only a planner has users");
        map.finish();
        robots.push_back(std::move(robot));
    }

    OfficeNo office(MapReader& map, const std::vector<RobotPlan>& robots) {
        const auto number = OfficeNo::parse(map.text("office"));
        if (!number) {
            map.problem("office", "not an office number");
            return {};
        }
        const auto& own = own_offices();
        const bool taken = *number == own.care_manager.office || *number == own.service.office ||
                           std::any_of(robots.begin(), robots.end(), [&](const RobotPlan& other) {
                               return other.office.office == *number;
                           });
        if (taken) map.problem("office", number->str() + " is somebody's already");
        return *number;
    }

    Behaviour behaviour(MapReader& map) {
        const auto row = row_named(behaviours, map.text("behaviour"));
        if (row != behaviours.end()) return row->behaviour;
        map.problem("behaviour", "behaviour is one of " + names_in(behaviours));
        return Behaviour::prompt;
    }

    CertificateState certificate(MapReader& map) {
        if (!map.has("certificate")) return CertificateState::valid;
        const auto row = row_named(certificate_states, map.text("certificate"));
        if (row != certificate_states.end()) return row->state;
        map.problem("certificate", "certificate is one of " + names_in(certificate_states));
        return CertificateState::valid;
    }

    ServiceType service_type(MapReader& map, Behaviour behaviour) {
        const std::string text = map.text("service_type");
        const auto type = ServiceType::parse(text);
        const Edition& edition = *catalog_.editions.front();
        const ServiceTypeInfo* const known = type ? edition.service_type(text) : nullptr;
        if (!known || known->scope == ServiceTypeInfo::Scope::out) {
            map.problem("service_type", "not a service type that exchanges");
            return {};
        }
        if (edition.is_care_management(text) != (behaviour == Behaviour::planner))
            map.problem("service_type", "a planner is a care manager (43), the others are not");
        return *type;
    }

    const Catalog& catalog_;
    Problems problems_;
    YamlDocument document_;
};

OfficeRef office_of(std::string_view number, std::string_view type) {
    return {OfficeNo::parse(number).value(), ServiceType::parse(type).value()};
}

} // namespace

std::string_view name_of(Behaviour behaviour) {
    return row_of(behaviour).name;
}

std::string_view words_of(Behaviour behaviour, bool japanese) {
    return japanese ? row_of(behaviour).ja : row_of(behaviour).en;
}

std::string_view name_of(CertificateState state) {
    return std::find_if(certificate_states.begin(), certificate_states.end(),
                        [&](const CertificateWords& row) { return row.state == state; })
        ->name;
}

const OwnOffices& own_offices() {
    static const OwnOffices own{office_of("0370100017", "43"), office_of("0370100025", "11")};
    return own;
}

std::vector<RobotPlan> parse_robots(const SourceFile& source, const Catalog& catalog,
                                    std::vector<LoadProblem>& problems) {
    return RobotsReader(source, catalog, problems).read();
}

std::vector<RobotPlan> default_robots(const Catalog& catalog) {
    std::vector<LoadProblem> problems;
    auto robots = parse_robots(embedded_robots().front(), catalog, problems);
    if (!problems.empty()) // a bug that the tests catch
        throw std::logic_error("robots.yaml:" + std::to_string(problems.front().line) + ": " +
                               problems.front().text);
    return robots;
}

} // namespace cpg::sandbox

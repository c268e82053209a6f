#include "tests/mutation/sources.hpp"

#include "spec/sample/sample.hpp"
#include "tests/check/vectors.hpp"

#include <stdexcept>

namespace cpg::mutation {
namespace {

/// Service types of a partner, and the care manager at the other end.
enum class Partner { care, prevention, center };

constexpr auto care_types =
    std::to_array<std::string_view>({"11", "12", "13", "15", "16", "17", "17", "21", "22", "2A",
                                     "31", "71", "72", "73", "76", "78"});
constexpr auto prevention_types =
    std::to_array<std::string_view>({"62", "63", "64", "66", "67", "24", "34", "74", "A2", "A6"});

struct Road {
    std::string_view edition, kind;
    std::string_view manager; // service type of the care manager
    Partner partner = Partner::care;
    bool back = false; // from the partner to the care manager
    int least_users = 2, most_users = 7;
};

constexpr Road roads[] = {
    {"4.1", "care_plan", "43"},
    {"4.1", "care_plan", "43"},
    {"4.1", "care_plan_delete", "43"},
    {"4.1", "schedule", "43"},
    {"4.1", "schedule", "43"},
    {"4.1", "schedule", "43", Partner::care, false, 5, 7},
    {"4.1", "schedule", "43", Partner::care, false, 12, 14},
    {"4.1", "schedule_delete", "43"},
    {"4.1", "actual", "43", Partner::care, true},
    {"4.1", "actual", "43", Partner::care, true, 5, 7},
    {"4.1", "actual_delete", "43", Partner::care, true},
    {"4.1", "schedule", "46", Partner::prevention},
    {"4.1", "schedule", "46", Partner::center},
    {"4.1", "actual", "46", Partner::prevention, true},
    {"4.1", "actual", "46", Partner::center, true},
    {"4.1", "kihon", "46", Partner::center},
    {"4.1", "kihon_delete", "46", Partner::prevention},
    {"4.1", "yobo", "AF", Partner::prevention},
    {"4.1", "yobo_delete", "AF", Partner::center},
    {"4.1", "yobo_with_kihon", "46", Partner::prevention},
    {"3", "care_plan", "43"},
    {"3", "care_plan_delete", "43"},
    {"3", "schedule", "43"},
    {"3", "schedule", "43", Partner::care, false, 5, 7},
    {"3", "schedule_delete", "43"},
    {"3", "actual", "43", Partner::care, true},
    {"3", "actual_delete", "43", Partner::care, true},
};

OfficeRef office(Random& random, std::string_view type) {
    std::string number = std::to_string(random.between(100'000, 999'999));
    number = "03" + std::to_string(random.between(10, 69)) + number;
    return {OfficeNo::parse(number).value(), ServiceType::parse(type).value()};
}

/// Within the months of the edition.
Month month_of(const Edition& edition, Random& random) {
    if (edition.applies_to.has_value())
        return Month::of(edition.applies_to.year() - 1, random.between(1, 12));
    return Month::of(edition.applies_from.year() + random.between(1, 3), random.between(1, 12));
}

SampleRequest request_of(const Catalog& catalog, const Road& road, std::uint64_t seed) {
    Random random(seed);
    const OfficeRef manager = office(random, road.manager);
    const std::string_view type = road.partner == Partner::center ? "43"
                                  : road.partner == Partner::prevention
                                      ? random.pick(prevention_types)
                                      : random.pick(care_types);
    const OfficeRef partner = office(random, type);
    // a care manager who works for a center passes 実績 on to it
    SampleRequest request{.from = road.back ? partner : manager,
                          .to = {road.back ? manager : partner}};
    request.month = month_of(*catalog.edition(road.edition), random);
    request.users = random.between(road.least_users, road.most_users);
    request.kinds = {std::string(road.kind)};
    request.edition = road.edition;
    request.seed = random.next();
    return request;
}

std::string described(const SampleRequest& request) {
    return "sample of edition " + request.edition + ", " + request.kinds.front() + " from " +
           request.from.service_type->str() + " to " + request.to.front().service_type->str() +
           ", " + request.month.str() + ", " + std::to_string(request.users) + " users";
}

} // namespace

std::vector<Case> written_cases(const Catalog& catalog) {
    std::vector<Case> cases;
    for (const std::string& name : test::base_names()) {
        test::VectorCase written;
        written.files = test::load_base(catalog, name);
        cases.push_back(read_case(catalog, "tests/vectors/base/" + name, written.input()));
    }
    return cases;
}

std::vector<Case> sampled_cases(const Catalog& catalog, std::uint64_t seed) {
    std::vector<Case> cases;
    for (const Road& road : roads) {
        const SampleRequest request =
            request_of(catalog, road, sampling::mix(seed, std::to_string(cases.size())));
        Result<std::vector<InputFile>> files = make_sample(catalog, request);
        if (!files) throw std::runtime_error(described(request) + ": " + files.error().detail);
        cases.push_back(read_case(catalog, described(request), *files));
    }
    return cases;
}

} // namespace cpg::mutation

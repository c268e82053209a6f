// One user's month: who serves the user, when, with which codes. Made from seed, month, the two
// offices and the user's place alone, so that the schedule of a care manager and the 実績 of the
// office it went to tell the same story. Pure, any thread.
#pragma once

#include "spec/records/file_name.hpp"
#include "spec/sample/person.hpp"
#include "spec/sample/service.hpp"

namespace cpg::sampling {

/// The care manager who plans and the office on the other end, whoever of them sends.
struct Pair {
    OfficeRef planner, partner;
};

struct Provider {
    OfficeNo office;
    const ServiceProfile* profile = nullptr;
    std::string name;      // of the office
    std::string kind;      // of the service: 訪問介護
    std::string satellite; // サテライト枝番, or empty
};

/// A record of 第6表.
struct Service {
    std::size_t provider = 0; // in UserMonth::providers
    int day = 1;
    std::string code;
    int units = 0;
    std::string start = "9999", end = "9999";
    std::string prorate_days; // 日割対象日, or empty
    std::string tais_code, item_name;
    int detail_no = 0; // 0 = none
    bool over_30_days = false;
    bool is_addition = false;
    int billed_count = 1; // how often 第7表 counts it: the days pro rata, else 1
};

/// Days of a short stay.
struct StayDays {
    int before = 0, in_month = 0; // 前月まで, 当月
    int total() const { return before + in_month; }
};

struct UserMonth {
    Person person;
    Name planner_name;
    bool prevention = false;
    std::vector<Provider> providers; // the partner first, unless it is a care manager
    std::vector<Service> services;   // by provider, then day
    std::optional<StayDays> stay;
    std::string care_level;        // コード表(3), with a limit that holds the services
    int limit_units = 0;           // 区分支給限度基準額
    bool shows_type_limit = false; // fills a slot of 種類別限度額

    std::string plan_date, first_plan_date, schedule_date, actual_date, consult_date;
    std::string cert_date, cert_from, cert_to;
};

struct UserRequest {
    const Edition& edition;
    const Pair& pair;
    Month month;
    std::uint64_t seed;
    int index; // from 0
    int users; // in all: a satellite needs a second user at the main site
};
UserMonth make_user_month(const UserRequest& request);

/// The services as carried out: some visits fell out, some took place later. Rentals, stays and
/// monthly services stay.
std::vector<Service> carried_out(const UserMonth& user, std::uint64_t seed);

/// Units of all services that count towards the limit.
int limited_units(const UserMonth& user);

} // namespace cpg::sampling

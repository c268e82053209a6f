#include "spec/sample/user_month.hpp"

#include "spec/base/digits.hpp"

#include <algorithm>

namespace cpg::sampling {

namespace {

/// What a user shows; by turns, so that six users show everything.
enum class Feature { plain, satellite, rental, stay, pro_rata, day_care };
constexpr int feature_count = 6;

/// The service types added to the partner's, for 要介護 and for 要支援 users.
struct OtherTypes {
    std::string_view home, day, rental, stay, monthly;
};
constexpr OtherTypes care_types = {"11", "15", "17", "21", "71"};
constexpr std::string_view nursing = "13";
constexpr OtherTypes prevention_types = {"63", "A6", "67", "24", "A2"};

/// 区分支給限度基準額 by 要介護状態区分.
struct Limit {
    std::string_view care_level;
    int units;
};
constexpr std::array<Limit, 2> prevention_limits = {{{"12", 5032}, {"13", 10531}}};
constexpr std::array<Limit, 5> care_limits = {
    {{"21", 16765}, {"22", 19705}, {"23", 27048}, {"24", 30938}, {"25", 36217}}};

constexpr std::array<std::string_view, 5> office_names = {"見本", "架空", "例示", "㈱試験", "仮名"};
constexpr int working_days = 6; // Monday to Saturday
constexpr int pro_rata_start = 16;
constexpr int longer_by = 30; // minutes of the longer visit
constexpr int longest_stay_without_fee = 30;

/// HHMM some minutes later, on the same day.
std::string later(std::string_view hhmm, int minutes) {
    const int hours = number_of(hhmm.substr(0, 2)), rest = number_of(hhmm.substr(2));
    const int total = hours * 60 + rest + minutes;
    std::string text = std::to_string(total / 60 * 100 + total % 60);
    return text.insert(0, 4 - text.size(), '0');
}

OfficeNo invented_office(const UserRequest& request, std::string_view type) {
    const std::uint64_t number = mix(mix(request.seed, type), request.pair.partner.office.view());
    for (std::uint64_t attempt = 0;; ++attempt) {
        std::string digits = std::to_string((number + attempt) % 100'000'000);
        digits.insert(0, 8 - digits.size(), '0');
        const OfficeNo office = OfficeNo::parse("99" + digits).value(); // no prefecture has 99
        if (office != request.pair.partner.office && office != request.pair.planner.office)
            return office;
    }
}

Provider make_provider(const UserRequest& request, std::string_view type, OfficeNo office) {
    Provider provider;
    provider.office = office;
    provider.profile = profile_of(type);
    provider.kind = request.edition.service_type(type)->name;
    Random random(mix(0, office.view()));
    provider.name = std::string(random.pick(office_names)) + provider.kind + "事業所";
    return provider;
}

Feature feature_of(const UserRequest& request) {
    return static_cast<Feature>(request.index % feature_count);
}

/// 小規模多機能 and its like bring home visits, day care and stays along; little comes beside them.
bool covers_everything(const ServiceProfile& profile) {
    return profile.type == "73" || profile.type == "76" || profile.type == "77";
}

/// The types of the other offices: what the feature asks for, then one more to keep it company.
std::vector<std::string_view> other_types(const UserRequest& request, const OtherTypes& types,
                                          Random& random) {
    std::vector<std::string_view> wanted;
    switch (feature_of(request)) {
    case Feature::rental:
        wanted = {types.rental, types.home, types.day};
        break;
    case Feature::stay:
        wanted = {types.stay, types.day, types.home};
        break;
    case Feature::pro_rata:
        wanted = {types.monthly, types.home, types.day};
        break;
    case Feature::day_care:
        wanted = {types.day, types.rental, types.home};
        break;
    case Feature::plain:
    case Feature::satellite:
        wanted = {types.home, types.day, types.rental};
        break;
    }
    const ServiceProfile* own = profile_of(request.pair.partner.service_type->view());
    if (own != nullptr && covers_everything(*own)) wanted = {types.rental, nursing};
    std::erase_if(wanted, [&](std::string_view type) {
        const bool second_stay = own && own->shape == Shape::stay && type == types.stay;
        return (own && own->type == type) || second_stay;
    });
    wanted.resize(static_cast<std::size_t>(random.between(1, 2)));
    return wanted;
}

void add_providers(const UserRequest& request, UserMonth& user, Random& random) {
    const OfficeRef& partner = request.pair.partner;
    if (profile_of(partner.service_type->view()) != nullptr) {
        user.providers.push_back(
            make_provider(request, partner.service_type->view(), partner.office));
        if (feature_of(request) == Feature::satellite && request.users > 1)
            user.providers.back().satellite = "1";
    }
    const OtherTypes& types = user.prevention ? prevention_types : care_types;
    for (const std::string_view type : other_types(request, types, random))
        user.providers.push_back(make_provider(request, type, invented_office(request, type)));
}

/// Adds the records of one provider.
class ServicePlanner {
  public:
    ServicePlanner(const UserRequest& request, UserMonth& user, Random& random)
        : request_(request), user_(user), random_(random),
          first_weekday_(random.between(1, working_days)) {}

    void plan(std::size_t provider) {
        provider_ = provider;
        profile_ = user_.providers[provider].profile;
        switch (profile_->shape) {
        case Shape::visit:
            plan_visits();
            break;
        case Shape::day_care:
            plan_day_care();
            break;
        case Shape::monthly:
            plan_month();
            break;
        case Shape::rental:
            plan_rental();
            break;
        case Shape::stay:
            plan_stay();
            break;
        case Shape::advice:
            plan_advice();
            break;
        }
    }

  private:
    Service service(int day, std::string_view item, int units) const {
        Service out;
        out.provider = provider_;
        out.day = day;
        out.code = std::string(profile_->type) + std::string(item);
        out.units = units;
        return out;
    }

    Service timed_service(int day, std::string_view item, int units) const {
        Service out = service(day, item, units);
        out.start = profile_->start;
        out.end = profile_->end;
        return out;
    }

    /// The days of this provider: its own weekdays, twice a week (once for 要支援 and for long
    /// visits).
    std::vector<int> visiting_days() const {
        const bool twice = !user_.prevention && profile_->units < 1000;
        const int shift = static_cast<int>(provider_);
        const int first = (first_weekday_ + shift - 1) % working_days + 1;
        const int second = (first_weekday_ + shift + 2) % working_days + 1;
        std::vector<int> days;
        for (int day = 1; day <= request_.month.days(); ++day) {
            const int today = weekday(request_.month, day);
            if (today == first || (twice && today == second)) days.push_back(day);
        }
        return days;
    }

    void plan_visits() {
        for (const int day : visiting_days()) {
            const bool longer = profile_->item != profile_->other_item && day % 7 >= 5;
            Service visit = longer ? timed_service(day, profile_->other_item, profile_->other_units)
                                   : timed_service(day, profile_->item, profile_->units);
            if (longer) visit.end = later(visit.end, longer_by);
            user_.services.push_back(std::move(visit));
        }
    }

    void plan_day_care() {
        for (const int day : visiting_days()) {
            user_.services.push_back(timed_service(day, profile_->item, profile_->units));
            Service bath = timed_service(day, profile_->other_item, profile_->other_units);
            bath.is_addition = true;
            user_.services.push_back(std::move(bath));
        }
    }

    void plan_month() {
        const std::vector<int> days = visiting_days();
        if (feature_of(request_) != Feature::pro_rata) {
            user_.services.push_back(service(days.front(), profile_->item, profile_->units));
            return;
        }
        const int last = request_.month.days();
        const auto first =
            std::find_if(days.begin(), days.end(), [](int day) { return day >= pro_rata_start; });
        Service part = service(*first, profile_->other_item, profile_->other_units);
        part.prorate_days = std::string(31, '0');
        for (int day = pro_rata_start; day <= last; ++day)
            part.prorate_days[static_cast<std::size_t>(day - 1)] = '1';
        part.billed_count = last - pro_rata_start + 1;
        user_.services.push_back(std::move(part));
    }

    /// One large piece, and two small ones alike, which 明細判別コード tells apart (17 only).
    void plan_rental() {
        Service large = service(1, profile_->item, profile_->units);
        large.tais_code = "99999-000010";
        large.item_name = "見本ベッド\"ネムリ\",標準型";
        user_.services.push_back(std::move(large));
        const int pieces = profile_->type == "17" ? 2 : 1;
        for (int piece = 1; piece <= pieces; ++piece) {
            Service small = service(1, profile_->other_item, profile_->other_units);
            small.tais_code = "99999-000020";
            small.item_name = "例示手すり（置き型）";
            if (pieces > 1) small.detail_no = piece;
            user_.services.push_back(std::move(small));
        }
    }

    void plan_stay() {
        const int nights = random_.between(6, 8);
        const int first = random_.between(3, 15);
        const bool long_stay = feature_of(request_) == Feature::stay;
        StayDays days{long_stay ? 26 : random_.between(0, 10), nights};
        for (int i = 0; i < nights; ++i) {
            Service night = service(first + i, profile_->item, profile_->units);
            night.over_30_days = days.before + i + 1 > longest_stay_without_fee;
            Service addition = service(first + i, profile_->other_item, profile_->other_units);
            addition.is_addition = true;
            addition.over_30_days = night.over_30_days;
            user_.services.push_back(std::move(night));
            user_.services.push_back(std::move(addition));
        }
        user_.stay = days;
        leave_out_visits(first + 1, first + nights - 2);
    }

    /// Nobody visits someone who is away; the days of coming and going remain.
    void leave_out_visits(int first_day, int last_day) {
        std::erase_if(user_.services, [&](const Service& service) {
            const Shape shape = user_.providers[service.provider].profile->shape;
            return (shape == Shape::visit || shape == Shape::day_care) &&
                   service.day >= first_day && service.day <= last_day;
        });
    }

    void plan_advice() {
        const std::vector<int> days = visiting_days();
        user_.services.push_back(timed_service(days[1], profile_->item, profile_->units));
    }

    const UserRequest& request_;
    UserMonth& user_;
    Random& random_;
    int first_weekday_;
    std::size_t provider_ = 0;
    const ServiceProfile* profile_ = nullptr;
};

/// Stays are planned last: they push visits aside.
void add_services(const UserRequest& request, UserMonth& user, Random& random) {
    ServicePlanner planner(request, user, random);
    const auto is_stay = [&](std::size_t i) {
        return user.providers[i].profile->shape == Shape::stay;
    };
    for (std::size_t i = 0; i < user.providers.size(); ++i)
        if (!is_stay(i)) planner.plan(i);
    for (std::size_t i = 0; i < user.providers.size(); ++i)
        if (is_stay(i)) planner.plan(i);
    std::stable_sort(
        user.services.begin(), user.services.end(), [](const Service& left, const Service& right) {
            return std::pair(left.provider, left.day) < std::pair(right.provider, right.day);
        });
}

/// A level whose limit holds the services: the lowest, or now and then the next.
template<std::size_t N>
const Limit& fitting_limit(const std::array<Limit, N>& limits, int units, Random& random) {
    std::size_t level = 0;
    while (level + 1 < N && units > limits[level].units) ++level;
    if (level + 1 < N && random.below(3) == 0) ++level;
    return limits[level];
}

void add_limit(UserMonth& user, Random& random) {
    const int units = limited_units(user);
    const Limit& limit = user.prevention ? fitting_limit(prevention_limits, units, random)
                                         : fitting_limit(care_limits, units, random);
    user.care_level = limit.care_level;
    user.limit_units = limit.units;
}

void add_dates(const UserRequest& request, UserMonth& user, Random& random) {
    const Month before = months_after(request.month, -1);
    const Month certified = months_after(request.month, -random.between(1, 10));
    const Month expires = months_after(certified, 12 * random.between(1, 3) - 1);
    user.plan_date = yyyymmdd(before, random.between(5, 15));
    user.first_plan_date =
        yyyymmdd(months_after(request.month, -random.between(11, 40)), random.between(1, 28));
    user.schedule_date = yyyymmdd(before, random.between(18, 24));
    user.actual_date = yyyymmdd(months_after(request.month, 1), 1);
    user.consult_date = yyyymmdd(before, random.between(1, 4));
    user.cert_date = yyyymmdd(months_after(certified, -1), random.between(10, 28));
    user.cert_from = yyyymmdd(certified, 1);
    user.cert_to = yyyymmdd(expires, expires.days());
}

std::uint64_t pair_seed(const UserRequest& request) {
    std::uint64_t seed = mix(request.seed, request.month.str());
    seed = mix(seed, request.pair.planner.office.view());
    seed = mix(seed, request.pair.partner.office.view());
    return mix(seed, request.pair.partner.service_type->view());
}

} // namespace

UserMonth make_user_month(const UserRequest& request) {
    constexpr int slots = 100'000;
    const std::uint64_t seed = pair_seed(request);
    Random random(mix(seed, std::to_string(request.index)));
    UserMonth user;
    const ServiceTypeInfo* partner =
        request.edition.service_type(request.pair.partner.service_type->view());
    user.prevention = partner->scope == ServiceTypeInfo::Scope::care_management ||
                      is_prevention(request.edition, partner->code.view());
    user.person = make_person(random, request.month, Random(seed).below(slots), request.index);
    user.planner_name = make_worker(random);
    add_providers(request, user, random);
    add_services(request, user, random);
    add_limit(user, random);
    add_dates(request, user, random);
    user.shows_type_limit = feature_of(request) == Feature::day_care;
    return user;
}

std::vector<Service> carried_out(const UserMonth& user, std::uint64_t seed) {
    constexpr int share_cancelled = 16, share_later = 9; // every so-manieth visit
    constexpr int minutes_later = 10;
    const std::uint64_t own = mix(seed, user.person.insured_no);
    std::vector<Service> out;
    for (const Service& planned : user.services) {
        Service done = planned;
        if (planned.start != "9999") {
            // one decision for all records of a day, so that an addition keeps the time of its
            // service
            Random random(own ^ static_cast<std::uint64_t>(planned.provider * 100) ^
                          (static_cast<std::uint64_t>(planned.day) << 32));
            const bool first = std::none_of(out.begin(), out.end(), [&](const Service& other) {
                return other.provider == planned.provider && other.day != planned.day;
            });
            if (!first && random.below(share_cancelled) == 0) continue;
            if (random.below(share_later) == 0) {
                done.start = later(done.start, minutes_later);
                done.end = later(done.end, minutes_later);
            }
        }
        out.push_back(std::move(done));
    }
    return out;
}

int limited_units(const UserMonth& user) {
    int units = 0;
    for (const Service& service : user.services)
        if (user.providers[service.provider].profile->counts_to_limit() && !service.over_30_days)
            units += service.units * service.billed_count;
    return units;
}

} // namespace cpg::sampling

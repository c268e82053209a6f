#include "spec/sample/tables.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <tuple>

namespace cpg::sampling {

namespace {

constexpr std::string_view all_nines = "9999999999";
constexpr int benefit_percent = 90;
constexpr int yen_per_10_units = 102; // 10.20 yen a unit
constexpr std::string_view unit_price = "10.20";
constexpr int users_per_image = 50;
constexpr int most_images = 9999; // a branch has four digits

bool in_plan(const BundleContext& context) {
    return context.kind.id == "care_plan";
}

TableWriter& start(TableWriter& writer, const UserMonth& user) {
    return writer.set("insurer_no", user.person.insurer_no)
        .set("insured_no", user.person.insured_no);
}

std::string japanese_day(std::string_view yyyymmdd) {
    const auto number = [&](std::size_t at, std::size_t length) {
        return std::to_string(std::stoi(std::string(yyyymmdd.substr(at, length))));
    };
    return number(0, 4) + "年" + number(4, 2) + "月" + number(6, 2) + "日";
}

std::string period_of(const UserMonth& user) {
    return japanese_day(user.cert_from) + "～" + japanese_day(user.cert_to);
}

// --- 利用者補足情報 ---

void write_hosoku(TableWriter& writer, const BundleContext& context, const UserMonth& user) {
    const Person& person = user.person;
    const bool plan = in_plan(context);
    start(writer, user)
        .set("plan_date", plan ? user.plan_date : "00000000")
        .set("target_month", plan ? "000000" : context.month.str())
        .set("name_kana", person.name.kana)
        .set("name", person.name.text)
        .set("sex", person.sex)
        .set("birth_date", person.birth_date)
        .set("postal_code", person.postal_code)
        .set("address1", person.address1)
        .set("address2", person.address2)
        .set("phone", person.phone)
        .set("cert_date", user.cert_date)
        .set("limit_from", user.cert_from)
        .set("limit_to", user.cert_to)
        .set("cert_status", "2")
        .set("care_level_changed", user.cert_from)
        .set("care_level", user.care_level)
        .set("limit_units", user.limit_units)
        .set("total_over_units", 0)
        .set("prev_care_level", user.care_level)
        .set("consent_receiver", context.from.office.view())
        .set("updater_office", context.from.office.view());
    if (user.shows_type_limit) {
        const Provider& provider = user.providers.back(); // never 23 or 2A, to be written 22
        int units = 0;
        for (const Service& service : user.services)
            if (&user.providers[service.provider] == &provider)
                units += service.units * service.billed_count;
        writer.set("slot1_service_type", provider.profile->type)
            .set("slot1_limit_units", user.limit_units)
            .set("slot1_total_units", units)
            .set("slot1_over_units", 0);
    }
    if (user.stay)
        writer.set("stay_days_to_prev_month", user.stay->before)
            .set("stay_days_total", user.stay->total());
    writer.end_record();
}

// --- 居宅サービス計画 ---

void write_plan1(TableWriter& writer, const BundleContext& context, const UserMonth& user,
                 int index) {
    const Person& person = user.person;
    start(writer, user)
        .set("created_date", user.plan_date)
        .set("postal_code", person.postal_code)
        .set("address1", person.address1)
        .set("address2", person.address2)
        .set("planner_name", user.planner_name.text)
        .set("planner_office_name", context.sender_name)
        .set("planner_postal_code", "999-0001")
        .set("planner_address1", "見本県架空市例示町1-1-1")
        .set("planner_office_no", context.from.office.view())
        .set("plan_date", user.plan_date)
        .set("first_plan_date", user.first_plan_date)
        .set("plan_class", "21")
        .set("cert_status", "2")
        .set("cert_date", user.cert_date)
        .set("cert_from", user.cert_from)
        .set("cert_to", user.cert_to)
        .set("care_level", user.care_level)
        .set("intention_analysis", "本人:\"住み慣れた家で、自分のことは自分でしたい。\"\r\n" +
                                       person.relation +
                                       ":仕事を続けながら,無理のない範囲で手伝いたい。")
        .set("committee_opinion", "特になし")
        .set("overall_policy", "本人の力を生かし、安全に暮らせるように支える。\r\n"
                               "緊急時の連絡先: " +
                                   person.relative.text + "（" + person.relation + "） " +
                                   person.phone)
        .set("updater_office", context.from.office.view());
    if (index % 3 == 0) writer.set("housework_reason", "1");
    if (index % 3 == 1)
        writer.set("housework_reason", "3").set("housework_reason_other", "同居の家族が日中不在");
    writer.end_record();
}

TableWriter& start_plan2(TableWriter& writer, const BundleContext& context, const UserMonth& user,
                         int need, int support) {
    return start(writer, user)
        .set("created_date", user.plan_date)
        .set("plan_date", user.plan_date)
        .set("need_no", need)
        .set("goal_no", 1)
        .set("support_no", support)
        .set("updater_office", context.from.office.view());
}

/// One need for each provider; the first has a row for the family too, without office.
void write_plan2(TableWriter& writer, const BundleContext& context, const UserMonth& user) {
    int need = 0;
    for (const Provider& provider : user.providers) {
        const ShapeText& text = text_of(provider.profile->shape);
        start_plan2(writer, context, user, ++need, 1)
            .set("need", text.need)
            .set("long_goal", text.goal)
            .set("short_goal", text.goal)
            .set("long_period", period_of(user))
            .set("short_period", period_of(user))
            .set("service_content", text.content)
            .set("insurance_target", "Y")
            .set("service_kind", provider.kind)
            .set("service_office_no", provider.office.view())
            .set("service_office_name", provider.name)
            .set("frequency", text.frequency)
            .set("period", period_of(user))
            .end_record();
        if (need > 1) continue;
        // 課題 and 目標 as printed: not repeated below the first row
        start_plan2(writer, context, user, need, 2)
            .set("service_content", "買い物,薬の受け取り、ごみ出し")
            .set("insurance_target", "N")
            .set("service_kind", "家族（" + user.person.relation + "）")
            .set("frequency", "随時")
            .set("period", period_of(user))
            .end_record();
    }
}

struct Activity {
    std::string_view text, start, end;
};
constexpr std::array<Activity, 4> activities = {{{"起床・洗面", "0630", "0700"},
                                                 {"朝食,服薬", "0730", "0800"},
                                                 {"昼食", "1200", "1230"},
                                                 {"夕食,入浴", "1800", "1930"}}};

TableWriter& start_plan3(TableWriter& writer, const UserMonth& user) {
    return start(writer, user).set("created_date", user.plan_date).set("plan_date", user.plan_date);
}

/// A record carries one kind of entry: a service on a weekday, an activity of the day, or what is
/// not weekly.
void write_plan3(TableWriter& writer, const BundleContext& context, const UserMonth& user) {
    std::map<std::tuple<int, std::string, std::string>, std::string> weekly; // by weekday and times
    for (const Service& service : user.services)
        if (service.start != "9999" && !service.is_addition)
            weekly.emplace(
                std::tuple(weekday(context.month, service.day), service.start, service.end),
                user.providers[service.provider].kind);
    for (const auto& [when, kind] : weekly)
        start_plan3(writer, user)
            .set("service_content", kind)
            .set("weekday", std::get<0>(when))
            .set("service_start", std::get<1>(when))
            .set("service_end", std::get<2>(when))
            .end_record();
    for (const Activity& activity : activities)
        start_plan3(writer, user)
            .set("activity", activity.text)
            .set("activity_start", activity.start)
            .set("activity_end", activity.end)
            .end_record();
    std::string others;
    for (const Provider& provider : user.providers) {
        const Shape shape = provider.profile->shape;
        if (shape == Shape::visit || shape == Shape::day_care) continue;
        others += (others.empty() ? "" : "\r\n") + provider.kind + " " +
                  std::string(text_of(shape).frequency);
    }
    start_plan3(writer, user)
        .set("non_weekly_service", others.empty() ? "通院（月1回）,家族の送迎" : others)
        .end_record();
}

// --- 第6表 ---

void write_service(TableWriter& writer, const BundleContext& context, const UserMonth& user,
                   const Service& service, OfficeNo planner, OfficeNo updater, bool actual) {
    const Provider& provider = user.providers[service.provider];
    const bool stay = provider.profile->shape == Shape::stay;
    start(writer, user)
        .set("created_date", actual ? user.actual_date : user.schedule_date)
        .set("target_month", context.month.str())
        .set("planner_office_no", planner.view())
        .set("planner_name", user.planner_name.text)
        .set("units", service.units)
        .set_if(stay && user.stay, "stay_days_to_prev_month", user.stay ? user.stay->before : 0)
        .set("service_date", yyyymmdd(context.month, service.day))
        .set("prorate_days", service.prorate_days)
        .set("start_time", service.start)
        .set("end_time", service.end)
        .set("count", 1)
        .set("service_code", service.code)
        .set("tais_code", service.tais_code)
        .set("item_name", service.item_name)
        .set_if(service.detail_no != 0, "detail_no", service.detail_no)
        .set("service_office_no", provider.office.view())
        .set("service_office_name", provider.name)
        .set("satellite_no", provider.satellite)
        .set("over_30_days", service.over_30_days ? 1 : 0)
        .set("updater_office", updater.view())
        .end_record();
}

void write_schedule(TableWriter& writer, const BundleContext& context, const UserMonth& user) {
    for (const Service& service : user.services)
        write_service(writer, context, user, service, context.from.office, context.from.office,
                      false);
}

/// Of the sending office; a care manager who passes 実績 on sends those of all offices.
void write_actual(TableWriter& writer, const BundleContext& context, const UserMonth& user) {
    const bool passed_on = user.providers.front().office != context.from.office;
    for (const Service& service : carried_out(user, context.seed)) {
        const OfficeNo office = user.providers[service.provider].office;
        if (!passed_on && office != context.from.office) continue;
        write_service(writer, context, user, service, context.to.office, office, true);
    }
}

// --- 第7表 ---

/// The columns that add up.
struct Amounts {
    int service_units = 0, managed_units = 0, over_units = 0, in_units = 0;
    int cost = 0, claim = 0, copay = 0, copay_full = 0;

    Amounts& operator+=(const Amounts& other) {
        service_units += other.service_units;
        managed_units += other.managed_units;
        over_units += other.over_units;
        in_units += other.in_units;
        cost += other.cost;
        claim += other.claim;
        copay += other.copay;
        copay_full += other.copay_full;
        return *this;
    }
};

struct Detail {
    std::size_t provider = 0;
    std::string code, tais_code, item_name;
    int units = 0, count = 0;
    bool over_30_days = false;
    Amounts amounts;
};

/// A day over the thirtieth is paid by the user alone; 居宅療養管理指導 stands outside the limit.
Amounts amounts_of(const Detail& detail, bool counts_to_limit) {
    Amounts out;
    out.service_units = detail.units * detail.count;
    const int yen = out.service_units * yen_per_10_units / 10;
    if (detail.over_30_days) {
        out.copay_full = yen;
        return out;
    }
    if (counts_to_limit) out.managed_units = out.in_units = out.service_units;
    out.cost = yen;
    out.claim = yen * benefit_percent / 100;
    out.copay = out.cost - out.claim;
    return out;
}

std::vector<Detail> details_of(const UserMonth& user) {
    std::vector<Detail> out;
    for (const Service& service : user.services) {
        const auto same = [&](const Detail& detail) {
            return detail.provider == service.provider && detail.code == service.code &&
                   detail.units == service.units && detail.tais_code == service.tais_code &&
                   detail.over_30_days == service.over_30_days;
        };
        auto found = std::find_if(out.begin(), out.end(), same);
        if (found == out.end())
            found = out.insert(out.end(), {service.provider,
                                           service.code,
                                           service.tais_code,
                                           service.item_name,
                                           service.units,
                                           0,
                                           service.over_30_days,
                                           {}});
        found->count += service.billed_count;
    }
    for (Detail& detail : out)
        detail.amounts =
            amounts_of(detail, user.providers[detail.provider].profile->counts_to_limit());
    return out;
}

class Table7Writer {
  public:
    Table7Writer(TableWriter& writer, const BundleContext& context, const UserMonth& user)
        : writer_(writer), context_(context), user_(user) {}

    void write() {
        const std::vector<Detail> details = details_of(user_);
        for (std::size_t provider = 0; provider < user_.providers.size(); ++provider)
            write_provider(provider, details);
        Amounts total;
        for (const Detail& detail : details) total += detail.amounts;
        start_record(nullptr).set("service_office_no", all_nines).set("service_code", "999999");
        set_total(total, false);
        writer_.end_record();
    }

  private:
    void write_provider(std::size_t provider, const std::vector<Detail>& details) {
        Amounts in_limit, over_30_days;
        int rows = 0, rows_over_30_days = 0;
        for (const Detail& detail : details) {
            if (detail.provider != provider) continue;
            write_detail(detail);
            (detail.over_30_days ? over_30_days : in_limit) += detail.amounts;
            ++(detail.over_30_days ? rows_over_30_days : rows);
        }
        if (rows > 1) write_subtotal(provider, "AAAA", in_limit, false);
        if (rows_over_30_days > 0) write_subtotal(provider, "ZZZZ", over_30_days, true);
    }

    TableWriter& start_record(const Provider* provider) {
        start(writer_, user_)
            .set("created_date", user_.schedule_date)
            .set("target_month", context_.month.str())
            .set("office_code", all_nines)
            .set("updater_office", context_.from.office.view());
        if (provider)
            writer_.set("service_office_name", provider->name)
                .set("service_office_no", provider->office.view())
                .set("satellite_no", provider->satellite);
        return writer_;
    }

    void write_detail(const Detail& detail) {
        const Provider& provider = user_.providers[detail.provider];
        const Amounts& amounts = detail.amounts;
        const bool limited = provider.profile->counts_to_limit() && !detail.over_30_days;
        start_record(&provider)
            .set("service_code", detail.code)
            .set("tais_code", detail.tais_code)
            .set("item_name", detail.item_name)
            .set("units", detail.units)
            .set("count", detail.count)
            .set("service_units", amounts.service_units)
            .set_if(limited, "managed_units", amounts.managed_units)
            .set_if(limited, "over_limit_units", amounts.over_units)
            .set_if(limited, "in_limit_units", amounts.in_units)
            .set("unit_price", unit_price)
            .set_if(!detail.over_30_days, "benefit_rate", benefit_percent);
        set_yen(amounts, detail.over_30_days);
        if (provider.profile->shape == Shape::stay && user_.stay)
            writer_.set("days_to_prev_month", user_.stay->before)
                .set("days_this_month", user_.stay->in_month)
                .set("days_total", user_.stay->total());
        writer_.end_record();
    }

    void write_subtotal(std::size_t provider, std::string_view code, const Amounts& amounts,
                        bool over_30_days) {
        const Provider& office = user_.providers[provider];
        start_record(&office).set("service_code",
                                  std::string(office.profile->type) + std::string(code));
        set_total(amounts, over_30_days);
        writer_.end_record();
    }

    void set_total(const Amounts& amounts, bool over_30_days) {
        writer_.set("units", 0)
            .set("count", 0)
            .set("service_units", amounts.service_units)
            .set_if(!over_30_days, "managed_units", amounts.managed_units)
            .set_if(!over_30_days, "over_limit_units", amounts.over_units)
            .set_if(!over_30_days, "in_limit_units", amounts.in_units);
        set_yen(amounts, over_30_days);
    }

    void set_yen(const Amounts& amounts, bool over_30_days) {
        writer_.set("total_cost", amounts.cost)
            .set("insurance_claim", amounts.claim)
            .set("copay_insured", amounts.copay)
            .set("copay_full", amounts.copay_full)
            .set("over_30_days", over_30_days ? 1 : 0);
    }

    TableWriter& writer_;
    const BundleContext& context_;
    const UserMonth& user_;
};

// --- 利用者基本情報 ---

void write_kihon(TableWriter& writer, const BundleContext& context, const UserMonth& user,
                 int index) {
    const Person& person = user.person;
    const bool other_method = index % 4 == 3;
    start(writer, user)
        .set("consult_date", user.consult_date)
        .set("plan_kind", context.from.service_type->view() == "AF" ? "2" : "1")
        .set("entrusted", context.to.service_type->view() == "43" ? "2" : "1")
        .set("author", user.planner_name.text)
        .set("consult_method", other_method ? "03" : "01")
        .set_if(other_method, "consult_method_other", "自宅を訪問,面談")
        .set("consult_times", "01")
        .set("situation", "01")
        .set("name_kana", person.name.half_width_kana)
        .set("name", person.name.text)
        .set("sex", person.sex)
        .set("birth_date", person.birth_date)
        .set("address", person.address1 + person.address2)
        .set("phone", person.phone)
        .set("adl_level", "12")
        .set("dementia_level", "02")
        .set("care_level", user.care_level)
        .set("cert_from", user.cert_from)
        .set("cert_to", user.cert_to)
        .set("prev_care_level", user.care_level)
        .set("checklist_result", "1")
        .set("checklist_date", user.consult_date)
        .set("dis_physical", "0")
        .set("dis_intellectual", "0")
        .set("dis_mental", "0")
        .set("dis_intractable", "0")
        .set("residence", "05")
        .set("floor", "1")
        .set("house_reform", "2")
        .set("econ_kokumin", "1")
        .set("econ_kosei", "0")
        .set("econ_shogai", "0")
        .set("econ_seiho", person.insured_no.starts_with('H') ? "1" : "0")
        .set("visitor_name", person.relative.text)
        .set("visitor_relation", person.relation)
        .set("visitor_phone", person.phone)
        .set("emergency1_name", person.relative.text)
        .set("emergency1_relation", person.relation)
        .set("emergency1_address", "見本県架空市見本町9-9-9")
        .set("emergency1_phone", person.phone)
        .set_if(has_image(index), "family_image", image_name(context, index))
        .set("family_note", person.relation + "が近くに住み、\"週末\"に訪れる。")
        .set("life_history", "見本県で生まれ、架空市で商店を営んでいた。\r\n"
                             "70歳で店を閉め,その後は畑仕事をしている。")
        .set("daily_life", "午前は畑、午後は近所の人と話して過ごす。")
        .set("hobby", "園芸,カラオケ")
        .set("community", "町内会の集まりに出ている。")
        .set("consent_date", user.consult_date)
        .set("consent_name", person.name.text)
        .end_record();
}

struct Hour {
    std::string_view time, user, family;
};
constexpr std::array<Hour, 4> hours = {{{"6:00", "起床,散歩", ""},
                                        {"9:00", "畑仕事", "仕事"},
                                        {"12:00", "昼食", ""},
                                        {"21:00", "就寝", "電話で安否を確かめる"}}};

void write_kihon_hours(TableWriter& writer, const UserMonth& user) {
    for (const Hour& hour : hours)
        start(writer, user)
            .set("consult_date", user.consult_date)
            .set("time", hour.time)
            .set("user_life", hour.user)
            .set("family_life", hour.family)
            .end_record();
}

void write_kihon_illness(TableWriter& writer, const UserMonth& user) {
    start(writer, user)
        .set("consult_date", user.consult_date)
        .set("when", "2019/4")
        .set("disease", "変形性膝関節症")
        .set("doctor", "見本クリニック 例示医師")
        .set("doctor_flag", "1")
        .set("doctor_phone", "00-0000-0001")
        .set("course", "01")
        .set("treatment", "内服,リハビリテーション")
        .end_record();
    start(writer, user)
        .set("consult_date", user.consult_date)
        .set("when", "H12年10月")
        .set("disease", "白内障")
        .set("doctor", "架空眼科")
        .set("doctor_flag", "2")
        .set("course", "02")
        .end_record();
}

// --- 介護予防サービス・支援計画書 ---

struct Field4 {
    std::string_view status_key, wish_key, issue_key, reason_key;
};
constexpr std::array<Field4, 4> fields_of_life = {
    {{"move_status", "move_wish", "move_issue", "move_reason"},
     {"home_status", "home_wish", "home_issue", "home_reason"},
     {"social_status", "social_wish", "social_issue", "social_reason"},
     {"health_status", "health_wish", "health_issue", "health_reason"}}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> checks = {
    {{"check_exercise", "program_exercise"},
     {"check_nutrition", "program_nutrition"},
     {"check_oral", "program_oral"},
     {"check_homebound", "program_homebound"},
     {"check_memory", "program_memory"},
     {"check_depression", "program_depression"}}};

void write_yobo(TableWriter& writer, const BundleContext& context, const UserMonth& user,
                int index) {
    start(writer, user)
        .set("plan_date", user.plan_date)
        .set("plan_kind", context.from.service_type->view() == "AF" ? "2" : "1")
        .set("entrusted", context.to.service_type->view() == "43" ? "2" : "1")
        .set("ref_no", std::to_string(index + 1))
        .set("name", user.person.name.text)
        .set("cert_date", user.cert_date)
        .set("cert_from", user.cert_from)
        .set("cert_to", user.cert_to)
        .set("plan_class", "21")
        .set("cert_status", "2")
        .set("support_level", user.care_level == "12" ? "1" : "2")
        .set("center_author", user.planner_name.text)
        .set("author_office", context.sender_name)
        .set("author_office_address", "見本県架空市例示町1-1-1")
        .set("author_office_phone", "00-0000-0002")
        .set("first_plan_date", user.first_plan_date)
        .set("center_name", context.sender_name)
        .set("goal_day", "毎朝、\"家の周り\"を15分歩く。")
        .set("goal_year", "孫の結婚式に,歩いて出る。")
        .set("support_policy", "本人のペースを大切にし、\r\n家族と一緒に見守る。")
        .set("overall_policy", "閉じこもりを防ぎ、体力を保つ。")
        .set("consent_date", user.plan_date)
        .set("consent_name", user.person.name.text);
    for (const Field4& field : fields_of_life) {
        const bool issue =
            field.status_key == fields_of_life[static_cast<std::size_t>(index) % 4].status_key;
        writer
            .set(field.status_key, issue ? "以前より時間がかかる。" : "おおむね自分でできている。")
            .set(field.wish_key, "できることは続けたい。")
            .set(field.issue_key, issue ? "1" : "2")
            .set(field.reason_key, issue ? "膝の痛み,体力の低下" : "");
    }
    for (const auto& [count, program] : checks) {
        const bool needed = count == checks.front().first;
        writer.set(count, needed ? 3 : 0).set(program, needed ? "1" : "2");
    }
    writer.end_record();
}

void write_yobo_support(TableWriter& writer, const UserMonth& user) {
    int use = 0;
    for (const Provider& provider : user.providers) {
        ++use;
        const ShapeText& text = text_of(provider.profile->shape);
        start(writer, user)
            .set("plan_date", user.plan_date)
            .set("need_no", 1)
            .set("support_no", 1)
            .set("use_no", use)
            .set_if(use == 1, "need", "体力が落ち、外出が減っている。")
            .set_if(use == 1, "proposal", "運動の機会を作り,外出を増やす。")
            .set_if(use == 1, "proposal_wish", "本人:\"歩けるようになりたい\"\r\n家族:賛成")
            .set_if(use == 1, "goal", "週に2回外出する。")
            .set_if(use == 1, "support_point", "無理をせず、休みながら行う。")
            .set_if(use == 1, "self_care", "毎朝の体操（本人）,見守り（家族）")
            .set("insurance_service", text.content)
            .set("use_kind", provider.kind)
            .set("use_office", provider.name)
            .set("use_period", period_of(user))
            .end_record();
    }
}

// --- 削除 ---

void write_actual_delete(TableWriter& writer, const BundleContext& context, const UserMonth& user) {
    const bool passed_on = user.providers.front().office != context.from.office;
    for (const Provider& provider : user.providers) {
        if (!passed_on && provider.office != context.from.office) continue;
        start(writer, user)
            .set("target_month", context.month.str())
            .set("service_office_no", provider.office.view())
            .set("service_type", provider.profile->type)
            .end_record();
    }
}

void write_delete(TableWriter& writer, const UserMonth& user, std::string_view key,
                  std::string_view value) {
    start(writer, user).set(key, value).end_record();
}

} // namespace

void write_user(TableWriter& writer, const BundleContext& context, const UserMonth& user,
                int index) {
    const std::string_view type = writer.type().id;
    if (type == "UPHOSOKU") return write_hosoku(writer, context, user);
    if (type == "UP1KYO") return write_plan1(writer, context, user, index);
    if (type == "UP2KYO") return write_plan2(writer, context, user);
    if (type == "UP3KYO") return write_plan3(writer, context, user);
    if (type == "UPPLAN") return write_schedule(writer, context, user);
    if (type == "UPSIKYU") return Table7Writer(writer, context, user).write();
    if (type == "UPJSK") return write_actual(writer, context, user);
    if (type == "UPKIHON") return write_kihon(writer, context, user, index);
    if (type == "UPKIHON_SUB1") return write_kihon_hours(writer, user);
    if (type == "UPKIHON_SUB2") return write_kihon_illness(writer, user);
    if (type == "UPYOBO") return write_yobo(writer, context, user, index);
    if (type == "UPYOBO_SUB") return write_yobo_support(writer, user);
    if (type == "DLT1KYO" || type == "DLTYOBO")
        return write_delete(writer, user, "plan_date", user.plan_date);
    if (type == "DLTPLAN") return write_delete(writer, user, "target_month", context.month.str());
    if (type == "DLTKIHON") return write_delete(writer, user, "consult_date", user.consult_date);
    if (type == "DLTJSK") return write_actual_delete(writer, context, user);
    throw std::logic_error("no sample of " + std::string(type));
}

bool has_image(int index) {
    return index % users_per_image == 0 && index / users_per_image < most_images;
}

std::string image_name(const BundleContext& context, int index) {
    std::string branch = std::to_string(index / users_per_image + 1);
    branch.insert(0, 4 - branch.size(), '0');
    return make_file_name(*context.edition.file("UPKIHON_IMAGE"), context.from, context.to,
                          context.serial, std::nullopt, branch);
}

/// 16 by 16 grey pixels: one quantisation table of ones, Huffman tables of one code each, four
/// blocks of two bits.
Bytes family_image() {
    const auto segment = [](char marker, const Bytes& content) {
        const std::size_t length = content.size() + 2;
        return Bytes("\xFF") + marker + static_cast<char>(length >> 8) +
               static_cast<char>(length & 0xFF) + content;
    };
    const auto huffman = [](char table) {
        Bytes counts(16, '\0');
        counts[0] = 1; // one code, of one bit, for the value 0
        return table + counts + '\0';
    };
    using namespace std::string_literals;
    return "\xFF\xD8"s + segment('\xE0', "JFIF\0\1\1\0\0\1\0\1\0\0"s) +
           segment('\xDB', '\0' + Bytes(64, '\1')) +
           segment('\xC0', "\x08\0\x10\0\x10\1\1\x11\0"s) + segment('\xC4', huffman('\x00')) +
           segment('\xC4', huffman('\x10')) + segment('\xDA', "\1\1\0\0\x3F\0"s) + '\0' +
           "\xFF\xD9"s;
}

} // namespace cpg::sampling

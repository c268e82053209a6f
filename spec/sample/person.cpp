#include "spec/sample/person.hpp"

#include <chrono>

namespace cpg::sampling {

namespace {

using namespace std::chrono;

struct NamePartText {
    std::string_view text, kana, half_width_kana;
};

constexpr std::array<NamePartText, 10> family_names = {{
    {"見本", "ミホン", "ﾐﾎﾝ"},
    {"試験", "シケン", "ｼｹﾝ"},
    {"架空", "カクウ", "ｶｸｳ"},
    {"例示", "レイジ", "ﾚｲｼﾞ"},
    {"仮名", "カリナ", "ｶﾘﾅ"},
    {"模擬", "モギ", "ﾓｷﾞ"},
    {"練習", "レンシュウ", "ﾚﾝｼｭｳ"},
    {"検証", "ケンショウ", "ｹﾝｼｮｳ"},
    {"髙例", "タカレイ", "ﾀｶﾚｲ"},  // 髙 has two codes in MS932
    {"表示", "ヒョウジ", "ﾋｮｳｼﾞ"}, // 表 ends in 5C, the back-slash
}};

constexpr std::array<NamePartText, 6> female_names = {{
    {"花子", "ハナコ", "ﾊﾅｺ"},
    {"例子", "レイコ", "ﾚｲｺ"},
    {"試子", "タメシコ", "ﾀﾒｼｺ"},
    {"仮乃", "カリノ", "ｶﾘﾉ"},
    {"はな", "ハナ", "ﾊﾅ"},
    {"見本子", "ミホコ", "ﾐﾎｺ"},
}};

constexpr std::array<NamePartText, 6> male_names = {{
    {"太郎", "タロウ", "ﾀﾛｳ"},
    {"一例", "イチレイ", "ｲﾁﾚｲ"},
    {"試男", "タメシオ", "ﾀﾒｼｵ"},
    {"仮助", "カリスケ", "ｶﾘｽｹ"},
    {"例造", "レイゾウ", "ﾚｲｿﾞｳ"},
    {"見本夫", "ミホオ", "ﾐﾎｵ"},
}};

constexpr std::array<std::string_view, 4> insurers = {"990010", "990028", "990036", "990044"};
constexpr std::array<std::string_view, 4> towns = {"例示町", "見本町", "架空台", "試験野"};
constexpr std::array<std::string_view, 4> houses = {"試験ハイツ", "見本荘", "メゾン例示",
                                                    "コーポ①番館"};
constexpr std::array<std::string_view, 3> female_relations = {"長女", "妹", "姪"};
constexpr std::array<std::string_view, 3> male_relations = {"長男", "弟", "甥"};
constexpr int share_of_welfare_users = 23; // every so-manieth user has an H number (生保単独)

std::string padded(int number, std::size_t digits) {
    std::string text = std::to_string(number);
    return text.size() >= digits ? text : std::string(digits - text.size(), '0') + text;
}

Name joined(const NamePartText& family, const NamePartText& given) {
    const auto join = [](std::string_view left, std::string_view right) {
        return std::string(left) + " " + std::string(right);
    };
    return {join(family.text, given.text), join(family.kana, given.kana),
            join(family.half_width_kana, given.half_width_kana)};
}

const NamePartText& given_name(Random& random, int sex) {
    return sex == 1 ? random.pick(male_names) : random.pick(female_names);
}

std::string insured_no(int slot, int index) {
    if (index % share_of_welfare_users == share_of_welfare_users - 1)
        return "H" + padded(slot % 10000, 4) + padded(index, 5);
    return padded(slot, 5) + padded(index, 5);
}

std::string birth_date(Random& random, Month month) {
    const int year = month.year() - random.between(67, 98);
    return yyyymmdd(Month::of(year, random.between(1, 12)), random.between(1, 28));
}

std::string number(int value) {
    return std::to_string(value);
}

} // namespace

std::string yyyymmdd(Month month, int day) {
    return month.str() + padded(day, 2);
}

Month months_after(Month month, int count) {
    const int months = month.year() * 12 + month.month() - 1 + count;
    return Month::of(months / 12, months % 12 + 1);
}

int weekday(Month month, int day) {
    const year_month_day date(year(month.year()),
                              std::chrono::month(static_cast<unsigned>(month.month())),
                              std::chrono::day(static_cast<unsigned>(day)));
    return static_cast<int>(std::chrono::weekday(sys_days(date)).iso_encoding());
}

Person make_person(Random& random, Month month, int slot, int index) {
    Person person;
    person.insurer_no = random.pick(insurers);
    person.insured_no = insured_no(slot, index);
    person.sex = random.between(1, 2);
    const NamePartText& family = random.pick(family_names);
    person.name = joined(family, given_name(random, person.sex));
    person.birth_date = birth_date(random, month);
    person.postal_code = "999-" + padded(random.below(10000), 4);
    person.address1 = "見本県架空市" + std::string(random.pick(towns)) +
                      number(random.between(1, 9)) + "-" + number(random.between(1, 30)) + "-" +
                      number(random.between(1, 20));
    if (random.below(3) == 0)
        person.address2 = std::string(random.pick(houses)) + number(random.between(1, 4)) + "0" +
                          number(random.between(1, 9)) + "号室";
    person.phone = "00-0000-" + padded(random.below(10000), 4);
    const int relative_sex = random.between(1, 2);
    person.relative = joined(family, given_name(random, relative_sex));
    person.relation =
        relative_sex == 1 ? random.pick(male_relations) : random.pick(female_relations);
    return person;
}

Name make_worker(Random& random) {
    const NamePartText& family = random.pick(family_names);
    return joined(family, given_name(random, random.between(1, 2)));
}

} // namespace cpg::sampling

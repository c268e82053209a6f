// Invented users. Their names say that they are invented. Pure, any thread.
#pragma once

#include "spec/base/ids.hpp"
#include "spec/sample/random.hpp"

namespace cpg::sampling {

/// A calendar day as the files write it.
std::string yyyymmdd(Month month, int day);
/// The month `count` months later (earlier when negative).
Month months_after(Month month, int count);
/// 1 = Monday … 7 = Sunday, the codes of 第3表.
int weekday(Month month, int day);

struct Name {
    std::string text;            // 見本 花子
    std::string kana;            // ミホン ハナコ
    std::string half_width_kana; // ﾐﾎﾝ ﾊﾅｺ
};

struct Person {
    std::string insurer_no, insured_no;
    Name name;
    int sex = 1;            // 1 男性, 2 女性
    std::string birth_date; // 65 years and more before the month
    std::string postal_code, address1, address2, phone;
    Name relative;
    std::string relation; // 長女
};

/// `slot` (0-99,999) tells the users of different offices apart, `index` (0-99,999) those of one
/// office.
Person make_person(Random& random, Month month, int slot, int index);
/// Someone who works at an office.
Name make_worker(Random& random);

} // namespace cpg::sampling

// What the loaded service code table says of the codes of one user's month. Silent (not covered)
// where no table is loaded, or where the loaded ones have no code of the type for that month and
// insurer: a table that was not loaded proves nothing. One thread.
//
//     CodesOfUser codes(bundle.envelope.options, bundle.keys.text(user.key));
//     if (const ServiceCodeEntry* entry = codes.of(view(row.code)).entry) … entry->unit …
#pragma once

#include "spec/check/rules/rules.hpp"

namespace cpg::checking {

class CodesOfUser {
  public:
    struct Word {
        bool covered = false;                    // the table speaks of this type
        const ServiceCodeEntry* entry = nullptr; // null: it has no such code in this month
    };

    /// `key`: insurer, insured, month (of 第6表 and 第7表); lives as long as this.
    CodesOfUser(const CheckOptions& options, std::string_view key);
    Word of(std::string_view code);
    /// Of a code that is not found: whether another month has it.
    bool is_of_another_month(std::string_view code) const;

  private:
    const ServiceCodeTable* table_;
    std::string_view insurer_;
    Month month_;
    std::vector<std::pair<Characters<6>, Word>> said_; // a user has about ten codes
};

/// Whether the code is a 加算 or 減算: as the table says; without it by the first digit of the
/// item.
bool is_addition(const CodesOfUser::Word& word, const Characters<6>& code,
                 std::string_view addition_digits);

} // namespace cpg::checking

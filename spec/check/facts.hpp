// What is learned while the files of one bundle are read, for the rules that look across records
// and files. Holds personal data (keys): lives as long as one check, is never logged. One thread.
#pragma once

#include "spec/check/collector.hpp"
#include "spec/records/csv_reader.hpp"

#include <array>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <unordered_map>
#include <unordered_set>

namespace cpg::checking {

inline constexpr char key_separator = '\x1F';

/// What the heap around a bundle tells about it; empty for a bundle checked alone.
struct HeapContext {
    /// Users (insurer 0x1F insured) with a schedule from the same FROM to the same TO; null = none
    /// known.
    const std::unordered_set<std::string>* scheduled_users = nullptr;
    std::size_t bundles_of_month = 1; // of the same kind, month, FROM and TO (R-BND-05)
    /// The file of another bundle that would make this set whole, and what of its name differs
    /// (R-BND-01).
    std::string missing_file, difference;
};

/// Where a service type stands in sections 1.3 and 1.4.
enum class Scope : std::uint8_t { unlisted, in, out, out_by_doubtful_source, care_management };

/// Scope and group of the 1,296 possible service types, one look-up each.
class ServiceTypes {
  public:
    explicit ServiceTypes(const Edition& edition);
    Scope scope(std::string_view type) const { return entries_[index_of(type)].scope; }
    bool is_care_benefit(std::string_view type) const { return entries_[index_of(type)].care; }
    const std::string& name(std::string_view type) const;

  private:
    struct Entry {
        Scope scope = Scope::unlisted;
        bool care = false; // 介護給付, not 予防給付 or 総合事業
        const std::string* name = nullptr;
    };
    static std::size_t index_of(std::string_view type);
    static constexpr std::size_t letters = 36;
    std::array<Entry, letters * letters + 1> entries_{}; // the last one: no service type at all
};

/// Which of the two users of 利用者補足情報 a bundle is (standard 2.4).
enum class Purpose { other, care_plan, schedule };

/// The bundle and everything about it that is known before its files are read.
struct Envelope {
    const Catalog& catalog;
    const CheckOptions& options;
    const Bundle& bundle;
    const Edition& edition;
    const HeapContext& heap;
    const BundleKind* kind = nullptr; // null: the set is none of the standard's
    Purpose purpose = Purpose::other;
    ServiceTypes services;
    bool from_care_manager = false; // FROM is 43, 46 or AF
    bool to_care_manager = false;   // TO is 43, 46 or AF
};

/// A number of R-… in findings.yaml (`parameters`), or `fallback` when the file does not give it.
std::string parameter(const Catalog& catalog, Rule rule, std::string_view name,
                      std::string_view fallback);
/// Whether a blank-separated list holds the word.
bool has_word(std::string_view list, std::string_view word);

/// The users one reading of a bundle keeps, by the hash of their composite key. Rules that look
/// across records look at one user, so that a bundle too large to be kept is read several times,
/// some users at a time.
struct UserRange {
    static constexpr std::uint64_t end = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t first = 0, last = end;
    bool holds(std::uint64_t hash) const { return hash >= first && hash <= last; }
    bool has_rest() const { return last != end; }
    /// What comes behind, as wide as `share` of all users (0-1).
    UserRange next(double share) const { return starting(last + 1, share); }
    static UserRange starting(std::uint64_t first, double share);
    /// How much of all users it is, 0-1.
    double share() const { return static_cast<double>(last - first) / static_cast<double>(end); }
};
/// Well spread over all 64 bits.
std::uint64_t hash_of_user(std::string_view key);

/// Composite keys of a bundle as small numbers, shared by its files.
class KeyTable {
  public:
    std::uint32_t intern(std::string_view key);
    std::string_view text(std::uint32_t id) const { return *texts_[id]; }
    std::size_t size() const { return texts_.size(); }
    /// About what one key takes: its node, its text, its places in the tables.
    static constexpr std::size_t bytes_each = 160;

    static constexpr std::uint32_t gone = static_cast<std::uint32_t>(-1);
    /// Keeps the keys of these users and numbers them anew: the new id of each old one, or `gone`.
    std::vector<std::uint32_t> keep_only(const UserRange& users);

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view key) const {
            return std::hash<std::string_view>{}(key);
        }
    };
    std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> ids_;
    std::vector<const std::string*> texts_;
};

/// One key in one file: a user's plan, a user's month.
struct KeyUse {
    std::uint32_t key = 0; // of the bundle's KeyTable
    std::uint32_t records = 0;
    std::uint32_t first_record = 0, first_line = 0;
    std::uint32_t second_record = 0, second_line = 0;
    bool names_receiver = false; // a record whose サービス事業者コード is TO
    bool planner_odd = false;    // kept as OddOffice: once per user
    bool updater_odd = false;
};

/// An item of a user's first record in which an office is not the expected one (R-OWN-02,
/// R-OWN-03).
struct OddOffice {
    std::uint32_t key = 0;
    Rule rule{};
    std::uint16_t column = 0; // from 0
    std::uint32_t record = 0, line = 0;
    std::uint64_t offset = 0; // of the cell
    std::uint32_t value_size = 0;
    bool quoted = false;
};

template<std::size_t N> using Characters = std::array<char, N>;
template<std::size_t N> std::string_view view(const Characters<N>& text) {
    return {text.data(), N};
}
template<std::size_t N>
Characters<N> characters(BytesView text) { // shorter text is filled with NUL
    Characters<N> out{};
    std::copy_n(text.begin(), std::min(text.size(), N), out.begin());
    return out;
}

inline constexpr std::int32_t no_amount = std::numeric_limits<std::int32_t>::min();
inline constexpr std::int32_t unreadable_amount = no_amount + 1; // filled, but not good
inline constexpr std::uint16_t no_time = 9999;
inline constexpr std::uint8_t unreadable_detail = 255; // sorts behind every 明細判別コード

/// A record of 第6表, 56 bytes.
struct Table6Row {
    std::uint64_t offset = 0;
    std::uint32_t size = 0; // bytes from offset to the end of the last cell
    std::uint32_t key = 0;
    std::uint32_t record = 0, line = 0;
    std::int32_t units = no_amount;
    Characters<10> office{};
    Characters<6> code{};
    Characters<2> satellite{};                    // NUL when empty
    std::uint16_t start = no_time, end = no_time; // HHMM as a number, 9999 without time
    std::uint8_t day = 0;                         // of the month, 0 when not known
    std::uint8_t count = 0;                       // サービス回数
    std::uint8_t detail = 0; // 明細判別コード, 0 when empty, or unreadable_detail
    bool prorated = false;   // has 日割対象日
    std::string_view type() const { return {code.data(), 2}; }
};
static_assert(sizeof(Table6Row) <= 64, "a file of 64 MiB holds half a million of them");

/// The columns of 第7表 that 小計 and 全合計 add up (単位 and 金額).
inline constexpr std::array<std::string_view, 10> amount_keys{
    "service_units",       "managed_units",    "over_type_limit_units",
    "in_type_limit_units", "over_limit_units", "in_limit_units",
    "total_cost",          "insurance_claim",  "copay_insured",
    "copay_full"};

enum class Table7Kind : std::uint8_t { detail, in_limit, out_of_limit, over_30_days, grand_total };

struct Table7Row {
    std::uint32_t key = 0;
    std::uint32_t record = 0, line = 0;
    std::int32_t units = no_amount, discounted_units = no_amount, count = no_amount;
    std::array<std::int32_t, amount_keys.size()> amounts{};
    Characters<10> office{};
    Characters<6> code{};
    Characters<2> satellite{};
    Table7Kind kind = Table7Kind::detail;
    std::string_view type() const { return {code.data(), 2}; }
};

/// 課題ＮＯ, 援助目標ＮＯ, 援助内容ＮＯ (or their like) of a record.
struct NumberedRow {
    std::uint32_t key = 0;
    std::uint32_t numbers = 0; // two decimal digits each, the first in front
    std::uint32_t record = 0, line = 0;
};

/// The rows of one user and month in one file, in file order; nothing is copied.
template<class Row> struct UserRows {
    std::uint32_t key;
    std::span<const Row> rows;
};

/// Groups the rows by user, keeping their order; most files are grouped already.
template<class Row> std::vector<UserRows<Row>> group_by_user(std::vector<Row>& rows) {
    std::vector<UserRows<Row>> groups;
    std::unordered_set<std::uint32_t> seen;
    const auto collect = [&] {
        for (std::size_t from = 0; from < rows.size();) {
            std::size_t to = from + 1;
            while (to < rows.size() && rows[to].key == rows[from].key) ++to;
            if (!seen.insert(rows[from].key).second) return false;
            groups.push_back({rows[from].key, std::span(rows).subspan(from, to - from)});
            from = to;
        }
        return true;
    };
    if (collect()) return groups;
    groups.clear();
    seen.clear();
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Row& left, const Row& right) { return left.key < right.key; });
    collect();
    return groups;
}

/// A stretch of records of a file, and which users may be in it: a later reading passes over those
/// without a user of its range. Most files have a user's records together.
struct Block {
    static constexpr std::uint64_t least_size = 4096; // one to three users of 第6表
    static constexpr std::uint64_t most_blocks = 1u << 18;
    CsvPlace place;
    std::uint64_t classes = 0; // a bit for each value of a hash's six highest bits
    static std::uint64_t class_of(std::uint64_t hash) { return hash >> 58; }
    void take(std::uint64_t hash) { classes |= std::uint64_t{1} << class_of(hash); }
    bool may_have(const UserRange& users) const {
        const std::uint64_t from = ~std::uint64_t{0} << class_of(users.first);
        const std::uint64_t to = ~std::uint64_t{0} >> (63 - class_of(users.last));
        return (classes & from & to) != 0;
    }
};

/// What the users of one file add up to, over all readings.
struct FileTotals {
    std::size_t users = 0;
    std::size_t rows6 = 0;      // of 実績
    bool other_offices = false; // 第6表 names another office than TO
    struct Site {
        std::uint32_t record = 0, line = 0; // the first with this office and type
        Characters<2> satellite{};
        bool several_satellites = false;
    };
    std::map<std::pair<Characters<10>, Characters<2>>, Site> sites; // of 実績: office, type
};

/// The facts of the file as a whole stay, those of its users (UserFacts) are of the reading at
/// hand.
struct UserFacts {
    std::vector<KeyUse> keys;              // in order of appearance
    std::vector<std::uint32_t> use_of_key; // key -> index in keys + 1, 0 = not here
    std::vector<Table6Row> table6;
    std::vector<Table7Row> table7;
    std::vector<NumberedRow> numbered;
    std::vector<OddOffice> odd_offices;
    std::vector<UserRows<Table6Row>> users6; // table6 and table7 by user, once the file is read
    std::vector<UserRows<Table7Row>> users7;

    bool has(std::uint32_t key) const { return key < use_of_key.size() && use_of_key[key] != 0; }
    const KeyUse* use(std::uint32_t key) const {
        return has(key) ? &keys[use_of_key[key] - 1] : nullptr;
    }
    /// Bytes of the rows kept.
    std::size_t size() const;
    /// Drops what belongs to a key that is gone, and numbers the others anew.
    void renumber(const std::vector<std::uint32_t>& new_ids);
};

struct FileFacts : UserFacts {
    const BundleFile* file = nullptr;
    std::size_t index = 0; // in Bundle::files
    const FileType* type =
        nullptr; // by which it was read: of the other edition when its version and columns say so
    bool readable = false; // its cells were read
    bool complete =
        false; // the keys of all its records are known, so that what is missing can be told
    bool receiver_guessed = false; // an office that cannot be read was taken for the receiver
    std::uint32_t records = 0;
    std::string version;                    // as understood (202410 = 202407); empty when not known
    std::string first_version, first_month; // as the first record gives them
    std::string name_month; // 対象年月 of the file name; empty when it has none, or 000000
    std::vector<std::string> told_versions, told_months,
        told_types;               // reported already: once a file each
    std::set<std::string> images; // UPKIHON No.62: files of the bundle that a record names
    FileTotals totals;
    std::vector<Block> blocks; // of all records with their columns

    Site site() const { return {.file = index}; }
    Site at(std::uint32_t record, std::uint32_t line, std::string_view field_key = {}) const;
    Site at(const KeyUse& use) const { return at(use.first_record, use.first_line); }
};

struct BundleFacts {
    const Envelope& envelope;
    std::vector<FileFacts> files; // parallel to Bundle::files
    KeyTable keys;
    UserRange users; // kept by the reading at hand

    /// The first file of a type; null when the bundle has none.
    const FileFacts* file(std::string_view type_id) const;
    /// Bytes of the keys and rows kept.
    std::size_t size() const;
    /// Gives up the last eighth of the users, to be read another time; a single one stays.
    void give_up_users();
    /// Once every file is read: rows by user.
    void group_rows();
    /// Forgets the users of the last reading.
    void begin_reading(UserRange range);
};

} // namespace cpg::checking

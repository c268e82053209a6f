#include "spec/check/file_pass.hpp"

#include "spec/base/digits.hpp"
#include "spec/check/rules/rules.hpp"
#include "spec/records/cp932.hpp"

#include <algorithm>
#include <memory>

namespace cpg::checking {
namespace {

/// CSVバージョン seen in the field that belong to no edition (README of the facts, section 3).
constexpr std::string_view month_of_the_notice = "202410"; // meant as 202407
constexpr std::string_view meant_by_the_notice = "202407";
constexpr std::string_view draft_of_edition_3 = "202201"; // read by its number of columns
constexpr std::string_view withdrawn_4_0 = "202504";
constexpr std::string_view in_official_examples = "202404";

/// Bytes of a short record of 第6表: room is made for so many that the rows need not move while
/// they grow.
constexpr std::size_t usual_table6_record = 120;

/// Offsets of odd bytes remembered in one record; more than that and every coded item of it is
/// taken as spoilt anyway.
constexpr std::size_t max_spoilt = 4096;

std::string_view encoding_variant(Encoding encoding) {
    switch (encoding) {
    case Encoding::utf8:
        return "utf8";
    case Encoding::utf8_bom:
        return "utf8_bom";
    case Encoding::utf16le:
    case Encoding::utf16be:
        return "utf16";
    case Encoding::ms932:
        break;
    }
    return {};
}

const std::vector<std::string>& keys_of(const FileType& type, const Envelope& envelope,
                                        const FileName& name) {
    if (type.keys_by_bundle.empty()) return type.keys;
    const bool plan = envelope.purpose == Purpose::care_plan ||
                      (envelope.purpose == Purpose::other && name.zero_month);
    const auto found = type.keys_by_bundle.find(plan ? "care_plan" : "schedule");
    return found == type.keys_by_bundle.end() ? type.keys : found->second;
}

class FileReader {
  public:
    FileReader(const Envelope& envelope, std::size_t index, KeyTable& keys, Collector& findings)
        : envelope_(envelope), file_(envelope.bundle.files[index]), keys_(keys),
          findings_(findings), bytes_(file_.input.bytes) {
        facts_.file = &file_;
        facts_.index = index;
        facts_.type = file_.name.type;
        if (file_.name.month) facts_.name_month = file_.name.month->str();
    }

    FileFacts read() {
        if (!facts_.type->is_csv()) return std::move(facts_);
        if (!is_ms932()) return std::move(facts_);
        facts_.readable = facts_.complete = true;
        if (facts_.type->id == "UPPLAN" || facts_.type->id == "UPJSK")
            facts_.table6.reserve(bytes_.size() / usual_table6_record);
        odd_byte_ = next_byte_problem(bytes_);
        const CsvShape shape =
            read_csv(bytes_, {.record = [this](const Record& record) { take(record); },
                              .note = [this](const CsvNote& note) { take(note); }});
        report_odd_bytes_before(bytes_.size() + 1, nullptr);
        facts_.records = shape.records;
        facts_.users6 = group_by_user(facts_.table6);
        facts_.users7 = group_by_user(facts_.table7);
        // 別紙: 改行コードは仕様に無い。実装はCRLF
        if (shape.lf_only) findings_.raise_mild(Rule::csv_05, facts_.site(), "lf");
        if (shape.records == 0 && !unreadable_first_record_)
            findings_.raise(Rule::csv_07, facts_.site());
        return std::move(facts_);
    }

  private:
    // 4.3 文字コードはMS932。One finding names the encoding; nothing else of such a file can be
    // judged.
    bool is_ms932() {
        const Encoding encoding = guess_encoding(bytes_);
        if (encoding == Encoding::ms932) return true;
        findings_.raise(Rule::enc_01, facts_.site(), encoding_variant(encoding));
        return false;
    }

    void take(const CsvNote& note) {
        Site site = facts_.at(note.record, note.line);
        site.byte_offset = note.offset;
        switch (note.problem) {
        case CsvProblem::quote_open:
        case CsvProblem::quote_inside:
            quote_trouble_ = note.record;
            findings_.raise(Rule::csv_03, site,
                            note.problem == CsvProblem::quote_open ? "open" : "inside");
            break;
        case CsvProblem::lone_cr:
            tell_line_end("lone_cr", told_lone_cr_, site);
            break;
        case CsvProblem::blank_line:
            tell_line_end("blank_line", told_blank_line_, site);
            break;
        }
    }

    void tell_line_end(std::string_view variant, bool& told, Site site) {
        site.record = 0;
        if (!told) findings_.raise_mild(Rule::csv_05, site, variant);
        told = true;
    }

    void take(const Record& record) {
        spoilt_.clear();
        if (odd_byte_.problem != ByteProblem::none) report_odd_bytes_of(record);
        if (record.number == 0)
            take_header(record);
        else if (record.number == quote_trouble_)
            facts_.complete = false; // where its cells end is a guess
        else
            take_data(record);
    }

    // A first record without a version is a header row, unless its key says that it is data.
    void take_header(const Record& record) {
        const auto is_digits = [&](std::size_t column, std::size_t length) {
            return record.cells.size() > column && record.cells[column].raw.size() == length &&
                   all_digits(record.cells[column].raw);
        };
        Site site = facts_.at(0, record.line);
        if (!is_digits(1, 6) && !is_digits(2, 10)) {
            findings_.raise(Rule::csv_04, site);
            return;
        }
        unreadable_first_record_ = true;
        facts_.complete = false;
        site.field = &facts_.type->fields.front();
        site.byte_offset = record.offset;
        if (record.cells.front().empty()) {
            findings_.raise(Rule::req_01, site);
        } else if (Finding* finding = findings_.raise(Rule::code_01, site, "version")) {
            finding->args["expected"] = envelope_.edition.csv_version;
        }
    }

    void take_data(const Record& record) {
        if (!fields_) choose_table(record);
        if (!has_its_columns(record)) {
            facts_.complete = false;
            return;
        }
        fields_->check(record, spoilt_);
        RecordContext context{.envelope = envelope_,
                              .facts = facts_,
                              .columns = *columns_,
                              .record = record,
                              .states = fields_->states(),
                              .use = nullptr,
                              .findings = findings_};
        context.use = key_of(context);
        if (!context.use) facts_.complete = false;
        for (const RecordRule rule : rules_) rule(context);
    }

    /// The first record tells the version, and with it the table by which the file is read: that of
    /// the other edition when both its version and its number of columns say so (R-VER-03 reports
    /// it once).
    void choose_table(const Record& record) {
        const BytesView version = trim(record.cells.front().raw);
        if (is_month(version)) { // else the item checks say that it is none
            facts_.first_version = version;
            facts_.version = understood_version(version, record);
        }
        for (const auto& edition : envelope_.catalog.editions) {
            const FileType* const type = edition->file(facts_.type->id);
            if (type && edition->csv_version == facts_.version &&
                type->fields.size() == record.cells.size())
                facts_.type = type;
        }
        fields_ = std::make_unique<FieldChecker>(*facts_.type, facts_.index, findings_);
        columns_ = std::make_unique<Columns>(*facts_.type);
        rules_ = record_rules_of(*facts_.type);
        key_columns_.clear();
        for (const std::string& key : keys_of(*facts_.type, envelope_, file_.name))
            key_columns_.push_back(facts_.type->column(key));
        key_texts_.resize(key_columns_.size());
    }

    // 別紙 CSVバージョン履歴
    std::string understood_version(BytesView version, const Record& record) {
        const auto& editions = envelope_.catalog.editions;
        const auto is_edition = [&](std::string_view text) {
            return std::any_of(editions.begin(), editions.end(),
                               [&](const auto& edition) { return edition->csv_version == text; });
        };
        if (is_edition(version)) return std::string(version);
        Site site = facts_.at(record.number, record.line, "csv_version");
        site.byte_offset = record.offset;
        if (version == month_of_the_notice) {
            findings_.raise_mild(Rule::ver_01, site, "hint_202410");
            return std::string(meant_by_the_notice);
        }
        if (version == draft_of_edition_3) {
            findings_.raise_mild(Rule::ver_01, site, "hint_202201");
            return version_by_columns(record.cells.size());
        }
        if (version == withdrawn_4_0)
            findings_.raise(Rule::ver_01, site, "hint_202504");
        else if (version == in_official_examples)
            findings_.raise(Rule::ver_01, site, "hint_202404");
        else if (Finding* finding =
                     findings_.raise(Rule::ver_01, site, is_old(version) ? "old" : "unsupported"))
            finding->args["found"] = std::string(version);
        return {};
    }

    bool is_old(BytesView version) const {
        const auto& known = envelope_.edition.csv_versions;
        return std::any_of(known.begin(), known.end(),
                           [&](const CsvVersion& old) { return old.value == version; });
    }

    std::string version_by_columns(std::size_t columns) const {
        if (facts_.type->fields.size() == columns) return envelope_.edition.csv_version;
        for (const auto& edition : envelope_.catalog.editions) {
            const FileType* const type = edition->file(facts_.type->id);
            if (type && type->fields.size() == columns) return edition->csv_version;
        }
        return envelope_.edition.csv_version;
    }

    // 別紙: 項目数は種別ごとに決まる
    bool has_its_columns(const Record& record) {
        const std::size_t expected = facts_.type->fields.size(), found = record.cells.size();
        if (found == expected) return true;
        Site site = facts_.at(record.number, record.line);
        site.byte_offset = record.offset;
        if (found == expected + 1 && record.cells.back().empty() && !record.cells.back().quoted) {
            if (!told_trailing_comma_) findings_.raise_mild(Rule::csv_01, site, "trailing_comma");
            told_trailing_comma_ = true;
            return true;
        }
        if (Finding* finding = findings_.raise(Rule::csv_01, site, "count")) {
            finding->args["expected"] = std::to_string(expected);
            finding->args["found"] = std::to_string(found);
        }
        return false;
    }

    /// The user's key, counted; null when one of its items is empty, bad, or the zero of the other
    /// purpose.
    KeyUse* key_of(const RecordContext& context) {
        bool as_before = last_use_ != 0;
        for (std::size_t i = 0; i < key_columns_.size(); ++i) {
            const BytesView text = context.text(key_columns_[i]);
            as_before = as_before && same(text, key_texts_[i]);
            key_texts_[i] = text;
        }
        if (!as_before) last_use_ = is_key() ? use_of(join_key(), context.record) : 0;
        if (last_use_ == 0) return nullptr;
        KeyUse& use = facts_.keys[last_use_ - 1];
        if (++use.records == 2) {
            use.second_record = context.record.number;
            use.second_line = context.record.line;
        }
        return &use;
    }

    bool is_key() const {
        for (std::size_t i = 0; i < key_columns_.size(); ++i) {
            const Field& field = facts_.type->fields[static_cast<std::size_t>(key_columns_[i])];
            if (key_texts_[i].empty() || key_texts_[i] == field.zero_value) return false;
        }
        return true;
    }

    std::string_view join_key() {
        joined_key_.clear();
        for (const BytesView text : key_texts_) {
            if (!joined_key_.empty()) joined_key_ += key_separator;
            joined_key_ += text;
        }
        return joined_key_;
    }

    /// Index of the key's use in facts_.keys, from 1; a new one begins at this record.
    std::uint32_t use_of(std::string_view key_text, const Record& record) {
        const std::uint32_t key = keys_.intern(key_text);
        if (facts_.use_of_key.size() <= key)
            facts_.use_of_key.resize(
                std::max<std::size_t>(key + std::size_t{1}, facts_.use_of_key.size() * 2));
        std::uint32_t& use = facts_.use_of_key[key];
        if (use == 0) {
            facts_.keys.push_back(
                {.key = key, .first_record = record.number, .first_line = record.line});
            use = static_cast<std::uint32_t>(facts_.keys.size());
        }
        return use;
    }

    void report_odd_bytes_of(const Record& record) {
        const Cell& last = record.cells.back();
        report_odd_bytes_before(last.offset + last.raw.size() + (last.quoted ? 2 : 0), &record);
    }

    // 4.3 外字は使用しない; NUL and control characters: own
    void report_odd_bytes_before(std::uint64_t end, const Record* record) {
        while (odd_byte_.problem != ByteProblem::none && odd_byte_.offset < end) {
            report_odd_byte(record);
            const std::size_t length = odd_byte_.problem == ByteProblem::gaiji ? 2 : 1;
            odd_byte_ = next_byte_problem(bytes_, odd_byte_.offset + length);
        }
    }

    void report_odd_byte(const Record* record) {
        Site site = record ? site_of_byte(*record, odd_byte_.offset) : site_after_records();
        site.byte_offset = odd_byte_.offset;
        switch (odd_byte_.problem) {
        case ByteProblem::invalid:
            findings_.raise(Rule::enc_01, site, "invalid");
            break;
        case ByteProblem::gaiji:
            findings_.raise(Rule::enc_02, site);
            break;
        case ByteProblem::nul:
            findings_.raise(Rule::enc_03, site, "nul");
            break;
        case ByteProblem::control:
            findings_.raise_mild(Rule::enc_03, site, "control");
            break;
        case ByteProblem::none:
            break;
        }
        if (spoilt_.size() < max_spoilt) spoilt_.push_back(odd_byte_.offset);
    }

    /// After the last record, or in a file without any: the line where the bytes that form no
    /// record begin.
    Site site_after_records() {
        if (line_after_records_ == 0) {
            const BytesView before = bytes_.substr(0, static_cast<std::size_t>(odd_byte_.offset));
            line_after_records_ =
                static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n') + 1);
        }
        return facts_.at(0, line_after_records_);
    }

    Site site_of_byte(const Record& record, std::uint64_t offset) const {
        const auto after =
            std::upper_bound(record.cells.begin(), record.cells.end(), offset,
                             [](std::uint64_t at, const Cell& cell) { return at < cell.offset; });
        if (after == record.cells.begin()) return facts_.at(record.number, record.line);
        const Cell& cell = *(after - 1);
        const BytesView before =
            bytes_.substr(cell.offset, static_cast<std::size_t>(offset - cell.offset));
        Site site = facts_.at(record.number, cell.line);
        site.line += static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n'));
        const auto column = static_cast<std::size_t>(after - record.cells.begin()) - 1;
        if (record.number != 0 && column < facts_.type->fields.size())
            site.field = &facts_.type->fields[column];
        return site;
    }

    const Envelope& envelope_;
    const BundleFile& file_;
    KeyTable& keys_;
    Collector& findings_;
    BytesView bytes_;
    FileFacts facts_;

    std::unique_ptr<FieldChecker>
        fields_; // with columns_, rules_, key_columns_: made by choose_table()
    std::unique_ptr<Columns> columns_;
    std::vector<RecordRule> rules_;
    std::vector<int> key_columns_;

    ByteFinding odd_byte_;              // the next one not yet reported
    std::vector<std::uint64_t> spoilt_; // in the current record
    std::uint32_t line_after_records_ = 0;
    std::uint32_t quote_trouble_ = 0; // number of the record whose quotes are not balanced
    bool unreadable_first_record_ = false;
    bool told_lone_cr_ = false, told_blank_line_ = false, told_trailing_comma_ = false;

    std::vector<BytesView> key_texts_; // of the last record, into the file
    std::string joined_key_;
    std::uint32_t last_use_ = 0; // of the last record, 0 = it had no key
};

} // namespace

FileFacts read_file(const Envelope& envelope, std::size_t index, KeyTable& keys,
                    Collector& findings) {
    return FileReader(envelope, index, keys, findings).read();
}

} // namespace cpg::checking

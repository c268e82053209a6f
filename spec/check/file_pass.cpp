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

/// Bytes of a short record of 第6表, and of 第7表: room is made for so many that the rows need not
/// move while they grow.
constexpr std::size_t usual_table6_record = 120;
constexpr std::size_t usual_table7_record = 130;

/// Bytes read at a time where a reading passes over most blocks.
constexpr std::size_t step_of_blocks = 4 * Block::least_size;

/// What one record may take; the longest of the standard has 71 items, and texts of some kilobytes.
/// An open quote, or a file without line ends, stops here and not with the memory.
constexpr std::size_t max_record_bytes = 16u << 20;
constexpr std::size_t max_record_cells = 1u << 16;

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

Encoding encoding_of(const InputFile& file) {
    InputView view(file);
    if (!view.is_window()) return guess_encoding(view.bytes());
    EncodingGuess guess;
    for (std::uint64_t at = 0; at < file.size() && !guess.is_certain();) {
        view.move(at, at + InputView::usual_step);
        const BytesView piece =
            view.bytes().substr(static_cast<std::size_t>(at), InputView::usual_step);
        const bool last = at + piece.size() == file.size();
        const std::size_t length = last ? piece.size() : length_of_whole_characters(piece);
        guess.feed(piece.substr(0, length));
        at += length;
    }
    return guess.result();
}

template<class Row> void make_room(std::vector<Row>& rows, std::uint64_t most, std::size_t budget) {
    rows.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(most, budget / sizeof(Row))));
}

class FileReader {
  public:
    FileReader(BundleFacts& bundle, std::size_t index, Collector& findings, const BytesDone& done,
               std::size_t step = InputView::usual_step)
        : envelope_(bundle.envelope), bundle_(bundle), file_(envelope_.bundle.files[index]),
          facts_(bundle.files[index]), findings_(findings), done_(done), view_(file_.input, step),
          bytes_(view_.bytes()), block_size_(std::max<std::uint64_t>(
                                     Block::least_size, bytes_.size() / Block::most_blocks)) {}

    void read() {
        if (!facts_.type->is_csv() || !is_ms932()) return;
        facts_.readable = facts_.complete = true;
        facts_.blocks.reserve(static_cast<std::size_t>(bytes_.size() / block_size_) + 1);
        begin();
        const CsvShape shape =
            read_csv(bytes_, visitor([this](const Record& record) { take(record); }));
        report_odd_bytes_before(shape.end, nullptr);
        facts_.records = shape.records;
        // 別紙: 改行コードは仕様に無い。実装はCRLF
        if (shape.lf_only) findings_.raise_mild(Rule::csv_05, facts_.site(), "lf");
        if (shape.records == 0 && !unreadable_first_record_)
            findings_.raise(Rule::csv_07, facts_.site());
    }

    void read_again() {
        if (!facts_.readable || facts_.blocks.empty()) return;
        begin();
        use_table();
        const CsvVisitor again = visitor([this](const Record& record) { take_again(record); });
        const std::vector<Block>& blocks = facts_.blocks;
        for (std::size_t from = 0, to = 0; from < blocks.size(); from = to + 1) {
            for (to = from; to < blocks.size() && blocks[to].may_have(bundle_.users);) ++to;
            if (to == from) continue;
            const std::uint64_t end = to < blocks.size() ? blocks[to].place.offset : bytes_.size();
            read_csv(bytes_, again, blocks[from].place, end);
        }
    }

  private:
    void begin() {
        const std::size_t budget = envelope_.options.max_facts;
        if (facts_.type->id == "UPPLAN" || facts_.type->id == "UPJSK")
            make_room(facts_.table6, bytes_.size() / usual_table6_record, budget);
        if (facts_.type->id == "UPSIKYU")
            make_room(facts_.table7, bytes_.size() / usual_table7_record, budget);
        weigh_others();
    }

    CsvVisitor visitor(std::function<void(const Record&)> record) {
        return {.record = std::move(record),
                .note = [this](const CsvNote& note) { take(note); },
                .move = [this](std::uint64_t from, std::uint64_t to) { move(from, to); },
                .max_record_bytes = max_record_bytes,
                .max_record_cells = max_record_cells};
    }

    void move(std::uint64_t from, std::uint64_t to) {
        view_.move(from, to);
        if (done_) done_(from);
    }

    /// What the bundle keeps beside this file's facts.
    void weigh_others() { size_of_others_ = bundle_.size() - facts_.size() - size_of_keys(); }
    std::size_t size_of_keys() const { return bundle_.keys.size() * KeyTable::bytes_each; }

    /// Past the budget the last users are left to another reading.
    void stay_within_budget() {
        if (size_of_others_ + size_of_keys() + facts_.size() <= envelope_.options.max_facts) return;
        bundle_.give_up_users();
        weigh_others();
        forget_last_key();
    }

    // 4.3 文字コードはMS932。One finding names the encoding; nothing else of such a file can be
    // judged.
    bool is_ms932() {
        const Encoding encoding = encoding_of(file_.input);
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
        case CsvProblem::too_long:
            quote_trouble_ = note.record;
            findings_.raise(Rule::csv_03, site, "too_long");
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
        report_odd_bytes_of(record);
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
        RecordContext context = context_of(record);
        begin_block(record);
        context.use = key_of(context);
        if (!context.use && !is_outside_) facts_.complete = false;
        for (const RecordRule rule : rules_) rule(context);
        if (is_outside_) return;
        for (const RecordRule rule : user_rules_) rule(context);
        stay_within_budget();
    }

    void take_again(const Record& record) {
        if (record.number == 0 || record.number == quote_trouble_) return;
        if (!has_its_columns(record) || is_of_others(record)) return;
        report_odd_bytes_of(record);
        fields_->check(record, spoilt_);
        RecordContext context = context_of(record);
        context.use = key_of(context);
        if (!context.use) return;
        for (const RecordRule rule : user_rules_) rule(context);
        stay_within_budget();
    }

    RecordContext context_of(const Record& record) {
        return {.envelope = envelope_,
                .facts = facts_,
                .columns = *columns_,
                .record = record,
                .states = fields_->states(),
                .use = nullptr,
                .findings = findings_};
    }

    void begin_block(const Record& record) {
        if (!facts_.blocks.empty() &&
            record.offset - facts_.blocks.back().place.offset < block_size_)
            return;
        facts_.blocks.push_back({.place = {.offset = record.offset,
                                           .record = record.number - 1,
                                           .line = record.line - 1}});
        forget_last_key();
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
        use_table();
    }

    void use_table() {
        fields_ = std::make_unique<FieldChecker>(*facts_.type, facts_.index, findings_);
        columns_ = std::make_unique<Columns>(*facts_.type);
        rules_ = record_rules_of(*facts_.type);
        user_rules_ = user_record_rules_of(*facts_.type);
        key_columns_.clear();
        for (const std::string& key : keys_of(*facts_.type, envelope_, file_.name))
            key_columns_.push_back(facts_.type->column(key));
        key_texts_.resize(key_columns_.size());
        raw_key_texts_.resize(key_columns_.size());
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

    /// Whether the record's key, as far as it is good, is outside bundle_.users. The last answer is
    /// remembered: most records have the key of the one before.
    bool is_of_others(const Record& record) {
        bool as_before = true;
        for (std::size_t i = 0; i < key_columns_.size(); ++i) {
            const BytesView raw = record.cells[static_cast<std::size_t>(key_columns_[i])].raw;
            as_before = as_before && same(raw, raw_key_texts_[i]);
            if (!as_before) raw_key_texts_[i] = raw;
        }
        if (as_before && others_) return *others_;
        joined_key_.clear();
        for (const std::string& raw : raw_key_texts_) append_to_key(trim(raw));
        others_ = !bundle_.users.holds(hash_of_user(joined_key_));
        return *others_;
    }

    /// The user's key, counted; null when one of its items is empty, bad, or the zero of the other
    /// purpose, or when the user is outside bundle_.users.
    KeyUse* key_of(const RecordContext& context) {
        bool as_before = last_use_ != 0 || is_outside_;
        for (std::size_t i = 0; i < key_columns_.size(); ++i) {
            const BytesView text = context.text(key_columns_[i]);
            if (same(text, key_texts_[i])) continue;
            as_before = false;
            key_texts_[i] = text;
        }
        if (!as_before) look_up_key(context.record);
        if (last_use_ == 0) return nullptr;
        KeyUse& use = facts_.keys[last_use_ - 1];
        if (++use.records == 2) {
            use.second_record = context.record.number;
            use.second_line = context.record.line;
        }
        return &use;
    }

    void look_up_key(const Record& record) {
        forget_last_key();
        if (!is_key()) return;
        const std::string_view key = join_key();
        const std::uint64_t hash = hash_of_user(key);
        facts_.blocks.back().take(hash);
        is_outside_ = !bundle_.users.holds(hash);
        if (!is_outside_) last_use_ = use_of(key, record);
    }

    void forget_last_key() {
        last_use_ = 0;
        is_outside_ = false;
        others_.reset();
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
        for (const std::string& text : key_texts_) append_to_key(text);
        return joined_key_;
    }

    void append_to_key(std::string_view text) {
        if (!joined_key_.empty()) joined_key_ += key_separator;
        joined_key_ += text;
    }

    /// Index of the key's use in facts_.keys, from 1; a new one begins at this record.
    std::uint32_t use_of(std::string_view key_text, const Record& record) {
        const std::uint32_t key = bundle_.keys.intern(key_text);
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
        spoilt_.clear();
        if (odd_byte_.problem == ByteProblem::none && record.offset < searched_) return;
        if (odd_byte_.offset < record.offset) searched_ = 0; // of a record that was passed over
        const Cell& last = record.cells.back();
        const std::uint64_t end = last.offset + last.raw.size() + (last.quoted ? 2 : 0);
        search_odd_byte(record.offset, end);
        report_odd_bytes_before(end, &record);
    }

    /// Bytes held are searched to the end of the file at once, a window record by record: line ends
    /// and blanks between records are never odd.
    void search_odd_byte(std::uint64_t from, std::uint64_t end) {
        if (end <= searched_) return;
        searched_ = static_cast<std::size_t>(view_.is_window() ? end : bytes_.size());
        odd_byte_ = next_byte_problem(bytes_.substr(0, searched_), static_cast<std::size_t>(from));
    }

    // 4.3 外字は使用しない; NUL and control characters: own
    void report_odd_bytes_before(std::uint64_t end, const Record* record) {
        while (odd_byte_.problem != ByteProblem::none && odd_byte_.offset < end) {
            report_odd_byte(record);
            const std::size_t length = odd_byte_.problem == ByteProblem::gaiji ? 2 : 1;
            odd_byte_ = next_byte_problem(bytes_.substr(0, searched_), odd_byte_.offset + length);
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
    BundleFacts& bundle_;
    const BundleFile& file_;
    FileFacts& facts_;
    Collector& findings_;
    const BytesDone& done_;
    InputView view_;
    BytesView bytes_;
    std::uint64_t block_size_;
    std::size_t size_of_others_ = 0;

    std::unique_ptr<FieldChecker>
        fields_; // with columns_, rules_, key_columns_: made by choose_table()
    std::unique_ptr<Columns> columns_;
    std::vector<RecordRule> rules_, user_rules_;
    std::vector<int> key_columns_;

    std::size_t searched_ = 0;          // bytes searched for odd ones
    ByteFinding odd_byte_;              // the next one of them not yet reported
    std::vector<std::uint64_t> spoilt_; // in the current record
    std::uint32_t line_after_records_ = 0;
    std::uint32_t quote_trouble_ = 0; // number of the record whose quotes are not balanced
    bool unreadable_first_record_ = false;
    bool told_lone_cr_ = false, told_blank_line_ = false, told_trailing_comma_ = false;

    std::vector<std::string> key_texts_, raw_key_texts_; // of the last record
    std::string joined_key_;
    std::uint32_t last_use_ = 0; // of the last record, 0 = it had no key, or
    bool is_outside_ = false;    // its key is not of this reading
    std::optional<bool> others_; // what is_of_others() said of it
};

} // namespace

FileFacts unread_file(const Envelope& envelope, std::size_t index) {
    const BundleFile& file = envelope.bundle.files[index];
    FileFacts facts;
    facts.file = &file;
    facts.index = index;
    facts.type = file.name.type;
    if (file.name.month) facts.name_month = file.name.month->str();
    return facts;
}

void read_file(BundleFacts& bundle, std::size_t index, Collector& findings, const BytesDone& done) {
    FileReader(bundle, index, findings, done).read();
}

void read_users(BundleFacts& bundle, std::size_t index, const BytesDone& done) {
    Collector silent = Collector::silent(bundle.envelope.bundle, bundle.envelope.options);
    FileReader(bundle, index, silent, done, step_of_blocks).read_again();
}

} // namespace cpg::checking

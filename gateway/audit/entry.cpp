#include "gateway/audit/entry.hpp"

#include "gateway/audit/lines.hpp"
#include "gateway/audit/note.hpp"
#include "spec/base/digest.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace cpg::audit {
namespace {

constexpr std::string_view header = "cpgw-entry/v1";
constexpr std::string_view commitment_mark = "sha256c:";
constexpr std::string_view nothing = "-";
constexpr std::string_view adapter_line = "adapter";
constexpr std::size_t max_word = 64; // of a type, kind, edition, event or detail's name

constexpr std::array<std::pair<EntryType, std::string_view>, 14> type_names = {{
    {EntryType::submit, "submit"},
    {EntryType::reject, "reject"},
    {EntryType::fetch, "fetch"},
    {EntryType::ack, "ack"},
    {EntryType::recall, "recall"},
    {EntryType::unclaimed, "unclaimed"},
    {EntryType::access, "access"},
    {EntryType::admin, "admin"},
    {EntryType::key, "key"},
    {EntryType::erase, "erase"},
    {EntryType::tsa, "tsa"},
    {EntryType::start, "start"},
    {EntryType::stop, "stop"},
    {EntryType::shard_close, "shard-close"},
}};

bool is_word_character(char c) {
    return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z') || c == '.' || c == '_' || c == '-';
}

bool is_word(std::string_view text) {
    return !text.empty() && text.size() <= max_word && text != nothing &&
           std::all_of(text.begin(), text.end(), is_word_character);
}

bool is_word_or_empty(std::string_view text) {
    return text.empty() || is_word(text);
}

/// "-", or a word and perhaps rule ids.
bool is_result(std::string_view text) {
    if (text == nothing) return true;
    const std::size_t blank = text.find(' ');
    if (!is_word(text.substr(0, blank))) return false;
    if (blank == std::string_view::npos) return true;
    std::string_view rules = text.substr(blank + 1);
    if (rules == nothing) return true;
    for (;;) {
        const std::size_t comma = rules.find(',');
        if (!is_word(rules.substr(0, comma))) return false;
        if (comma == std::string_view::npos) return true;
        rules.remove_prefix(comma + 1);
    }
}

bool is_detail(const std::pair<std::string, std::string>& detail) {
    return is_word(detail.first) && detail.first != adapter_line && !detail.second.empty() &&
           std::all_of(detail.second.begin(), detail.second.end(),
                       [](char c) { return c >= 0x20 && c < 0x7F; });
}

bool may_name_a_conversion(EntryType type) {
    return type == EntryType::submit || type == EntryType::reject;
}

bool is_year_of_four_digits(Time time) {
    return parse_rfc3339(rfc3339(time)) == time;
}

/// Whether every value fits its line, so that what is written can be read back.
bool fits_form(const Entry& entry) {
    for (std::size_t i = 0; i < entry.files.size(); ++i)
        if (entry.files[i].number != static_cast<int>(i) + 1 || !is_word(entry.files[i].type))
            return false;
    return is_year_of_four_digits(entry.time) && is_word_or_empty(entry.edition) &&
           is_word_or_empty(entry.kind) && is_word_or_empty(entry.event) &&
           is_result(entry.result) &&
           (!entry.conversion ||
            (may_name_a_conversion(entry.type) && is_well_formed(*entry.conversion))) &&
           std::all_of(entry.details.begin(), entry.details.end(), is_detail);
}

std::string text_or_nothing(const std::string& text) {
    return text.empty() ? std::string(nothing) : text;
}

template<class T, class Format>
std::string value_or_nothing(const std::optional<T>& value, Format format) {
    return value ? format(*value) : std::string(nothing);
}

std::string file_line(const EntryFile& file) {
    return "file " + std::to_string(file.number) + " " + file.type + " " +
           std::to_string(file.bytes) + " " + std::string(commitment_mark) +
           base64(file.commitment.view()) + "\n";
}

std::string write(const Entry& entry) {
    const auto office = [](const OfficeNo& no) { return no.str(); };
    std::string text(header);
    text += "\ntype ";
    text += name_of(entry.type);
    text += "\ntime " + rfc3339(entry.time);
    text +=
        "\nbundle " + value_or_nothing(entry.bundle, [](const BundleId& id) { return id.str(); });
    text += "\nfrom " + value_or_nothing(entry.from, office) + " cert " +
            value_or_nothing(entry.certificate, prefixed_hex);
    text += "\nto " + value_or_nothing(entry.to, office);
    text += "\nspec " + text_or_nothing(entry.edition) + " kind " + text_or_nothing(entry.kind) +
            " month " + entry.month.str() + "\n";
    for (const EntryFile& file : entry.files) text += file_line(file);
    text += "result " + entry.result + "\n";
    if (!entry.event.empty()) text += "event " + entry.event + "\n";
    text += "rules " + value_or_nothing(entry.rules, prefixed_hex);
    text += "\nsig cms " + (entry.cms ? prefixed_hex(*entry.cms) : std::string("none")) + "\n";
    for (const auto& [name, value] : entry.details) text.append(name).append(" ") += value + "\n";
    if (entry.conversion)
        text.append(adapter_line).append(" ") += to_leaf_line(*entry.conversion) + "\n";
    return text;
}

std::string text_of_word(std::string_view word) {
    return word == nothing ? std::string() : std::string(word);
}

/// Reads a leaf line by line. Loose about form, because parse_entry() compares the outcome with
/// what would have been written. After a failure it gives empty values and stays failed.
class EntryReader {
  public:
    explicit EntryReader(std::string_view text) : lines_(text) {}

    std::optional<Entry> read() {
        Entry entry;
        check(next_line() == header);
        entry.type = checked(entry_type_of(line("type ")));
        entry.time = checked(parse_rfc3339(line("time ")));
        entry.bundle = value_or_none(line("bundle "), BundleId::parse);
        const auto from = words(line("from "), 3);
        entry.from = value_or_none(from[0], OfficeNo::parse);
        entry.certificate = value_or_none(from[2], digest_of);
        entry.to = value_or_none(line("to "), OfficeNo::parse);
        const auto spec = words(line("spec "), 5);
        entry.edition = text_of_word(spec[0]);
        entry.kind = text_of_word(spec[2]);
        entry.month = value_or_none(spec[4], Month::parse).value_or(Month());
        while (starts("file ") && entry.files.size() < max_listed_files)
            entry.files.push_back(file(static_cast<int>(entry.files.size()) + 1));
        entry.result = line("result ");
        if (starts("event ")) entry.event = line("event ");
        entry.rules = value_or_none(line("rules "), digest_of);
        const std::string_view cms = line("sig cms ");
        if (cms != "none") entry.cms = checked(digest_of(cms));
        while (good_ && !lines_.done() && !starts("adapter ")) entry.details.push_back(detail());
        if (good_ && !lines_.done())
            entry.conversion = checked(parse_conversion_line(line("adapter ")));
        check(lines_.done());
        if (!good_) return std::nullopt;
        return entry;
    }

  private:
    void check(bool condition) { good_ = good_ && condition; }

    template<class T> T checked(std::optional<T> value) {
        check(value.has_value());
        return value ? *std::move(value) : T();
    }

    template<class Parse>
    auto value_or_none(std::string_view text, Parse parse) -> decltype(parse(text)) {
        if (text == nothing) return std::nullopt;
        return checked(parse(text));
    }

    static std::optional<Digest> digest_of(std::string_view text) {
        const Result<Digest> digest = parse_digest(text);
        if (!digest) return std::nullopt;
        return *digest;
    }

    bool starts(std::string_view name) const {
        return lines_.rest().substr(0, name.size()) == name;
    }
    std::string_view next_line() { return checked(lines_.next()); }
    std::string_view line(std::string_view name) { return checked(after(name, next_line())); }

    std::vector<std::string_view> words(std::string_view text, std::size_t count) {
        auto found = split_words(text);
        check(found.size() == count);
        found.resize(count);
        return found;
    }

    EntryFile file(int number) {
        const auto parts = words(line("file "), 4);
        EntryFile file{number, std::string(parts[1]), checked(parse_decimal(parts[2])), {}};
        const auto commitment = from_base64(checked(after(commitment_mark, parts[3])));
        check(commitment && commitment->size() == file.commitment.bytes.size());
        if (good_) std::copy(commitment->begin(), commitment->end(), file.commitment.bytes.begin());
        return file;
    }

    std::pair<std::string, std::string> detail() {
        const std::string_view text = next_line();
        const std::size_t blank = text.find(' ');
        check(blank != std::string_view::npos);
        if (!good_) return {};
        return {std::string(text.substr(0, blank)), std::string(text.substr(blank + 1))};
    }

    Lines lines_;
    bool good_ = true;
};

} // namespace

std::string_view name_of(EntryType type) {
    for (const auto& [known, name] : type_names)
        if (known == type) return name;
    throw std::logic_error("name_of: not an entry type");
}

std::optional<EntryType> entry_type_of(std::string_view name) {
    for (const auto& [type, known] : type_names)
        if (known == name) return type;
    return std::nullopt;
}

std::string format_entry(const Entry& entry) {
    if (entry.files.size() > max_listed_files)
        throw std::length_error("format_entry: more files than a leaf lists");
    if (!fits_form(entry)) throw std::invalid_argument("format_entry: a value does not fit");
    std::string text = write(entry);
    if (text.size() > max_entry_bytes) throw std::length_error("format_entry: over 4 KiB");
    return text;
}

Result<Entry> parse_entry(std::string_view text) {
    const Error malformed{Errc::malformed, "not an entry of the log"};
    if (text.size() > max_entry_bytes) return malformed;
    std::optional<Entry> entry = EntryReader(text).read();
    if (!entry || !fits_form(*entry) || write(*entry) != text) return malformed;
    return *std::move(entry);
}

Digest commit_file(BytesView salt, const Digest& file_digest) {
    return Sha256().update("cpgw-commit/v1\n").update(salt).update(file_digest.view()).finish();
}

void list_files(Entry& entry, const std::vector<EntryFile>& all) {
    entry.files.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(
                                                      std::min(all.size(), max_listed_files)));
    if (all.size() <= max_listed_files) return;
    std::vector<Digest> commitments;
    for (const EntryFile& file : all) commitments.push_back(file.commitment);
    entry.details.emplace_back(files_digest_detail, prefixed_hex(digest_of_digests(commitments)));
}

std::optional<Digest> files_digest_of(const Entry& entry) {
    for (const auto& [name, value] : entry.details) {
        if (name != files_digest_detail) continue;
        const Result<Digest> digest = parse_digest(value);
        if (digest && prefixed_hex(*digest) == value) return *digest;
    }
    return std::nullopt;
}

std::string_view detail_of(const Entry& entry, std::string_view name) {
    for (const auto& [known, value] : entry.details)
        if (known == name) return value;
    return {};
}

std::vector<std::pair<std::string, std::string>> details_of_previous_log(const Checkpoint& last) {
    return {{"previous-log", last.origin},
            {"previous-size", std::to_string(last.size)},
            {"previous-root", base64(last.root.view())}};
}

std::optional<std::string> previous_log_of(const Entry& entry) {
    std::string body;
    for (const std::string_view name : {"previous-log", "previous-size", "previous-root"}) {
        const std::string_view value = detail_of(entry, name);
        if (entry.type != EntryType::start || value.empty()) return std::nullopt;
        body.append(value).append("\n");
    }
    return body;
}

Digest digest_of_digests(const std::vector<Digest>& digests) {
    Sha256 sum;
    for (const Digest& digest : digests) sum.update(digest.view());
    return sum.finish();
}

} // namespace cpg::audit

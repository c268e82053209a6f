#include "adapters/dialect/sets.hpp"

#include "spec/base/digits.hpp"

#include <algorithm>
#include <set>

namespace cpg::adapters {
namespace {

bool is_refusal(const Note& note) {
    return note_text(note.id).kind == NoteKind::refused;
}

Note note_of(std::string id, const Draft& draft, std::string detail = {}) {
    Note note;
    note.id = std::move(id);
    note.file = draft.file;
    note.line = draft.row.line;
    note.detail = std::move(detail);
    return note;
}

/// A draft with what is known of it.
struct Placed {
    Draft draft;
    std::vector<Note> notes;
    bool dropped = false;
    std::string kept_in; // when it is dropped: the file of the record that stands for it
};

std::vector<Placed> place(std::vector<FileRead>& reads) {
    std::vector<Placed> all;
    for (FileRead& read : reads) {
        const std::size_t first = all.size();
        for (Draft& draft : read.drafts) all.push_back({std::move(draft), {}, false});
        for (auto& [index, note] : read.row_notes)
            all[first + index].notes.push_back(std::move(note));
    }
    return all;
}

std::string last_day_of(Month month) {
    return month.str() + std::to_string(month.days());
}

bool covers(const Draft& draft, Month month) {
    const std::string first = month.str() + "01", last = last_day_of(month);
    return draft.period_from <= last && (draft.period_to.empty() || draft.period_to >= first);
}

/// Records of one key: the same content once; of several generations the one whose period covers
/// the month; anything else is a contradiction, which nobody solves here (A-KEY-01).
void settle_generations(std::vector<Placed*>& same, Month month) {
    std::vector<Placed*> distinct;
    for (Placed* placed : same) {
        const auto known = std::find_if(distinct.begin(), distinct.end(), [&](const Placed* other) {
            return other->draft.row == placed->draft.row;
        });
        if (known == distinct.end()) {
            distinct.push_back(placed);
            continue;
        }
        placed->dropped = true;
        placed->kept_in = (*known)->draft.file;
        (*known)->notes.push_back(note_of("A-KEY-02", placed->draft));
    }
    if (distinct.size() == 1) return;
    std::vector<Placed*> current;
    for (Placed* placed : distinct)
        if (month.has_value() && !placed->draft.period_from.empty() && covers(placed->draft, month))
            current.push_back(placed);
    if (current.size() != 1) {
        for (Placed* placed : distinct) {
            placed->notes.push_back(note_of("A-KEY-01", placed->draft));
            placed->draft.refused = true;
        }
        return;
    }
    for (Placed* placed : distinct) {
        placed->dropped = placed != current.front();
        placed->kept_in = current.front()->draft.file;
    }
    current.front()->notes.push_back(note_of("A-KEY-03", current.front()->draft));
}

void settle_keys(const Context& context, std::vector<Placed>& all) {
    std::map<std::pair<const Product*, std::vector<std::string>>, std::vector<Placed*>> by_key;
    for (Placed& placed : all)
        if (!placed.draft.unique.empty())
            by_key[{placed.draft.product, placed.draft.unique}].push_back(&placed);
    for (auto& [key, same] : by_key) {
        const Month month = context.month.value_or(same.front()->draft.month.value_or(Month()));
        settle_generations(same, month);
    }
}

/// Finds who sends to whom; what is missing or guessed at is noted.
class Envelope {
  public:
    Envelope(const Context& context, const Dialect& dialect)
        : context_(context), typed_(dialect.edition != "3") {}

    struct Found {
        std::optional<OfficeRef> from, to;
        std::optional<Serial> serial;
        std::vector<Note> notes;
    };

    Found find(const Ends& ends, const Draft& example, bool alone) const {
        Found found;
        found.from = end(ends.from, ends.from_type, context_.from, "送信元 / sender", example,
                         alone, found.notes);
        found.to = end(ends.to, ends.to_type, context_.to, "送信先 / receiver", example, alone,
                       found.notes);
        if (const auto serial = Serial::parse(ends.serial); serial && serial->is_real())
            found.serial = serial;
        return found;
    }

  private:
    std::optional<OfficeRef> end(const std::string& office, const std::string& type,
                                 const std::optional<OfficeRef>& otherwise,
                                 const std::string& which, const Draft& example, bool alone,
                                 std::vector<Note>& notes) const {
        OfficeRef ref;
        bool given = false;
        if (const auto no = OfficeNo::parse(office)) {
            ref.office = *no;
        } else if (office.empty() && otherwise) {
            ref = *otherwise;
            given = true;
            notes.push_back(note_of("A-FILL-01", example, which));
        } else {
            if (!alone) notes.push_back(note_of("A-ENV-01", example, which));
            return std::nullopt;
        }
        if (!typed_) {
            ref.service_type.reset();
            return ref;
        }
        if (given && ref.service_type) return ref;
        ref.service_type = ServiceType::parse(type);
        if (ref.service_type) return ref;
        if (otherwise && otherwise->office == ref.office && otherwise->service_type) {
            ref.service_type = otherwise->service_type;
            notes.push_back(note_of("A-FILL-01", example, which + " サービス種類 / service type"));
        } else if (const auto known = context_.tables.service_type(ref.office)) {
            ref.service_type = known;
            notes.push_back(note_of("A-ENV-03", example));
        } else {
            if (!alone) notes.push_back(note_of("A-ENV-02", example, ref.office.str()));
            return alone ? std::optional(ref) : std::nullopt;
        }
        return ref;
    }

    const Context& context_;
    bool typed_;
};

struct SetKey {
    bool alone = false;
    OfficeRef from, to;
    bool has_from = false, has_to = false;
    std::optional<Serial> serial;
    auto operator<=>(const SetKey&) const = default;
};

/// The sets under construction.
class Builder {
  public:
    Builder(const Context& context, const Dialect& dialect)
        : context_(context), envelope_(context, dialect),
          edition_(context.catalog->edition(dialect.edition)) {}

    /// False: its set is not known; the notes went to `unknown`.
    bool take(Placed& placed, std::vector<Note>& unknown) {
        const bool alone = placed.draft.product->alone;
        auto found = ends_.find({alone, placed.draft.ends});
        if (found == ends_.end())
            found = ends_
                        .emplace(std::pair(alone, placed.draft.ends),
                                 envelope_.find(placed.draft.ends, placed.draft, alone))
                        .first;
        const Envelope::Found& ends = found->second;
        if (!alone && (!ends.from || !ends.to)) {
            unknown.insert(unknown.end(), ends.notes.begin(), ends.notes.end());
            unknown.insert(unknown.end(), placed.notes.begin(), placed.notes.end());
            return false;
        }
        SetKey key{alone,
                   ends.from.value_or(OfficeRef()),
                   ends.to.value_or(OfficeRef()),
                   ends.from.has_value(),
                   ends.to.has_value(),
                   ends.serial};
        ReadSet& set = sets_[key];
        if (set.sources.empty()) {
            set.alone = alone;
            set.tables.edition = edition_;
            set.tables.from = key.from;
            set.tables.to = key.to;
        }
        if (told_.insert({alone, placed.draft.ends}).second)
            set.notes.insert(set.notes.end(), ends.notes.begin(), ends.notes.end());
        set.notes.insert(set.notes.end(), placed.notes.begin(), placed.notes.end());
        if (std::find(set.sources.begin(), set.sources.end(), placed.draft.file) ==
            set.sources.end())
            set.sources.push_back(placed.draft.file);
        add_row(set, std::move(placed.draft));
        return true;
    }

    void add_picture(const DialectFile& file, const FileName& name) {
        SetKey key{false, name.from, name.to, true, true, name.serial};
        const auto set = sets_.find(key);
        if (set == sets_.end()) return;
        set->second.tables.others.push_back(
            {std::string(file_name_of(file.path)), file.bytes, nullptr});
        set->second.sources.push_back(file.path);
        pictures_.insert(file.path);
    }
    bool has_picture(const std::string& path) const { return pictures_.contains(path); }

    std::vector<ReadSet> take_all() {
        std::vector<ReadSet> out;
        std::set<Serial> used;
        for (const auto& [key, set] : sets_)
            if (key.serial) used.insert(*key.serial);
        Serial next = context_.serial;
        for (auto& [key, set] : sets_) {
            if (key.serial) {
                set.tables.serial = *key.serial;
            } else {
                while (used.contains(next)) next = one_second_later(next);
                set.tables.serial = next;
                next = one_second_later(next);
            }
            sort_tables(set.tables);
            out.push_back(std::move(set));
        }
        return out;
    }

  private:
    static void add_row(ReadSet& set, Draft draft) {
        auto& tables = set.tables.tables;
        auto table = std::find_if(tables.begin(), tables.end(), [&](const Table& known) {
            return known.type == draft.type && known.month == draft.month;
        });
        if (table == tables.end()) {
            tables.push_back({draft.type, draft.month, {}});
            table = tables.end() - 1;
        }
        table->rows.push_back(std::move(draft.row));
    }

    void sort_tables(TableSet& set) const {
        const auto place = [&](const FileType* type) {
            for (std::size_t i = 0; i < edition_->files.size(); ++i)
                if (&edition_->files[i] == type) return i;
            return edition_->files.size();
        };
        std::stable_sort(set.tables.begin(), set.tables.end(),
                         [&](const Table& left, const Table& right) {
                             return place(left.type) < place(right.type);
                         });
    }

    const Context& context_;
    Envelope envelope_;
    const Edition* edition_;
    std::map<std::pair<bool, Ends>, Envelope::Found> ends_;
    std::set<std::pair<bool, Ends>> told_;
    std::map<SetKey, ReadSet> sets_;
    std::set<std::string> pictures_;

    static Serial one_second_later(const Serial& serial);
};

Serial Builder::one_second_later(const Serial& serial) {
    // Counts in the digits of hours, minutes and seconds; a day has room for 86,400 sets.
    const std::string text = serial.str();
    int seconds = number_of(text.substr(8, 2)) * 3600 + number_of(text.substr(10, 2)) * 60 +
                  number_of(text.substr(12, 2));
    seconds = (seconds + 1) % (24 * 3600);
    const auto two = [](int value) { return (value < 10 ? "0" : "") + std::to_string(value); };
    return Serial::parse(text.substr(0, 8) + two(seconds / 3600) + two(seconds / 60 % 60) +
                         two(seconds % 60))
        .value_or(serial);
}

/// A file whose records all stand in others too is a source like them.
void add_silent_sources(const std::map<std::string, std::set<std::string>>& said_again,
                        std::vector<std::string>& sources) {
    const std::vector<std::string> speaking = sources;
    for (const auto& [file, files] : said_again) {
        const std::set<std::string>& kept_in = files; // clang 14: no binding in a lambda
        const bool stood_for = std::any_of(speaking.begin(), speaking.end(), [&](const auto& own) {
            return kept_in.count(own) != 0;
        });
        if (stood_for && std::find(sources.begin(), sources.end(), file) == sources.end())
            sources.push_back(file);
    }
}

/// Pictures keep the standard's name: they go with the records of the same set.
const FileName* picture_name(const Catalog& catalog, const Dialect& dialect,
                             const std::string& path, ParsedName& parsed) {
    parsed = parse_file_name(catalog, file_name_of(path));
    const auto* const name = std::get_if<FileName>(&parsed);
    return name && !name->type->is_csv() && name->edition->id == dialect.edition ? name : nullptr;
}

} // namespace

ReadSets read_sets(const Knowledge& knowledge, const Dialect& dialect,
                   const std::vector<DialectFile>& files) {
    const Context& context = knowledge.context();
    ReadSets out;
    std::vector<FileRead> reads;
    std::vector<std::pair<const DialectFile*, FileName>> pictures;
    for (const DialectFile& file : files) {
        ParsedName parsed;
        if (const FileName* name = picture_name(*context.catalog, dialect, file.path, parsed))
            pictures.emplace_back(&file, *name);
        else
            reads.push_back(read_file(knowledge, dialect, file));
    }
    std::vector<Placed> all = place(reads);
    settle_keys(context, all);
    Builder builder(context, dialect);
    std::map<std::string, std::vector<Note>> unknown; // file -> notes of rows of no set
    // File -> files whose records stand for some of its own.
    std::map<std::string, std::set<std::string>> said_again;
    for (Placed& placed : all)
        if (placed.dropped) {
            said_again[placed.draft.file].insert(placed.kept_in);
        } else {
            const std::string file = placed.draft.file;
            builder.take(placed, unknown[file]);
        }
    for (const auto& [file, name] : pictures) builder.add_picture(*file, name);
    out.sets = builder.take_all();
    for (ReadSet& set : out.sets) add_silent_sources(said_again, set.sources);
    // What is wrong with a file holds for every set it is in: half a file is not sent.
    for (const FileRead& read : reads) {
        std::vector<Note> notes = read.notes;
        const std::vector<Note>& rows = unknown[read.path];
        notes.insert(notes.end(), rows.begin(), rows.end());
        bool in_a_set = false;
        for (ReadSet& set : out.sets)
            if (std::find(set.sources.begin(), set.sources.end(), read.path) != set.sources.end()) {
                in_a_set = true;
                set.notes.insert(set.notes.end(), notes.begin(), notes.end());
            }
        if (in_a_set) continue;
        if (std::none_of(notes.begin(), notes.end(), is_refusal)) {
            Note empty;
            empty.id = "A-REC-05";
            empty.file = read.path;
            notes.push_back(std::move(empty));
        }
        out.strays.emplace_back(read.path, std::move(notes));
    }
    for (const auto& [file, name] : pictures)
        if (!builder.has_picture(file->path)) {
            Note alone;
            alone.id = "A-NAME-01";
            alone.file = file->path;
            out.strays.emplace_back(file->path, std::vector<Note>{std::move(alone)});
        }
    return out;
}

} // namespace cpg::adapters

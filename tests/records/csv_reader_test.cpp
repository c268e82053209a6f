#include "spec/records/csv_reader.hpp"

#include <boost/test/unit_test.hpp>

#include <csv.h>
#include <random>
#include <sstream>

using namespace cpg;

namespace {

std::string_view name_of(CsvProblem problem) {
    switch (problem) {
    case CsvProblem::quote_open:
        return "open";
    case CsvProblem::quote_inside:
        return "inside";
    case CsvProblem::lone_cr:
        return "cr";
    case CsvProblem::blank_line:
        return "blank";
    case CsvProblem::too_long:
        return "long";
    }
    return "?";
}

/// What the visitor was told, one line a call. A cell: offset:line, its text in < > when quoted, in
/// [ ] when bare.

std::string story_of(BytesView file) {
    std::ostringstream out;
    const CsvVisitor visitor{[&](const Record& record) {
                                 out << record.number << "@" << record.line << "+" << record.offset;
                                 for (const Cell& cell : record.cells)
                                     out << ' ' << cell.offset << ':' << cell.line
                                         << (cell.quoted ? '<' : '[') << cell.text()
                                         << (cell.quoted ? '>' : ']');
                                 out << ';';
                             },
                             [&](const CsvNote& note) {
                                 out << name_of(note.problem) << " r" << note.record << " l"
                                     << note.line << " +" << note.offset << ';';
                             }};
    const CsvShape shape = read_csv(file, visitor);
    out << "=" << shape.records << " records " << shape.lines << " lines";
    if (shape.header_row) out << " header";
    if (shape.crlf) out << " crlf";
    if (shape.lf_only) out << " lf";
    if (shape.last_line_end) out << " ended";
    return out.str();
}

struct Case {
    std::string_view file;
    std::string_view story;
};

} // namespace

BOOST_AUTO_TEST_SUITE(csv_reader)

BOOST_AUTO_TEST_CASE(tells_cells_lines_offsets_and_traps) {
    using namespace std::string_view_literals;
    const Case cases[] = {
        {"", "=0 records 0 lines"},
        {"202407\r\n", "1@1+0 0:1[202407];=1 records 1 lines crlf ended"},
        {"202407", "1@1+0 0:1[202407];=1 records 1 lines"},
        {"202407,a\n202407,b\n",
         "1@1+0 0:1[202407] 7:1[a];2@2+9 9:2[202407] 16:2[b];=2 records 2 lines lf ended"},
        {"\"202407\",\"\"\r\n", "1@1+0 0:1<202407> 9:1<>;=1 records 1 lines crlf ended"},
        // blanks are part of the cell
        {"202407, a ,\tb\t,  \r\n",
         "1@1+0 0:1[202407] 7:1[ a ] 11:1[\tb\t] 15:1[  ];=1 records 1 lines crlf ended"},
        {"202407,,\r\n", "1@1+0 0:1[202407] 7:1[] 8:1[];=1 records 1 lines crlf ended"},
        {"202407,", "1@1+0 0:1[202407] 7:1[];=1 records 1 lines"},
        // commas, doubled quotes and line breaks inside quotes
        {"202407,\"a,b\"\r\n", "1@1+0 0:1[202407] 7:1<a,b>;=1 records 1 lines crlf ended"},
        {"202407,\"a\"\"b\",\"\"\"\"\r\n",
         "1@1+0 0:1[202407] 7:1<a\"b> 14:1<\">;=1 records 1 lines crlf ended"},
        {"202407,\"a\r\nb\",c\r\n202407,d\r\n",
         "1@1+0 0:1[202407] 7:1<a\r\nb> 14:2[c];2@3+17 17:3[202407] 24:3[d];"
         "=2 records 3 lines crlf ended"},
        {"202407,\"a\nb\rc\"\r\n202407\r\n",
         "1@1+0 0:1[202407] 7:1<a\nb\rc>;2@4+16 16:4[202407];=2 records 4 lines crlf ended"},
        // a header row has number 0
        {"version,month\r\n202407,202612\r\n",
         "0@1+0 0:1[version] 8:1[month];1@2+15 15:2[202407] 22:2[202612];"
         "=1 records 2 lines header crlf ended"},
        {"\xEF\xBB\xBF"
         "202407\r\n",
         "1@1+0 0:1[\xEF\xBB\xBF"
         "202407];=1 records 1 lines crlf ended"},
        {"20240\r\n", "0@1+0 0:1[20240];=0 records 1 lines header crlf ended"},
        // lone carriage returns end rows
        {"202407\r202407\r\n", "cr r1 l1 +6;1@1+0 0:1[202407];2@2+7 7:2[202407];"
                               "=2 records 2 lines crlf ended"},
        {"202407\r", "cr r1 l1 +6;1@1+0 0:1[202407];=1 records 1 lines ended"},
        {"202407,a\r202407\r\n", "cr r1 l1 +8;1@1+0 0:1[202407] 7:1[a];2@2+9 9:2[202407];"
                                 "=2 records 2 lines crlf ended"},
        // blank lines
        {"\r\n202407\r\n\r\n \r\n202407\r\n\n",
         "blank r1 l1 +0;1@2+2 2:2[202407];blank r2 l3 +10;blank r2 l4 +12;2@5+15 15:5[202407];"
         "blank r3 l6 +23;=2 records 6 lines crlf lf ended"},
        {"202407\r\n  ", "1@1+0 0:1[202407];blank r2 l2 +8;=1 records 2 lines crlf"},
        // quotes where none may stand
        {"202407,a\"b,c\r\n", "inside r1 l1 +8;1@1+0 0:1[202407] 7:1[a\"b] 11:1[c];"
                              "=1 records 1 lines crlf ended"},
        {"202407,\"a\"b,c\r\n", "inside r1 l1 +10;open r1 l1 +7;1@1+0 0:1[202407] "
                                "7:1[\"a\"b,c\r\n];=1 records 1 lines"},
        {"202407,\"a\"b\",c\r\n", "inside r1 l1 +10;1@1+0 0:1[202407] 7:1[\"a\"b\"] 13:1[c];"
                                  "=1 records 1 lines crlf ended"},
        {"202407, \"a,b\" ,c\r\n", "inside r1 l1 +8;1@1+0 0:1[202407] 7:1[ \"a,b\" ] 15:1[c];"
                                   "=1 records 1 lines crlf ended"},
        {"202407,\"a\" ,c\r\n", "inside r1 l1 +7;1@1+0 0:1[202407] 7:1[\"a\" ] 12:1[c];"
                                "=1 records 1 lines crlf ended"},
        // an open quote swallows the rest
        {"202407,\"a,b\r\n202407,c\r\n",
         "open r1 l1 +7;1@1+0 0:1[202407] 7:1<a,b\r\n202407,c\r\n>;=1 records 2 lines"},
        {"202407,\"", "open r1 l1 +7;1@1+0 0:1[202407] 7:1<>;=1 records 1 lines"},
        // odd bytes are data
        {"202407,\0a\r\n"sv, "1@1+0 0:1[202407] 7:1[\0a];=1 records 1 lines crlf ended"sv},
        {"202407,\x95\x5C,\x83\x5C\r\n",
         "1@1+0 0:1[202407] 7:1[\x95\x5C] 10:1[\x83\x5C];=1 records 1 lines crlf ended"},
    };
    for (const Case& each : cases) BOOST_TEST(story_of(each.file) == each.story);
}

BOOST_AUTO_TEST_CASE(raw_views_the_bytes_of_the_file) {
    const std::string file = "202407,\"a\"\"b\"\r\n";
    int cells = 0;
    read_csv(file,
             {[&](const Record& record) {
                  for (const Cell& cell : record.cells) {
                      BOOST_TEST((cell.raw.data() >= file.data()));
                      BOOST_TEST((cell.raw.data() + cell.raw.size() <= file.data() + file.size()));
                      ++cells;
                  }
                  BOOST_TEST(record.cells[1].raw == "a\"\"b");
                  BOOST_TEST(record.cells[1].escaped);
              },
              {}});
    BOOST_TEST(cells == 2);
}

BOOST_AUTO_TEST_CASE(an_exception_of_the_visitor_reaches_the_caller_once) {
    int calls = 0;
    const auto read = [&] {
        read_csv("202407\r\n202407\r\n202407\r\n", {[&](const Record&) {
                                                        if (++calls == 2)
                                                            throw std::domain_error("enough");
                                                    },
                                                    {}});
    };
    BOOST_CHECK_THROW(read(), std::domain_error);
    BOOST_TEST(calls == 2);
}

BOOST_AUTO_TEST_CASE(a_long_cell_over_many_chunks_is_one_cell) {
    const std::string text(300'000, 'x');
    std::size_t length = 0;
    const CsvShape shape = read_csv("202407,\"" + text + "\n" + text + "\"\r\n202407\r\n",
                                    {[&](const Record& record) {
                                         if (record.number == 1)
                                             length = record.cells.at(1).raw.size();
                                         if (record.number == 2) BOOST_TEST(record.line == 3u);
                                     },
                                     {}});
    BOOST_TEST(length == 2 * text.size() + 1);
    BOOST_TEST(shape.records == 2u);
}

namespace {

struct Counts {
    std::vector<std::vector<std::string>> rows{{}};
};

/// libcsv alone, lenient: the reader must never lose or invent a cell.
std::vector<std::vector<std::string>> libcsv_rows(const std::string& file) {
    Counts counts;
    csv_parser parser;
    csv_init(&parser, 0);
    const auto cell = [](void* text, std::size_t length, void* data) {
        static_cast<Counts*>(data)->rows.back().emplace_back(static_cast<const char*>(text),
                                                             length);
    };
    const auto row = [](int, void* data) { static_cast<Counts*>(data)->rows.emplace_back(); };
    csv_parse(&parser, file.data(), file.size(), cell, row, &counts);
    csv_fini(&parser, cell, row, &counts);
    csv_free(&parser);
    counts.rows.pop_back();
    return counts.rows;
}

bool is_plain(const Cell& cell) {
    const bool blank_ends =
        !cell.raw.empty() && (cell.raw.front() == ' ' || cell.raw.back() == ' ');
    return cell.quoted || (!blank_ends && cell.raw.find('"') == BytesView::npos);
}

} // namespace

BOOST_AUTO_TEST_CASE(never_loses_step_with_libcsv_on_random_bytes) {
    const auto seed = std::random_device{}();
    BOOST_TEST_CONTEXT("seed " << seed) {
        std::mt19937 random(seed);
        const std::string alphabet = "\"\"\",,,\r\n\n  ab1";
        for (int round = 0; round < 30000; ++round) {
            std::string file(random() % 40, ' ');
            for (char& c : file) c = alphabet[random() % alphabet.size()];
            const auto expected = libcsv_rows(file);
            std::size_t row = 0;
            std::uint64_t last_end = 0;
            read_csv(file,
                     {[&](const Record& record) {
                          BOOST_REQUIRE_MESSAGE(row < expected.size(), file);
                          BOOST_REQUIRE_MESSAGE(record.cells.size() == expected[row].size(), file);
                          for (std::size_t i = 0; i < record.cells.size(); ++i) {
                              const Cell& cell = record.cells[i];
                              BOOST_REQUIRE(cell.offset >= last_end);
                              last_end = cell.offset + cell.raw.size();
                              BOOST_REQUIRE(last_end <= file.size());
                              if (is_plain(cell))
                                  BOOST_REQUIRE_MESSAGE(cell.text() == expected[row][i], file);
                          }
                          ++row;
                      },
                      {}});
            BOOST_REQUIRE_MESSAGE(row == expected.size(), file);
        }
    }
}

BOOST_AUTO_TEST_CASE(counts_physical_lines_exactly_on_random_bytes) {
    const auto seed = std::random_device{}();
    BOOST_TEST_CONTEXT("seed " << seed) {
        std::mt19937 random(seed);
        const std::string alphabet = "\",\r\na";
        for (int round = 0; round < 30000; ++round) {
            std::string file(random() % 30, ' ');
            for (char& c : file) c = alphabet[random() % alphabet.size()];
            std::vector<std::uint32_t> line_of(file.size() + 1, 1);
            for (std::size_t i = 0; i < file.size(); ++i) {
                const bool ends =
                    file[i] == '\n' ||
                    (file[i] == '\r' && !(i + 1 < file.size() && file[i + 1] == '\n'));
                line_of[i + 1] = line_of[i] + (ends ? 1 : 0);
            }
            read_csv(file, {[&](const Record& record) {
                                BOOST_REQUIRE_MESSAGE(record.line == line_of[record.offset], file);
                                for (const Cell& cell : record.cells)
                                    BOOST_REQUIRE_MESSAGE(cell.line == line_of[cell.offset], file);
                            },
                            [&](const CsvNote& note) {
                                BOOST_REQUIRE_MESSAGE(note.problem == CsvProblem::quote_inside ||
                                                          note.line == line_of[note.offset],
                                                      file);
                            }});
        }
    }
}

BOOST_AUTO_TEST_CASE(written_cells_read_back) {
    for (const std::string text : {"", "a", "a\"b", "a,b", "\r\n", "\"", "\"\""}) {
        Bytes file = "202407,";
        append_cell(file, text, true);
        file += ',';
        append_cell(file, "bare", false);
        file += "\r\n";
        int records = 0;
        read_csv(file, {[&](const Record& record) {
                            ++records;
                            BOOST_TEST(record.cells.at(1).text() == text);
                            BOOST_TEST(record.cells.at(1).quoted);
                            BOOST_TEST(record.cells.at(2).text() == "bare");
                        },
                        {}});
        BOOST_TEST(records == 1);
    }
}

BOOST_AUTO_TEST_SUITE_END()

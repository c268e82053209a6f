// The floor of the check's benchmark: libcsv splits a file into cells and calls empty functions,
// nothing else.
//     libcsv_bench FILE [ROUNDS]      prints the best round as "<seconds> <cells>"
#include <csv.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

namespace {

void count_cell(void*, std::size_t, void* cells) {
    ++*static_cast<std::uint64_t*>(cells);
}

void end_row(int, void*) {}

// A round over the whole file; -1 when libcsv gives up.
double seconds_of(const std::string& bytes, std::uint64_t& cells) {
    csv_parser parser;
    csv_init(&parser, CSV_APPEND_NULL);
    const auto start = std::chrono::steady_clock::now();
    const auto parsed = csv_parse(&parser, bytes.data(), bytes.size(), count_cell, end_row, &cells);
    csv_fini(&parser, count_cell, end_row, &cells);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    csv_free(&parser);
    return parsed == bytes.size() ? took.count() : -1;
}

} // namespace

int main(int count, char** words) {
    if (count < 2) {
        std::cerr << "usage: libcsv_bench FILE [ROUNDS]\n";
        return 2;
    }
    std::ifstream in(words[1], std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    const int rounds = count > 2 ? std::max(1, std::atoi(words[2])) : 3;
    double best = -1;
    std::uint64_t cells = 0;
    for (int round = 0; round < rounds; ++round) {
        cells = 0;
        const double took = seconds_of(bytes, cells);
        if (took < 0) return 1;
        best = best < 0 ? took : std::min(best, took);
    }
    std::cout << best << ' ' << cells << '\n';
    return 0;
}

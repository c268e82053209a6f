// The first byte says in pieces of how many bytes the rest arrives: the outcome must not depend on
// it.
#include "gateway/http/target.hpp"
#include "gateway/http/wire.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace cpg;
using http::RequestReader;

namespace {

constexpr std::size_t max_header_bytes = 2048;
constexpr std::uint64_t max_body_bytes = 4096;

struct Outcome {
    RequestReader::State state{};
    int status = 0;
    std::size_t used = 0;
    std::string method, target, body;
    bool operator==(const Outcome&) const = default;
};

bool wants_bytes(RequestReader::State state) {
    return state == RequestReader::State::head || state == RequestReader::State::body;
}

Outcome read(BytesView wire, std::size_t piece) {
    RequestReader reader(max_header_bytes);
    Outcome outcome;
    while (outcome.used < wire.size() && wants_bytes(reader.state())) {
        const BytesView bytes = wire.substr(outcome.used, piece);
        const std::size_t taken = reader.feed(bytes);
        fuzz::require(taken <= bytes.size(), "no more is taken than was given");
        outcome.used += taken;
        if (reader.state() == RequestReader::State::head_done) reader.open_body(max_body_bytes);
        fuzz::require(taken > 0 || !wants_bytes(reader.state()), "every step goes on");
        fuzz::require(reader.body_size() <= max_body_bytes, "no more body than allowed");
    }
    outcome.state = reader.state();
    if (outcome.state == RequestReader::State::refused) {
        outcome.status = reader.refusal().status;
        fuzz::require(outcome.status >= 400, "a refusal has a status of an error");
        outcome.used = 0; // the connection is closed: how much was read does not matter
        return outcome;
    }
    outcome.method = reader.head().method;
    outcome.target = reader.head().target;
    if (outcome.state == RequestReader::State::complete) outcome.body = reader.take_body();
    return outcome;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::size_t piece = input.byte() % 64 + 1u;
    const Outcome whole = read(input.rest(), input.rest().size());
    const Outcome in_pieces = read(input.rest(), piece);
    fuzz::require(whole == in_pieces, "it does not matter in what pieces a request arrives");
    return 0;
}

#include "gateway/cli/commands.hpp"
#include "gateway/cli/step.hpp"

namespace cpg::cli {

const Usage ack_usage{
    "ack",
    "取り込めたか、取り込めなかったかを相手に返します",
    "tells the sender whether the import worked",
    {"ID imported|import_failed", 2, 2},
    with({{"--note", "TEXT", "理由（相手に見えます）", "reason; the sender sees it"},
          {"--out", "FILE", "取込票の保存先", "file for the receipt"}},
         connection_options())};

int ack_command(const Arguments& given) {
    const BundleId id = id_operand(given.operands()[0]);
    const std::string& state = given.operands()[1];
    if (state != "imported" && state != "import_failed")
        throw UsageError(
            "imported か import_failed を指定してください / imported or import_failed, "
            "not " +
            state);
    boost::json::object body{{"state", state}};
    if (given.has("--note")) body["note"] = given.text("--note");
    Connection connection(given);
    return take_step(given, connection, {id, "ack", state, Reader::receiver}, body);
}

} // namespace cpg::cli

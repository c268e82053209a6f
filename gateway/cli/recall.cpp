#include "gateway/cli/commands.hpp"
#include "gateway/cli/step.hpp"

namespace cpg::cli {

const Usage recall_usage{
    "recall",
    "相手がまだ受領していない送信単位を取り消します",
    "takes a bundle back that was not fetched yet",
    {"ID", 1, 1},
    with({{"--out", "FILE", "取消票の保存先", "file for the receipt"}}, connection_options())};

int recall_command(const Arguments& given) {
    const BundleId id = id_operand(given.operands()[0]);
    Connection connection(given);
    return take_step(given, connection, {id, "recall", "recalled", Reader::sender}, {});
}

} // namespace cpg::cli

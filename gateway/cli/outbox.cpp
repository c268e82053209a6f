#include "gateway/cli/mailbox.hpp"

namespace cpg::cli {

const Usage outbox_usage{"outbox",
                         "送った送信単位と、相手の受領・取込の状況です",
                         "lists what was sent, with its delivery state",
                         {},
                         with({{"--month", "YYYYMM", "対象年月", "month"}}, connection_options())};

int outbox_command(const Arguments& given) {
    Connection connection(given);
    print_mailbox(connection, "/v1/outbox?state=all" + month_query(given), Reader::sender);
    return exit_done;
}

} // namespace cpg::cli

#include "gateway/cli/mailbox.hpp"

namespace cpg::cli {

const Usage inbox_usage{
    "inbox",
    "届いた送信単位の一覧です",
    "lists the bundles that arrived",
    {},
    with({{"--state", "new|fetched|imported|all", "状態（既定 new）", "state (default new)"},
          {"--month", "YYYYMM", "対象年月", "month"}},
         connection_options())};

int inbox_command(const Arguments& given) {
    Connection connection(given);
    const std::string query = "?state=" + given.text("--state", "new") + month_query(given);
    print_mailbox(connection, "/v1/inbox" + query, Reader::receiver);
    return exit_done;
}

} // namespace cpg::cli

// cpgw: picks the subcommand and is the one place where its exceptions end.
#include "gateway/cli/commands.hpp"

#include <algorithm>
#include <exception>
#include <iostream>
#include <span>

namespace {

using namespace cpg::cli;

std::span<const Command> commands() {
    static const Command table[] = {
        {&serve_usage, serve_command},
        {&check_usage, check_command},
        {&sample_usage, sample_command},
        {&send_usage, send_command},
        {&inbox_usage, inbox_command},
        {&fetch_usage, fetch_command},
        {&ack_usage, ack_command},
        {&recall_usage, recall_command},
        {&outbox_usage, outbox_command},
        {&agent_usage, agent_command},
        {&receipt_usage, receipt_command},
        {&verify_usage, verify_command},
        {&sign_usage, sign_command},
        {&evidence_usage, evidence_command},
        {&cert_ca_init_usage, cert_ca_init_command},
        {&cert_csr_usage, cert_csr_command},
        {&cert_issue_usage, cert_issue_command},
        {&cert_renew_usage, cert_renew_command},
        {&cert_revoke_usage, cert_revoke_command},
        {&cert_crl_usage, cert_crl_command},
        {&cert_show_usage, cert_show_command},
        {&office_add_usage, office_add_command},
        {&office_list_usage, office_list_command},
        {&office_import_usage, office_import_command},
        {&office_disable_usage, office_disable_command},
        {&office_cert_usage, office_cert_command},
        {&user_add_usage, user_add_command},
        {&user_list_usage, user_list_command},
        {&user_reset_usage, user_reset_command},
        {&user_lock_usage, user_lock_command},
        {&user_unlock_usage, user_unlock_command},
        {&user_disable_usage, user_disable_command},
        {&user_token_add_usage, user_token_add_command},
        {&user_token_list_usage, user_token_list_command},
        {&user_token_revoke_usage, user_token_revoke_command},
        {&webhook_add_usage, webhook_add_command},
        {&webhook_list_usage, webhook_list_command},
        {&webhook_remove_usage, webhook_remove_command},
        {&webhook_test_usage, webhook_test_command},
        {&webhook_enable_usage, webhook_enable_command},
        {&webhook_rotate_usage, webhook_rotate_command},
        {&db_init_usage, db_init_command},
        {&db_check_usage, db_check_command},
        {&db_upgrade_usage, db_upgrade_command},
        {&db_backup_usage, db_backup_command},
        {&db_restore_usage, db_restore_command},
        {&db_rekey_usage, db_rekey_command},
        {&db_wrap_key_usage, db_wrap_key_command},
        {&audit_head_usage, audit_head_command},
        {&retention_run_usage, retention_run_command},
        {&audit_fsck_usage, audit_fsck_command},
        {&audit_export_usage, audit_export_command},
        {&audit_verify_export_usage, audit_verify_export_command},
        {&witness_usage, witness_command},
        {&sandbox_usage, sandbox_command},
        {&spec_lint_usage, spec_lint_command},
        {&spec_doc_usage, spec_doc_command},
        {&spec_diff_usage, spec_diff_command},
        {&convert_usage, convert_command},
        {&view_usage, view_command},
        {&kit_list_usage, kit_list_command},
        {&kit_make_usage, kit_make_command},
        {&kit_check_usage, kit_check_command},
        {&kit_import_check_usage, kit_import_check_command},
        {&kit_key_usage, kit_key_command},
        {&kit_summary_usage, kit_summary_command},
        {&kit_verify_usage, kit_verify_command},
        {&adapters_list_usage, adapters_list_command},
        {&adapters_detect_usage, adapters_detect_command},
        {&adapters_convert_usage, adapters_convert_command},
        {&adapters_test_usage, adapters_test_command},
        {&bench_send_usage, bench_send_command},
        {&bench_cycle_usage, bench_cycle_command},
    };
    return table;
}

std::string overview() {
    std::string text = "cpgw " CPGW_VERSION "\n"
                       "ケアプランデータ連携ゲートウェイ / care-plan exchange gateway\n\n";
    for (const auto& command : commands()) {
        text += "  cpgw " + command.usage->name;
        text.append(command.usage->name.size() < 16 ? 16 - command.usage->name.size() : 1, ' ');
        text += command.usage->ja + "\n" + std::string(23, ' ') + command.usage->en + "\n";
    }
    return text + "\n  cpgw COMMAND --help   コマンドの説明 / help on a command\n"
                  "  cpgw --version        版 / version\n";
}

bool is_group(const std::string& word) {
    return std::any_of(commands().begin(), commands().end(), [&](const Command& command) {
        return command.usage->name.starts_with(word + " ");
    });
}

const Command* find(const std::string& name) {
    const auto at = std::find_if(commands().begin(), commands().end(), [&](const Command& command) {
        return command.usage->name == name;
    });
    return at == commands().end() ? nullptr : &*at;
}

std::string group_help(const std::string& word) {
    std::string text;
    for (const auto& command : commands())
        if (command.usage->name.starts_with(word + " ")) text += help_text(*command.usage) + "\n";
    return text;
}

/// Takes the one to three words that name the command off `words`.
const Command& choose(std::vector<std::string>& words) {
    std::string name = words[0];
    std::size_t used = 1;
    const Command* command = find(name);
    while (!command && used < words.size() && is_group(name)) {
        name += " " + words[used++];
        command = find(name);
    }
    if (!command) throw UsageError("知らないコマンドです: " + name + " / unknown command: " + name);
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(used));
    return *command;
}

int run(std::vector<std::string> words) {
    if (words.empty()) {
        std::cerr << overview();
        return exit_usage;
    }
    if (words[0] == "--help" || words[0] == "help") {
        std::cout << overview();
        return exit_done;
    }
    if (words[0] == "--version") {
        std::cout << "cpgw " CPGW_VERSION "\n";
        return exit_done;
    }
    if (is_group(words[0]) && (words.size() == 1 || words[1] == "--help")) {
        (words.size() == 1 ? std::cerr : std::cout) << group_help(words[0]);
        return words.size() == 1 ? exit_usage : exit_done;
    }
    const Command& command = choose(words);
    try {
        const Arguments given = Arguments::parse(*command.usage, words);
        if (given.wants_help()) {
            std::cout << help_text(*command.usage);
            return exit_done;
        }
        return command.run(given);
    } catch (const UsageError& error) {
        throw UsageError(std::string(error.what()) + "\n説明 / help: cpgw " + command.usage->name +
                         " --help");
    }
}

} // namespace

int main(int count, char** words) {
    try {
        const int code = run(std::vector<std::string>(words + 1, words + count));
        std::cout.flush();
        if (!std::cout) throw Failure(exit_usage, "出力を書けません / cannot write the output");
        return code;
    } catch (const Failure& failure) {
        std::cerr << "cpgw: " << failure.what() << "\n";
        return failure.code();
    } catch (const std::exception& error) {
        std::cerr << "cpgw: " << error.what() << "\n";
        return exit_usage;
    }
}

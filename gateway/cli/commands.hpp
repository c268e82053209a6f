// The subcommands: a table of options and a function each, one file a subcommand. A command returns
// an exit code of the contract; it throws UsageError or Failure to end early.
#pragma once

#include "gateway/cli/args.hpp"

namespace cpg::cli {

struct Command {
    const Usage* usage;
    int (*run)(const Arguments&);
};

extern const Usage check_usage, sample_usage, spec_lint_usage, spec_doc_usage;
int check_command(const Arguments& given);
int sample_command(const Arguments& given);
int spec_lint_command(const Arguments& given);
int spec_doc_command(const Arguments& given);

extern const Usage convert_usage, view_usage, spec_diff_usage;
int convert_command(const Arguments& given);
int view_command(const Arguments& given);
int spec_diff_command(const Arguments& given);

extern const Usage send_usage, inbox_usage, outbox_usage, fetch_usage, ack_usage, recall_usage,
    receipt_usage, verify_usage;
int send_command(const Arguments& given);
int inbox_command(const Arguments& given);
int outbox_command(const Arguments& given);
int fetch_command(const Arguments& given);
int ack_command(const Arguments& given);
int recall_command(const Arguments& given);
int receipt_command(const Arguments& given);
int verify_command(const Arguments& given);

extern const Usage sign_usage, evidence_usage;
int sign_command(const Arguments& given);
int evidence_command(const Arguments& given);

extern const Usage cert_ca_init_usage, cert_csr_usage, cert_issue_usage, cert_renew_usage,
    cert_revoke_usage, cert_crl_usage, cert_show_usage;
int cert_ca_init_command(const Arguments& given);
int cert_csr_command(const Arguments& given);
int cert_issue_command(const Arguments& given);
int cert_renew_command(const Arguments& given);
int cert_revoke_command(const Arguments& given);
int cert_crl_command(const Arguments& given);
int cert_show_command(const Arguments& given);

extern const Usage office_add_usage, office_list_usage, office_import_usage, office_disable_usage,
    office_cert_usage;
int office_add_command(const Arguments& given);
int office_list_command(const Arguments& given);
int office_import_command(const Arguments& given);
int office_disable_command(const Arguments& given);
int office_cert_command(const Arguments& given);

extern const Usage user_add_usage, user_list_usage, user_reset_usage, user_lock_usage,
    user_unlock_usage, user_disable_usage, user_token_add_usage, user_token_list_usage,
    user_token_revoke_usage;
int user_add_command(const Arguments& given);
int user_list_command(const Arguments& given);
int user_reset_command(const Arguments& given);
int user_lock_command(const Arguments& given);
int user_unlock_command(const Arguments& given);
int user_disable_command(const Arguments& given);
int user_token_add_command(const Arguments& given);
int user_token_list_command(const Arguments& given);
int user_token_revoke_command(const Arguments& given);

extern const Usage webhook_add_usage, webhook_list_usage, webhook_remove_usage, webhook_test_usage,
    webhook_enable_usage, webhook_rotate_usage;
int webhook_add_command(const Arguments& given);
int webhook_list_command(const Arguments& given);
int webhook_remove_command(const Arguments& given);
int webhook_test_command(const Arguments& given);
int webhook_enable_command(const Arguments& given);
int webhook_rotate_command(const Arguments& given);

extern const Usage bench_send_usage, bench_cycle_usage;
int bench_send_command(const Arguments& given);
int bench_cycle_command(const Arguments& given);

// The conformance kit for vendors: kit.cpp, kit_summary.cpp.
extern const Usage kit_list_usage, kit_make_usage, kit_check_usage, kit_import_check_usage,
    kit_key_usage, kit_summary_usage, kit_verify_usage;
int kit_list_command(const Arguments& given);
int kit_make_command(const Arguments& given);
int kit_check_command(const Arguments& given);
int kit_import_check_command(const Arguments& given);
int kit_key_command(const Arguments& given);
int kit_summary_command(const Arguments& given);
int kit_verify_command(const Arguments& given);

// Dialects of care software: adapters.cpp.
extern const Usage adapters_list_usage, adapters_detect_usage, adapters_convert_usage,
    adapters_test_usage;
int adapters_list_command(const Arguments& given);
int adapters_detect_command(const Arguments& given);
int adapters_convert_command(const Arguments& given);
int adapters_test_command(const Arguments& given);

// The gateway itself: serve.cpp, db.cpp, audit.cpp.
extern const Usage serve_usage, db_init_usage, db_check_usage, db_upgrade_usage, audit_head_usage,
    audit_fsck_usage, audit_export_usage, audit_verify_export_usage;
int serve_command(const Arguments& given);
int db_init_command(const Arguments& given);
int db_check_command(const Arguments& given);
int db_upgrade_command(const Arguments& given);
int audit_head_command(const Arguments& given);
int audit_fsck_command(const Arguments& given);
int audit_export_command(const Arguments& given);
int audit_verify_export_command(const Arguments& given);

extern const Usage sandbox_usage;
int sandbox_command(const Arguments& given);

extern const Usage witness_usage;
int witness_command(const Arguments& given);

extern const Usage db_backup_usage, db_restore_usage, db_rekey_usage, db_wrap_key_usage;
int db_backup_command(const Arguments& given);
int db_restore_command(const Arguments& given);
int db_rekey_command(const Arguments& given);
int db_wrap_key_command(const Arguments& given);

// The office's watched folders.
extern const Usage agent_usage;
int agent_command(const Arguments& given);

extern const Usage retention_run_usage;
int retention_run_command(const Arguments& given);

} // namespace cpg::cli

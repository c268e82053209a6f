// Who may do what, as tables: roles of people, scopes of tokens. Pure, any thread.
#pragma once

#include "gateway/identity/directory.hpp"

namespace cpg::identity {

/// What a route needs.
enum class Right {
    general,  // nothing of an office's exchange: directory, limits, the log, one's own session
    check,    // validate without keeping
    read,     // mailboxes, bundles, payloads, receipts
    send,     // submit, recall
    ack,      // acknowledge
    people,   // the office's people and tokens
    webhooks, // where its events are posted
    open,     // contract, pages, signing in: a session or a token is not looked at
};

/// A person's role or a token's scopes decide; a certificate alone may do all but `people`.
bool may(const Identity& identity, Right right);

} // namespace cpg::identity

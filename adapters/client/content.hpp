// What a program does with an Answer beside reading its JSON (answer_text.hpp): the files of a
// bundle out of it, and what kind of refusal it is. Pure, any thread.
#pragma once

#include "adapters/client/client.hpp"
#include "spec/records/bundle.hpp"

namespace cpg::client {

/// The files of /v1/bundles/{id}/content, byte for byte. digest_mismatch: not the bytes that
/// Content-Digest announces, or none are announced; malformed, too_large: no ZIP that a gateway
/// makes.
Result<std::vector<InputFile>> read_content(const Answer& answer);

/// What an answer that is no 2xx refuses: the code of its problem document (of its status when it
/// has none), and title, detail and incident as one printable line.
Error refusal_of(const Answer& answer);

} // namespace cpg::client

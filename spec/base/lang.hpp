// The languages of texts for people; Japanese is the default.
#pragma once

namespace cpg {

enum class Lang { ja, en };

} // namespace cpg

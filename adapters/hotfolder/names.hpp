// File names that a Windows desktop can hold: offices look into these folders over a share, and
// care software opens the files by CP932 names. Pure, any thread.
#pragma once

#include <string>
#include <string_view>

namespace cpg::hotfolder {

/// A rest of somebody's writing or of a desktop, never a file to send: hidden (".x"), "~$x", "x~",
/// .tmp, .part, .partial, .crdownload, .swp (any case), Thumbs.db, desktop.ini.
bool is_passed_over(std::string_view name);

/// What Windows refuses or changes: control characters, <>:"/\|?*, device names (CON, NUL.txt,
/// COM1 …), a trailing dot or blank; and what CP932 cannot hold; or over 120 characters.
bool is_windows_name(std::string_view utf8);

/// The nearest name that is one: 〜 becomes ～, what cannot stay becomes "_", a device name gets
/// "_" in front, a long stem is cut before its extension. A good name stays as it is; never empty.
std::string windows_name(std::string_view utf8);

/// Room that a share's own path needs of the 259 characters of Windows: relative paths written
/// here stay under this many characters.
constexpr std::size_t max_relative_path = 180;
constexpr std::size_t max_name = 120;

/// Characters as Windows counts them (UTF-16 units); not UTF-8: bytes.
std::size_t utf16_length(std::string_view utf8);

} // namespace cpg::hotfolder

#define TOML_IMPLEMENTATION
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

// WebAssembly's C++ library has no streams of files. The library names one in a function that is
// never called here; this is what it gets there.
#ifdef __wasm__
struct NoFile {};
template <>
class std::basic_ifstream<NoFile> : public std::istringstream {
 public:
  void open(const std::string&, openmode) {}
  static bool is_open() { return false; }
};
#define ifstream basic_ifstream<NoFile>
#endif

#include "grant/toml.h"

#ifdef __wasm__
#undef ifstream
#endif

namespace nacre::grant {

namespace {

constexpr uint32_t kMaxNameParts = 64;

// Behind the string that begins at `at`; the end of the text if it does not end on its line: there
// the parser stops.
size_t skip_string(std::string_view text, size_t at) {
  char quote = text[at];
  for (++at; at < text.size() && text[at] != '\n' && text[at] != '\r'; ++at) {
    if (text[at] == quote) return at + 1;
    if (text[at] == '\\' && quote == '"') ++at;
  }
  return text.size();
}

}  // namespace

std::optional<Objection> objection_to(std::string_view text) {
  // The library also ends lines, and so comments, at these.
  for (std::string_view end : {"\v", "\f", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"}) {
    size_t at = text.find(end);
    if (at == std::string_view::npos) continue;
    auto before = std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(at), '\n');
    return Objection{1 + static_cast<uint32_t>(before), "an unusual end of a line"};
  }
  uint32_t line = 1;
  uint32_t dots = 0;
  char before = '\n';
  for (size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    if (c == '\n') ++line;
    if (c == '\n' || c == '=' || c == ',') dots = 0;
    if (c == '.' && ++dots == kMaxNameParts) return Objection{line, "a name with too many parts"};
    if (static_cast<unsigned char>(c) >= 0x80) {
      return Objection{line, "a character beyond ASCII outside of a string"};
    }
    if (c == '#') at = std::min(text.find_first_of("\r\n", at), text.size()) - 1;
    bool quote = c == '"' || c == '\'';
    bool opens = quote || c == '[' || c == '{';
    // Inside of a word the library would look at a string's characters as its own.
    if (opens && std::string_view("\n=[,{").find(before) == std::string_view::npos) {
      return Objection{line, "a quote or bracket in the middle of a word"};
    }
    if (c != ' ' && c != '\t' && c != '\r') before = c;
    if (!quote) continue;
    if (text.substr(at).starts_with(std::string(3, c))) {
      return Objection{line, "a string of several lines"};
    }
    at = skip_string(text, at) - 1;
  }
  return std::nullopt;
}

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", byte);
      result += escape;
    } else {
      result += c;
    }
  }
  return result + '"';
}

}  // namespace nacre::grant

#define TOML_IMPLEMENTATION
#include "policy/toml.h"

#include <cstdio>

#include "base/utf8.h"

namespace nacre::policy {

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

}  // namespace nacre::policy

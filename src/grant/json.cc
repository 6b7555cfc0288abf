#include "grant/json.h"

#include <cstdio>

#include "base/utf8.h"

namespace nacre::grant {

void append_json(std::string& out, std::string_view text) {
  bool valid = is_utf8(text);
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", byte);
      out += escape;
    } else if (byte >= 0x80 && !valid) {
      out += "\\ufffd";
    } else {
      out += c;
    }
  }
}

}  // namespace nacre::grant

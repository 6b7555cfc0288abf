// JSON as this folder writes it: strings.
#pragma once

#include <string>
#include <string_view>

namespace nacre::grant {

// What stands between the quotation marks; bytes that are not UTF-8 become \ufffd.
void append_json(std::string& out, std::string_view text);

}  // namespace nacre::grant

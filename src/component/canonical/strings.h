// Strings in a guest's memory (component model, "Canonical ABI": Loading, Storing). The host's are
// UTF-8.
#pragma once

#include <string>
#include <string_view>

#include "component/canonical/boundary.h"

namespace nacre::component {

// An address and a length in code units, as the guest has it: with latin1+utf16 the highest bit says
// that the units are those of UTF-16.
struct StringRange {
  uint64_t address = 0;
  uint64_t length = 0;
};

struct LiftedString {
  std::string text;
  bool is_tagged = false;  // UTF-16 of latin1+utf16
};

// At most twice as many bytes as the range has. Nothing is decoded if there are more than
// `max_units` code units, each of which becomes a byte or more.
OrTrap<LiftedString> load_string(Bytes memory, StringEncoding encoding, StringRange range,
                                 AddressWidth width, uint64_t max_units);

// Where the text came from decides how often and for how much realloc is called, which guests can
// see.
struct StringSource {
  std::string_view text;
  StringEncoding encoding = StringEncoding::utf8;
  bool is_tagged = false;
};
OrTrap<StringRange> store_string(Memory& memory, StringEncoding encoding,
                                 const StringSource& source, AddressWidth width);

}  // namespace nacre::component

// Values of attributes and of line tables' headers, in any of the forms that DWARF has for them.
#pragma once

#include <cstdint>
#include <optional>

#include "dwarf/sections.h"
#include "wasm/reader.h"

namespace nacre::dwarf {

// What a unit decides about all that is written in it.
struct Encoding {
  uint16_t version = 0;
  uint8_t address_bytes = 4;  // 4 or 8
  uint8_t offset_bytes = 4;   // 4 or 8
};

enum class Meaning : uint8_t {
  ignored,  // nothing that is asked for here is written like this
  constant,
  address,
  address_index,    // in .debug_addr
  text,             // here
  str_offset,       // in .debug_str
  line_str_offset,  // in .debug_line_str
  str_index,        // in .debug_str_offsets
  unit_reference,   // an offset in the unit
  reference,        // an offset in .debug_info
  ranges_index,     // in .debug_rnglists
};

struct Value {
  Meaning meaning = Meaning::ignored;
  uint64_t number = 0;
  const uint8_t* text = nullptr;  // meaning text: `number` bytes
};

struct Form {
  enum class Size : uint8_t {
    zero,
    one,
    two,
    three,
    four,
    eight,
    sixteen,
    address,
    offset,
    reference,
    uleb,
    sleb,
    text,
    block,
    block1,
    block2,
    block4,
    indirect,  // the form stands in front of the value
    implicit,  // the value stands beside the form
  };
  Size size = Size::zero;
  Meaning meaning = Meaning::ignored;
};

// Nothing: no such form, so it is unknown where the next value begins.
std::optional<Form> find_form(uint64_t number);

// The next value; the reader fails where it is not whole or makes too much work.
Value read_value(wasm::Reader& reader, Form form, Encoding encoding, Work& work);

// The number of an address or offset of so many bytes.
uint64_t read_sized(wasm::Reader& reader, uint32_t size);

// Marks code that the linker threw away: 0 in old modules, then the last address or the one before.
// No function begins at 0: the count of functions stands there.
inline bool is_dead(uint64_t address, uint32_t address_bytes) {
  uint64_t last = address_bytes == 4 ? UINT32_MAX : UINT64_MAX;
  return address == 0 || address >= last - 1;
}

}  // namespace nacre::dwarf

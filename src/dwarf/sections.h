// The bytes of a module that hold its debug information, and how much of them may be read.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "wasm/module.h"

namespace nacre::dwarf {

// Empty where the module has none. Views into the module.
struct Sections {
#define SECTION(name, section) Bytes name;
#include "dwarf/sections.def"
#undef SECTION
};

// The first of each name.
Sections find_sections(const wasm::Module& module);

// What addresses in debug information count from: where the contents of the code section begin, in
// the module's bytes.
std::optional<uint64_t> code_begin(const wasm::Module& module);

// Steps that one question may take, so that no module can make it last: debug information can send
// its reader round in circles and through the same bytes any number of times. A step is an item
// that is read, or some bytes that are passed over.
class Work {
 public:
  explicit Work(uint64_t steps) : left_(steps) {}
  // False for ever, once there are not so many left.
  [[nodiscard]] bool spend(uint64_t steps = 1) {
    if (steps > left_) {
      left_ = 0;
      return false;
    }
    left_ -= steps;
    return true;
  }
  static constexpr uint64_t kBytesPerStep = 16;

 private:
  uint64_t left_;
};

// The text that ends with a zero byte, or at the end of `bytes`, or is cut at this length.
inline constexpr size_t kMaxTextBytes = 2000;
std::string_view text_at(Bytes bytes, uint64_t offset);

// The number of `size` bytes at `offset`; nothing if it is not all there.
std::optional<uint64_t> number_at(Bytes bytes, uint64_t offset, uint32_t size);

}  // namespace nacre::dwarf

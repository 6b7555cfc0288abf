// What kinds of entries a unit has, and which attributes each has in which form.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dwarf/forms.h"

namespace nacre::dwarf {

enum class Attribute : uint8_t {
#define ATTRIBUTE(number, name) name,
#include "dwarf/attributes.def"
#undef ATTRIBUTE
  none,
};
inline constexpr size_t kAttributes = static_cast<size_t>(Attribute::none);

// Tags that mean something here.
enum class Tag : uint16_t {
  class_type = 0x02,
  enumeration_type = 0x04,
  compile_unit = 0x11,
  structure_type = 0x13,
  union_type = 0x17,
  inlined_subroutine = 0x1d,
  module = 0x1e,
  subprogram = 0x2e,
  interface_type = 0x38,
  namespace_ = 0x39,
  skeleton_unit = 0x4a,
};

class Abbreviations {
 public:
  struct Item {
    Attribute attribute = Attribute::none;
    Form form;
    int64_t implicit = 0;  // Form::Size::implicit: the value
  };
  struct Kind {
    uint64_t code = 0;
    Tag tag{};
    bool has_children = false;
    uint32_t first = 0;  // of its items
    uint32_t count = 0;
  };

  // Those at `offset` of .debug_abbrev up to the end of their table, or to the first that is not
  // well-formed, or to the one with the code `last`.
  static Abbreviations read(Bytes section, uint64_t offset, uint64_t last, Work& work);

  const Kind* find(uint64_t code) const;
  std::span<const Item> items(const Kind& kind) const {
    return std::span(items_).subspan(kind.first, kind.count);
  }

 private:
  std::vector<Kind> kinds_;  // by rising code
  std::vector<Item> items_;
};

}  // namespace nacre::dwarf

#include "component/binary/codes.h"

#include <algorithm>
#include <iterator>

namespace nacre::component::binary {
namespace {

constexpr uint16_t kSortCodes[] = {
#define SORT(name, code, text) code,
#include "component/sorts.def"
};

std::optional<Sort> find_code(uint8_t code, size_t first, size_t last) {
  const uint16_t* begin = kSortCodes + first;
  const uint16_t* end = kSortCodes + last + 1;
  const uint16_t* found = std::find(begin, end, code);
  if (found == end) return std::nullopt;
  return static_cast<Sort>(found - kSortCodes);
}

}  // namespace

uint16_t sort_code(Sort sort) { return kSortCodes[static_cast<size_t>(sort)]; }

std::optional<Sort> find_core_sort(uint8_t code) {
  return find_code(code, 0, static_cast<size_t>(Sort::core_instance));
}

std::optional<Sort> find_sort(uint8_t code) {
  return find_code(code, static_cast<size_t>(Sort::func), static_cast<size_t>(Sort::instance));
}

}  // namespace nacre::component::binary

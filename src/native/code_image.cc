#include "native/code_image.h"

#include <algorithm>
#include <cstdlib>

namespace nacre::native {

FrameState FrameStates::at(uint32_t code_offset) const {
  if (code_offset < pushed) return FrameState::none;
  if (code_offset < linked) return FrameState::pushed;
  if (code_offset < whole) return FrameState::linked;
  auto after = std::upper_bound(undone.begin(), undone.end(), code_offset,
                                [](uint32_t a, const Range& range) { return a < range.begin; });
  bool is_undone = after != undone.begin() && code_offset < std::prev(after)->end;
  return is_undone ? FrameState::none : FrameState::whole;
}

void CodeBuffer::Free::operator()(uint8_t* bytes) const { std::free(bytes); }

bool CodeBuffer::reserve(uint32_t bytes) {
  if (bytes <= capacity_) return true;
  uint64_t wanted =
      std::min<uint64_t>(std::max<uint64_t>(bytes, uint64_t{2} * capacity_), UINT32_MAX);
  void* grown = std::realloc(bytes_.get(), wanted);
  if (grown == nullptr) return false;
  static_cast<void>(bytes_.release());
  bytes_.reset(static_cast<uint8_t*>(grown));
  capacity_ = static_cast<uint32_t>(wanted);
  return true;
}

void CodeImage::clear() {
  code.set_size(0);
  relocations.clear();
  sites.clear();
  frame.pushed = frame.linked = frame.whole = 0;
  frame.undone.clear();
}

}  // namespace nacre::native

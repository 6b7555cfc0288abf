#include "native/free_blocks.h"

#include <algorithm>
#include <iterator>

namespace nacre::native {

void FreeBlocks::give(uint64_t offset, uint64_t bytes) {
  auto next = blocks_.lower_bound(offset);
  if (next != blocks_.end() && offset + bytes == next->first) {
    bytes += next->second;
    next = blocks_.erase(next);
  }
  if (next != blocks_.begin()) {
    auto before = std::prev(next);
    if (before->first + before->second == offset) {
      before->second += bytes;
      return;
    }
  }
  blocks_.emplace_hint(next, offset, bytes);
}

std::optional<uint64_t> FreeBlocks::take(uint64_t bytes) {
  auto best = blocks_.end();
  for (auto block = blocks_.begin(); block != blocks_.end(); ++block) {
    bool fits = block->second >= bytes;
    if (fits && (best == blocks_.end() || block->second < best->second)) best = block;
  }
  if (best == blocks_.end()) return std::nullopt;
  auto [offset, size] = *best;
  auto next = blocks_.erase(best);
  if (size > bytes) blocks_.emplace_hint(next, offset + bytes, size - bytes);
  return offset;
}

uint64_t FreeBlocks::largest() const {
  uint64_t most = 0;
  for (auto [offset, bytes] : blocks_) most = std::max(most, bytes);
  return most;
}

}  // namespace nacre::native

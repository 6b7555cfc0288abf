// Which bytes of a code space were code once and can be code again.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace nacre::native {

// Offsets and sizes are the user's; blocks that touch become one.
class FreeBlocks {
 public:
  void give(uint64_t offset, uint64_t bytes);
  // Takes this many bytes off the smallest block that has them; returns where they begin.
  std::optional<uint64_t> take(uint64_t bytes);
  uint64_t largest() const;

 private:
  std::map<uint64_t, uint64_t> blocks_;  // size by offset
};

}  // namespace nacre::native

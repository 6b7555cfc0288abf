// Backtraces of traps as text.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "abi/trap.h"

namespace nacre::runtime {

class Module;

// The frames of a trap, independent of the store that trapped: it keeps their modules alive.
// Making one is cheap: debug information is read when the text is asked for.
class Backtrace {
 public:
  Backtrace() = default;  // without frames
  // The store must still be alive.
  explicit Backtrace(const abi::Trap& trap);

  // One line for each frame, youngest first:
  //   "  0: module!function @ 0x1234\n"
  // The offset counts from the start of the module's bytes. Where debug information says more:
  //   "  0: app!clamp @ 0x1234 at src/math.h:12 (inlined)\n"
  //   "  1: app!step(int) @ 0x1234 at src/step.cc:7\n"
  // A function that was inlined has a line of its own, before that of the function it was inlined
  // into. Frames of callers show the line of the call. Names are escaped for terminals. Empty
  // without frames.
  std::string text() const;

 private:
  struct Frame {
    std::shared_ptr<const Module> module;
    uint32_t function = 0;
    uint64_t offset = 0;
  };
  std::vector<Frame> frames_;
  bool frames_cut_ = false;
};

}  // namespace nacre::runtime

#include "runtime/backtrace.h"

#include <cstdio>

#include "runtime/instance.h"
#include "runtime/module.h"

namespace nacre::runtime {

std::string format_backtrace(const abi::Trap& trap) {
  std::string text;
  for (size_t i = 0; i < trap.frames.size(); ++i) {
    const abi::Frame& frame = trap.frames[i];
    if (frame.vmctx == nullptr) continue;
    const Module& module = Instance::of(*frame.vmctx).module();
    char place[40];
    std::snprintf(place, sizeof place, "%3zu: ", i);
    text += place;
    text += module.name().empty() ? "module" : module.name();
    text += '!';
    text += module.function_name(frame.function);
    std::snprintf(place, sizeof place, " @ 0x%llx\n",
                  static_cast<unsigned long long>(frame.offset));
    text += place;
  }
  if (trap.frames_cut) text += "     (older frames left out)\n";
  return text;
}

}  // namespace nacre::runtime

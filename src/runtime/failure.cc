#include "runtime/failure.h"

namespace nacre::runtime {

std::unique_ptr<abi::Trap> Failure::take_trap() && {
  if (auto* trap = std::get_if<std::unique_ptr<abi::Trap>>(&what_)) return std::move(*trap);
  return abi::make_trap(abi::TrapKind::host_error, error().to_string());
}

std::string Failure::to_string() const {
  return is_trap() ? "trap: " + describe(trap()) : error().to_string();
}

Backtrace Failure::backtrace() const {
  if (detached_) return *detached_;
  return is_trap() ? Backtrace(trap()) : Backtrace();
}

void Failure::detach() {
  if (!is_trap()) return;
  detached_ = backtrace();
  abi::Trap& trap = **std::get_if<std::unique_ptr<abi::Trap>>(&what_);
  trap.frames.clear();
  trap.frames_cut = false;
}

std::string describe(const abi::Trap& trap) {
  return trap.message.empty() ? std::string(abi::trap_text(trap.kind)) : trap.message;
}

}  // namespace nacre::runtime

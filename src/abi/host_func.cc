#include "abi/host_func.h"

#include <utility>

namespace nacre::abi {

TrapPtr direct_trap(Outcome outcome) {
  if (outcome.is_trapped()) return std::move(outcome).take_trap();
  return make_trap(TrapKind::host_error,
                   "a host function waits, and was not declared as one that may");
}

Outcome suspend_or_trap(const HostFunc& host, ExecContext& exec, Value* values) {
  if (!host.may_block) {
    exec.suspension = {};
    return make_trap(TrapKind::host_error,
                     host.name + " waits, and was not declared as a function that may");
  }
  if (exec.suspend_depth == 0 || exec.suspend_depth != exec.host_depth) {
    exec.suspension = {};
    return make_trap(TrapKind::cannot_suspend);
  }
  exec.suspension.function = &host;
  exec.suspension.values = values;
  return Outcome::suspended();
}

}  // namespace nacre::abi

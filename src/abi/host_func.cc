#include "abi/host_func.h"

#include <utility>

namespace nacre::abi {

namespace {

TrapPtr undeclared(const HostFunc& host) {
  return make_trap(TrapKind::host_error,
                   host.name + " waits, but was not declared as a function that may");
}

}  // namespace

TrapPtr direct_trap(Outcome outcome, const HostFunc& host) {
  if (outcome.is_trapped()) return std::move(outcome).take_trap();
  return host.may_block ? make_trap(TrapKind::cannot_suspend) : undeclared(host);
}

void check_ending(Outcome& outcome, const HostFunc& host, ExecContext& exec, Value* values) {
  if (!outcome.is_suspended()) return;
  if (!host.may_block) {
    outcome = undeclared(host);
  } else if (exec.suspend_depth == 0 || exec.suspend_depth != exec.stack_use.depth()) {
    outcome = make_trap(TrapKind::cannot_suspend);
  }
  if (!outcome.is_suspended()) {
    exec.suspension = {};
    return;
  }
  exec.suspension.function = &host;
  exec.suspension.values = values;
}

}  // namespace nacre::abi

// A call of a function of WASI whose guest is parked, for it would have to
// wait: what abi::HostCall::suspend() names then. Whoever resumes the guest
// owns it.
#pragma once

#include <optional>

#include "abi/outcome.h"
#include "abi/value.h"
#include "host/operation.h"

namespace nacre::wasi {

class SuspendedCall {
 public:
  virtual ~SuspendedCall() = default;
  // What it waits for now.
  virtual host::Operation& operation() = 0;
  // Goes on with the function when that is over. Nothing: it waits for
  // something else. Otherwise it has ended: returned, with its results in
  // `values`, or trapped.
  virtual std::optional<abi::Outcome> go_on(abi::Value* values) = 0;
};

}  // namespace nacre::wasi

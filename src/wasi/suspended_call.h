// A call of a function of WASI whose guest is parked, because it would have to wait: the operation
// that abi::HostCall::suspend() names. The code that resumes the guest owns it.
#pragma once

#include <optional>

#include "abi/outcome.h"
#include "abi/value.h"
#include "host/operation.h"

namespace nacre::wasi {

class SuspendedCall {
 public:
  virtual ~SuspendedCall() = default;
  // The operation that this call waits for.
  virtual host::Operation& operation() = 0;
  // Goes on with the function when that is over. Nothing: another operation() has to end first.
  // Otherwise the call has ended: returned, with its results in `values`, or trapped.
  virtual std::optional<abi::Outcome> go_on(abi::Value* values) = 0;
};

}  // namespace nacre::wasi

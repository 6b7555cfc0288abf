// Carries requests of a guest's calls to another process, for calls that must not wait for the
// answers.
//
// Such a call is made between begin() and end(). A host object whose answer has not come yet fails
// with `again` (a gate: Decision::later), and the call parks: end() returns the operation that it
// waits for. When that is over, the call is made once more with it, and the same request gets its
// answer. If the arguments have changed meanwhile, so that the request is another one, it is sent
// anew. Destroying the operation cancels its request.
#pragma once

#include <memory>

#include "host/operation.h"

namespace nacre::host {

// One thread at a time.
class Courier {
 public:
  virtual ~Courier() = default;
  // `parked`: what end() returned; null: the call is made for the first time.
  virtual void begin(std::unique_ptr<Operation> parked) = 0;
  // Whether a request of this call has no answer yet.
  virtual bool is_waiting() const = 0;
  // null: the call needs no answer.
  virtual std::unique_ptr<Operation> end() = 0;
};

}  // namespace nacre::host

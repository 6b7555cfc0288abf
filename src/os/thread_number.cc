#include "os/thread_number.h"

#include <atomic>

namespace nacre::os {
namespace {

constinit std::atomic<uint32_t> last = 0;
[[gnu::tls_model("initial-exec")]] constinit thread_local uint32_t own = 0;

}  // namespace

uint32_t thread_number() {
  if (own == 0) [[unlikely]]
    own = last.fetch_add(1, std::memory_order_relaxed) + 1;
  return own;
}

}  // namespace nacre::os

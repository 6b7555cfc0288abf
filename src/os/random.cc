#include "os/random.h"

#include <sys/random.h>

#include <cerrno>

#include "os/interrupt.h"

namespace nacre::os {

Sys<void> fill_random(MutableBytes to) {
  while (!to.empty()) {
    if (stop_requested()) return std::unexpected(EINTR);
    ssize_t got = getrandom(to.data(), to.size(), 0);
    if (got < 0) {
      if (errno == EINTR && !stop_requested()) continue;
      return std::unexpected(errno);
    }
    to = to.subspan(static_cast<size_t>(got));
  }
  return {};
}

}  // namespace nacre::os

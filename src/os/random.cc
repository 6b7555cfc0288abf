#include "os/random.h"

#include <sys/random.h>

#include <cerrno>

namespace nacre::os {

Sys<void> fill_random(MutableBytes to) {
  while (!to.empty()) {
    ssize_t got = getrandom(to.data(), to.size(), 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      return std::unexpected(errno);
    }
    to = to.subspan(static_cast<size_t>(got));
  }
  return {};
}

}  // namespace nacre::os

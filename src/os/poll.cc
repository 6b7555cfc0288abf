#include "os/poll.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "os/clock.h"
#include "os/interrupt.h"

namespace nacre::os {
namespace {

// A year; poll_until comes back and looks again, so a longer wait only costs a wake-up.
constexpr uint64_t kLongestWait = 365ull * 24 * 3600 * 1'000'000'000;

}  // namespace

Sys<size_t> poll_until(std::span<PollItem> items, std::optional<uint64_t> deadline) {
  std::vector<pollfd> native(items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    short events = 0;
    if (items[i].want_read) events |= POLLIN;
    if (items[i].want_write) events |= POLLOUT;
    native[i] = {items[i].fd, events, 0};
  }
  for (;;) {
    uint64_t wait = kLongestWait;
    bool last_round = false;
    if (deadline) {
      Sys<uint64_t> now = clock_now(ClockKind::monotonic);
      if (!now) return std::unexpected(now.error());
      wait = std::min(wait, *deadline > *now ? *deadline - *now : 0);
      last_round = wait == 0;
    }
    timespec timeout = {static_cast<time_t>(wait / 1'000'000'000),
                        static_cast<long>(wait % 1'000'000'000)};
    int count = ppoll(native.data(), native.size(), &timeout, nullptr);
    if (count < 0 && (errno != EINTR || stop_requested())) return std::unexpected(errno);
    if (count > 0 || (count == 0 && last_round)) break;
  }
  size_t ready = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    short events = native[i].revents;
    items[i].ready = events != 0;
    items[i].hangup = (events & (POLLHUP | POLLERR)) != 0;
    items[i].invalid = (events & POLLNVAL) != 0;
    if (events != 0) ++ready;
  }
  return ready;
}

uint64_t bytes_readable(int fd) {
  int count = 0;
  if (ioctl(fd, FIONREAD, &count) != 0 || count < 0) return 0;
  return static_cast<uint64_t>(count);
}

}  // namespace nacre::os

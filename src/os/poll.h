// Waiting for descriptors to become ready, up to a deadline.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "os/file.h"

namespace nacre::os {

struct PollItem {
  int fd = -1;  // negative: ignored, never ready
  bool want_read = false;
  bool want_write = false;
  // Set by poll_until.
  bool ready = false;
  bool hangup = false;
  bool invalid = false;  // not an open descriptor
};

// Returns when an item is ready or CLOCK_MONOTONIC reaches `deadline` (ns; nothing: waits without
// end), whichever is first, with the number of items that are ready. Continues after EINTR, unless
// the code that the thread runs is to stop.
Sys<size_t> poll_until(std::span<PollItem> items, std::optional<uint64_t> deadline);

// Bytes that a read would return without blocking, where the kernel knows (FIONREAD); else 0.
uint64_t bytes_readable(int fd);

}  // namespace nacre::os

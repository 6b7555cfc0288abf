// A directory tree in memory, with the same interfaces as a real one: for tests, for embedders that
// have files but no file system, and as the test oracle of the real implementation.
//
// The tree behaves as Linux does, errno by errno. Its size is bounded: what would exceed
// `max_bytes` of content or kMaxNodes entries is nospc. Many threads may use it (one lock).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "host/dir.h"

namespace nacre::host {

struct MemoryFs;

class MemoryTree {
 public:
  static constexpr size_t kMaxNodes = 100'000;

  explicit MemoryTree(uint64_t max_bytes = 256 << 20);

  // The root, under a grant.
  std::shared_ptr<Dir> open(std::shared_ptr<const Grant> grant) const;

  // For building a tree before a guest sees it: paths are plain (`a/b`, no dots, no links), parents
  // must exist. put_link takes any target, also one that a guest could not create.
  bool put_directory(std::string_view path);
  bool put_file(std::string_view path, std::string_view content);
  bool put_link(std::string_view path, std::string_view target);

 private:
  std::shared_ptr<MemoryFs> fs_;
};

}  // namespace nacre::host

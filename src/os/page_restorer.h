// Puts memory back to what it was before a guest used it, at the cost of the pages that were really
// written.
//
// The kernel's page tables tell which pages were written (PAGEMAP_SCAN, Linux 6.7), so it does not
// matter who wrote: the guest, the host, or a system call. A page counts as clean only if
// it is absent, the shared page of zeroes, or still the image's own; one that was swapped out is
// dirty. Written pages are copied over and stay resident for the next user. Where the kernel cannot
// tell, or where that would keep more memory than wanted, all of them are dropped at once.
//
// Usable from any thread, for mappings that are not in use meanwhile. A child process after fork()
// always drops, because the page tables that it could read are those of the parent.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "os/memory_image.h"

namespace nacre::os {

// The ioctl that asks (<linux/fs.h> of older systems lacks it).
inline constexpr uint32_t kPagemapScan = 0xC0606610;

class PageRestorer {
 public:
  // Never fails: where the kernel cannot tell, drops() is true.
  static PageRestorer create();
  // One that always drops.
  PageRestorer() = default;
  PageRestorer(PageRestorer&& other) noexcept;
  PageRestorer& operator=(PageRestorer&& other) noexcept;
  ~PageRestorer() { reset(); }

  bool drops() const;

  // Afterwards [begin, begin + bytes) holds `image` from its first byte on, then zeroes.
  // `begin` is at a page, `bytes` whole pages; private, readable and writable, mapped of `image`
  // or of nothing. At most `keep_bytes` of what was written stay resident. Errors: out_of_memory
  // (then the contents are unspecified and must not be used).
  Result<void> restore(uint8_t* begin, uint64_t bytes, const MemoryImage& image,
                       uint64_t keep_bytes) const;

 private:
  struct Region;
  struct Scan;
  bool scan(Scan& scan) const;
  bool finds_the_written_page() const;
  void reset();

  int file_ = -1;                     // /proc/self/pagemap
  const uint8_t* witness_ = nullptr;  // a page that is wiped by fork(); 1 in this process
};

}  // namespace nacre::os

#include "os/page_restorer.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace nacre::os {
namespace {

// linux/fs.h of Linux 6.7; headers of older systems lack it.
struct ScanArgument {
  uint64_t size = sizeof(ScanArgument);
  uint64_t flags = 0;
  uint64_t start = 0;
  uint64_t end = 0;
  uint64_t walk_end = 0;
  uint64_t regions = 0;
  uint64_t region_count = 0;
  uint64_t max_pages = 0;
  uint64_t category_inverted = 0;
  uint64_t category_mask = 0;
  uint64_t category_anyof_mask = 0;
  uint64_t return_mask = 0;
};
static_assert(kPagemapScan == _IOWR('f', 16, ScanArgument));
constexpr uint64_t kIsFile = 1 << 2, kIsPresent = 1 << 3, kIsSwapped = 1 << 4, kIsZero = 1 << 5;

void drop(void* begin, uint64_t bytes) { ::munmap(begin, bytes); }

uint8_t* map_private(uint64_t bytes) {
  void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return at == MAP_FAILED ? nullptr : static_cast<uint8_t*>(at);
}

}  // namespace

struct PageRestorer::Region {
  uint64_t start;
  uint64_t end;
  uint64_t categories;
};

// One question: the written pages of [next, end), the first `count` of the answer in `regions`.
// Afterwards `next` is where the answer ends.
struct PageRestorer::Scan {
  Scan(uint64_t its_begin, uint64_t its_end, uint64_t its_max_bytes)
      : next(its_begin), end(its_end), max_bytes(its_max_bytes) {}

  uint64_t next;
  uint64_t end;
  uint64_t max_bytes;
  size_t count = 0;
  std::array<Region, 32> regions;  // the kernel fills them: not cleared here
};

PageRestorer::PageRestorer(PageRestorer&& other) noexcept
    : file_(std::exchange(other.file_, -1)), witness_(std::exchange(other.witness_, nullptr)) {}

PageRestorer& PageRestorer::operator=(PageRestorer&& other) noexcept {
  if (this != &other) {
    reset();
    file_ = std::exchange(other.file_, -1);
    witness_ = std::exchange(other.witness_, nullptr);
  }
  return *this;
}

void PageRestorer::reset() {
  if (file_ >= 0) ::close(file_);
  if (witness_ != nullptr) drop(const_cast<uint8_t*>(witness_), page_bytes());
  file_ = -1;
  witness_ = nullptr;
}

PageRestorer PageRestorer::create() {
  PageRestorer result;
  uint8_t* witness = map_private(page_bytes());
  if (witness == nullptr) return result;
  if (::madvise(witness, page_bytes(), MADV_WIPEONFORK) != 0) {
    drop(witness, page_bytes());
    return result;
  }
  *witness = 1;
  result.witness_ = witness;
  result.file_ = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (!result.finds_the_written_page()) result.reset();
  return result;
}

bool PageRestorer::drops() const { return file_ < 0 || *witness_ != 1; }

bool PageRestorer::scan(Scan& scan) const {
  ScanArgument argument;
  argument.start = scan.next;
  argument.end = scan.end;
  argument.regions = reinterpret_cast<uintptr_t>(scan.regions.data());
  argument.region_count = scan.regions.size();
  argument.max_pages = scan.max_bytes / page_bytes();
  // Not of a file, not the page of zeroes, and either here or swapped out.
  argument.category_inverted = kIsFile | kIsZero;
  argument.category_mask = kIsFile | kIsZero;
  argument.category_anyof_mask = kIsPresent | kIsSwapped;
  argument.return_mask = kIsPresent | kIsSwapped;
  int found = ::ioctl(file_, kPagemapScan, &argument);
  if (found < 0 || argument.walk_end <= scan.next) return false;
  scan.next = argument.walk_end;
  scan.count = static_cast<size_t>(found);
  return true;
}

// Whether this kernel's answers are what the rest relies on: of four pages the one written to.
bool PageRestorer::finds_the_written_page() const {
  if (file_ < 0) return false;
  uint64_t page = page_bytes();
  uint8_t* memory = map_private(4 * page);
  if (memory == nullptr) return false;
  auto* read_only = static_cast<volatile const uint8_t*>(memory);
  memory[2 * page] = read_only[page];  // page 1 is read, page 2 is written
  auto start = reinterpret_cast<uintptr_t>(memory);
  Scan question(start, start + 4 * page, 4 * page);
  bool right = scan(question) && question.count == 1 && question.next == start + 4 * page &&
               question.regions[0].start == start + 2 * page &&
               question.regions[0].end == start + 3 * page;
  drop(memory, 4 * page);
  return right;
}

Result<void> PageRestorer::restore(uint8_t* begin, uint64_t bytes, const MemoryImage& image,
                                   uint64_t keep_bytes) const {
  auto start = reinterpret_cast<uintptr_t>(begin);
  Scan question(start, start + bytes, keep_bytes + page_bytes());
  uint64_t kept = 0;
  bool asked = !drops();
  while (asked && question.next != question.end) {
    asked = scan(question);
    for (size_t i = 0; asked && i < question.count; ++i) {
      const Region& region = question.regions[i];
      kept += region.end - region.start;
      if (kept > keep_bytes) asked = false;
      if (!asked) break;
      uint64_t offset = region.start - start;
      uint64_t length = region.end - region.start;
      uint64_t of_image = offset < image.size_bytes() ? image.size_bytes() - offset : 0;
      if (of_image > length) of_image = length;
      if (of_image != 0) std::memcpy(begin + offset, image.data() + offset, of_image);
      std::memset(begin + offset + of_image, 0, length - of_image);
    }
  }
  // Private pages go; what is behind them shows: the image, or nothing.
  if (asked || bytes == 0) return {};
  if (::madvise(begin, bytes, MADV_DONTNEED) == 0) return {};
  return fail(ErrorCode::out_of_memory,
              std::string("cannot give used memory back: ") + std::strerror(errno));
}

}  // namespace nacre::os

#include "os/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "base/checked.h"
#include "os/memory_image.h"

namespace nacre::os {

uint64_t page_bytes() {
  static const uint64_t bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

uint64_t round_up_to_page(uint64_t size) {
  uint64_t mask = page_bytes() - 1;
  std::optional<uint64_t> sum = checked_add(size, mask);
  return sum ? *sum & ~mask : UINT64_MAX;
}

namespace {

void unmap(uint8_t* data, uint64_t size_bytes, AddressSpaceBudget* budget) {
  ::munmap(data, size_bytes);
  if (budget != nullptr) budget->give_back(size_bytes);
}

// Nothing of what was mapped there is left, in one step: afterwards the bytes are inaccessible.
bool map_nothing(uint8_t* at, uint64_t size_bytes) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  return ::mmap(at, size_bytes, PROT_NONE, flags, -1, 0) != MAP_FAILED;
}

Error cannot(const char* what, uint64_t bytes) {
  return Error(ErrorCode::out_of_memory, std::string("cannot ") + what + " " +
                                             std::to_string(bytes) +
                                             " bytes of memory: " + std::strerror(errno));
}

}  // namespace

bool AddressSpaceBudget::take(uint64_t bytes) {
  uint64_t used = used_bytes_.load(std::memory_order_relaxed);
  do {
    if (!in_bounds(used, bytes, limit_bytes_.load(std::memory_order_relaxed))) return false;
  } while (!used_bytes_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

bool AddressSpaceBudget::set_limit(uint64_t limit_bytes) {
  if (used_bytes() > limit_bytes) return false;
  limit_bytes_.store(limit_bytes, std::memory_order_relaxed);
  return true;
}

Reservation::Reservation(Reservation&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_bytes_(std::exchange(other.size_bytes_, 0)),
      context_(other.context_) {}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  if (this != &other) {
    reset();
    data_ = std::exchange(other.data_, nullptr);
    size_bytes_ = std::exchange(other.size_bytes_, 0);
    context_ = other.context_;
  }
  return *this;
}

void Reservation::reset() {
  if (data_ == nullptr) return;
  bool kept =
      context_.stock != nullptr && context_.stock->give({data_, size_bytes_, context_.budget});
  if (!kept) unmap(data_, size_bytes_, context_.budget);
  data_ = nullptr;
  size_bytes_ = 0;
}

Result<Reservation> Reservation::reserve(uint64_t bytes, MappingContext context) {
  Reservation result;
  if (bytes == 0) return result;
  uint64_t size = round_up_to_page(bytes);
  auto refuse = [&](const char* why) {
    return fail(ErrorCode::out_of_memory,
                "cannot reserve " + std::to_string(bytes) + " bytes of address space: " + why);
  };
  if (context.fail_point != nullptr && context.fail_point->hit()) return refuse("injected failure");
  if (size > (uint64_t{1} << 56)) return refuse("more than any machine has");
  result.context_ = context;
  if (context.stock != nullptr) {
    result.data_ = context.stock->take(size, context.budget);
    result.size_bytes_ = result.data_ != nullptr ? size : 0;
    if (result.data_ != nullptr) return result;
  }
  if (context.budget != nullptr && !context.budget->take(size))
    return refuse("the engine's budget is used up");
  void* data = ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) {
    int error = errno;
    if (context.budget != nullptr) context.budget->give_back(size);
    return refuse(std::strerror(error));
  }
  result.data_ = static_cast<uint8_t*>(data);
  result.size_bytes_ = size;
  return result;
}

Result<void> Reservation::commit(uint64_t offset, uint64_t length) {
  if (!in_bounds(offset, length, size_bytes_))
    return fail(ErrorCode::out_of_memory, "beyond the reserved address space");
  if (length == 0) return {};
  if (context_.fail_point != nullptr && context_.fail_point->hit())
    return fail(ErrorCode::out_of_memory, "cannot commit memory: injected failure");
  uint64_t begin = offset & ~(page_bytes() - 1);
  uint64_t end = round_up_to_page(offset + length);
  if (::mprotect(data_ + begin, end - begin, PROT_READ | PROT_WRITE) != 0)
    return std::unexpected(cannot("commit", length));
  return {};
}

Result<void> Reservation::map_image(uint64_t offset, const MemoryImage& image) {
  if (!in_bounds(offset, image.size_bytes(), size_bytes_))
    return fail(ErrorCode::out_of_memory, "beyond the reserved address space");
  if (image.size_bytes() == 0) return {};
  if (context_.fail_point != nullptr && context_.fail_point->hit())
    return fail(ErrorCode::out_of_memory, "cannot map an image: injected failure");
  void* mapped = ::mmap(data_ + offset, image.size_bytes(), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, image.file_, 0);
  if (mapped == MAP_FAILED) return std::unexpected(cannot("map", image.size_bytes()));
  return {};
}

Result<void> Reservation::decommit(uint64_t offset, uint64_t length) {
  if (!in_bounds(offset, length, size_bytes_))
    return fail(ErrorCode::out_of_memory, "beyond the reserved address space");
  if (length == 0) return {};
  if (context_.fail_point != nullptr && context_.fail_point->hit())
    return fail(ErrorCode::out_of_memory, "cannot decommit memory: injected failure");
  if (!map_nothing(data_ + offset, length)) return std::unexpected(cannot("give back", length));
  ::madvise(data_ + offset, length, MADV_NOHUGEPAGE);  // as the rest of restored memory
  return {};
}

void Reservation::clear(uint64_t offset, uint64_t length) {
  if (::madvise(data_ + offset, length, MADV_DONTNEED) == 0) return;
  std::memset(data_ + offset, 0, length);  // locked in memory
}

void Reservation::use_small_pages() {
  if (data_ != nullptr) ::madvise(data_, size_bytes_, MADV_NOHUGEPAGE);
}

// ---- stock

ReservationStock::~ReservationStock() {
  for (const Entry& entry : entries_) unmap(entry.data, entry.size_bytes, entry.budget);
}

uint64_t ReservationStock::size_bytes() const {
  uint64_t sum = 0;
  for (const Entry& entry : entries_) sum += entry.size_bytes;
  return sum;
}

uint8_t* ReservationStock::take(uint64_t size_bytes, const AddressSpaceBudget* budget) {
  for (Entry& entry : entries_) {
    if (entry.size_bytes != size_bytes || entry.budget != budget) continue;
    uint8_t* data = entry.data;
    entries_.erase(entries_.begin() + (&entry - entries_.data()));
    return data;
  }
  return nullptr;
}

bool ReservationStock::give(const Entry& entry) {
  if (!map_nothing(entry.data, entry.size_bytes)) return false;
  if (entries_.size() >= kMaxKept) {
    unmap(entries_[0].data, entries_[0].size_bytes, entries_[0].budget);
    entries_.erase(entries_.begin());
  }
  entries_.push_back(entry);
  return true;
}

}  // namespace nacre::os

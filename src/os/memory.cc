#include "os/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "base/checked.h"

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

bool AddressSpaceBudget::take(uint64_t bytes) {
  uint64_t used = used_bytes_.load(std::memory_order_relaxed);
  do {
    if (!in_bounds(used, bytes, limit_bytes_)) return false;
  } while (!used_bytes_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
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
  ::munmap(data_, size_bytes_);
  if (context_.budget != nullptr) context_.budget->give_back(size_bytes_);
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
  result.context_ = context;
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
  if (::mprotect(data_ + begin, end - begin, PROT_READ | PROT_WRITE) != 0) {
    return fail(ErrorCode::out_of_memory, "cannot commit " + std::to_string(length) +
                                              " bytes of memory: " + std::strerror(errno));
  }
  return {};
}

}  // namespace nacre::os

#include "os/code_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace nacre::os {
namespace {

void* map(int file, uint64_t bytes, int protection, int sharing = MAP_SHARED) {
  void* at = ::mmap(nullptr, bytes, protection, sharing | MAP_NORESERVE, file, 0);
  return at == MAP_FAILED ? nullptr : at;
}

}  // namespace

CodeMemory::CodeMemory(CodeMemory&& other) noexcept
    : writable_(std::exchange(other.writable_, nullptr)),
      executable_(std::exchange(other.executable_, nullptr)),
      size_bytes_(std::exchange(other.size_bytes_, 0)),
      context_(other.context_) {}

CodeMemory& CodeMemory::operator=(CodeMemory&& other) noexcept {
  if (this != &other) {
    reset();
    writable_ = std::exchange(other.writable_, nullptr);
    executable_ = std::exchange(other.executable_, nullptr);
    size_bytes_ = std::exchange(other.size_bytes_, 0);
    context_ = other.context_;
  }
  return *this;
}

void CodeMemory::reset() {
  if (writable_ != nullptr) ::munmap(writable_, size_bytes_);
  if (executable_ != nullptr) ::munmap(const_cast<uint8_t*>(executable_), size_bytes_);
  if (size_bytes_ != 0 && context_.budget != nullptr) context_.budget->give_back(2 * size_bytes_);
  writable_ = nullptr;
  executable_ = nullptr;
  size_bytes_ = 0;
}

void CodeMemory::populate(uint64_t begin, uint64_t bytes) const {
  constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE, Linux 5.14; older systems fault
  uint64_t first = std::min(round_up_to_page(begin), size_bytes_);
  uint64_t count = std::min(round_up_to_page(bytes), size_bytes_ - first);
  if (count != 0) ::madvise(writable_ + first, count, kPopulateWrite);
}

Result<CodeMemory> CodeMemory::create(uint64_t bytes, bool for_debuggers, MappingContext context) {
  auto refuse = [&](ErrorCode code, const std::string& why) {
    return fail(code, "no memory for " + std::to_string(bytes) + " bytes of machine code: " + why);
  };
  uint64_t size = round_up_to_page(bytes);
  if (context.fail_point != nullptr && context.fail_point->hit())
    return refuse(ErrorCode::out_of_memory, "injected failure");
  if (size > uint64_t{1} << 40) return refuse(ErrorCode::out_of_memory, "too much");
  if (context.budget != nullptr && !context.budget->take(2 * size))
    return refuse(ErrorCode::out_of_memory, "the engine's budget is used up");
  CodeMemory result;
  result.size_bytes_ = size;
  result.context_ = context;
  int file = ::memfd_create("nacre-code", MFD_CLOEXEC);
  if (file < 0) return refuse(ErrorCode::unsupported, std::strerror(errno));
  bool sized = ::ftruncate(file, static_cast<off_t>(size)) == 0;
  if (sized) {
    result.writable_ = static_cast<uint8_t*>(map(file, size, PROT_READ | PROT_WRITE));
    // A private view reads the file's pages, too, until a debugger writes to one.
    result.executable_ = static_cast<uint8_t*>(
        map(file, size, PROT_READ | PROT_EXEC, for_debuggers ? MAP_PRIVATE : MAP_SHARED));
  }
  int error = errno;
  ::close(file);
  if (result.writable_ == nullptr || result.executable_ == nullptr) {
    bool forbidden = error == EACCES || error == EPERM;
    return refuse(forbidden ? ErrorCode::unsupported : ErrorCode::out_of_memory,
                  std::strerror(error));
  }
  return result;
}

}  // namespace nacre::os

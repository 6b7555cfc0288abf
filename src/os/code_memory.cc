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

struct Views {
  void* writable = nullptr;
  void* executable = nullptr;
  bool whole() const { return writable != nullptr && executable != nullptr; }
};

void unmap(Views& views, uint64_t bytes) {
  if (views.writable != nullptr) ::munmap(views.writable, bytes);
  if (views.executable != nullptr) ::munmap(views.executable, bytes);
  views = {};
}

void* unless_failed(void* at) { return at == MAP_FAILED ? nullptr : at; }

// Of memory that is not a file's: perf looks for names of such code only. Errors in errno.
Views map_anonymous(uint64_t bytes) {
  Views views;
  views.writable = unless_failed(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (views.writable == nullptr) return views;
  // Of an old size of nothing, it makes another view and leaves the old one: writable like that,
  // and executable only when it is not any more.
  void* second = unless_failed(::mremap(views.writable, 0, bytes, MREMAP_MAYMOVE));
  if (second == nullptr) return views;
  if (::mprotect(second, bytes, PROT_READ | PROT_EXEC) == 0) {
    views.executable = second;
  } else {
    int error = errno;
    ::munmap(second, bytes);
    errno = error;
  }
  return views;
}

// Of a file without a name. A private view reads its pages, too, until a debugger writes to one.
Views map_file(uint64_t bytes, bool for_debuggers) {
  Views views;
  int file = ::memfd_create("nacre-code", MFD_CLOEXEC);
  if (file < 0) return views;
  auto map = [&](int protection, int sharing) {
    return unless_failed(::mmap(nullptr, bytes, protection, sharing | MAP_NORESERVE, file, 0));
  };
  if (::ftruncate(file, static_cast<off_t>(bytes)) == 0) {
    views.writable = map(PROT_READ | PROT_WRITE, MAP_SHARED);
    if (views.writable != nullptr)
      views.executable = map(PROT_READ | PROT_EXEC, for_debuggers ? MAP_PRIVATE : MAP_SHARED);
  }
  int error = errno;
  ::close(file);
  errno = error;
  return views;
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
  Views views;
  if (!for_debuggers) views = map_anonymous(size);
  // Also where the system promises no more memory than it has: of a file, it counts what is used.
  if (!views.whole()) {
    unmap(views, size);
    views = map_file(size, for_debuggers);
  }
  int error = errno;
  result.writable_ = static_cast<uint8_t*>(views.writable);
  result.executable_ = static_cast<uint8_t*>(views.executable);
  if (!views.whole()) {
    bool forbidden = error == EACCES || error == EPERM || error == ENOSYS;
    return refuse(forbidden ? ErrorCode::unsupported : ErrorCode::out_of_memory,
                  std::strerror(error));
  }
  return result;
}

}  // namespace nacre::os

#include "os/file_contents.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "os/file.h"

namespace nacre::os {
namespace {

constexpr size_t kChunkBytes = 64 << 10;
constexpr size_t kHugePageBytes = 2 << 20;

std::unexpected<Error> refuse(int error) {
  if (error == ENOENT) return fail(ErrorCode::io, "there is no such file");
  return fail(ErrorCode::io, std::strerror(error));
}

}  // namespace

std::string name_of_input(const std::string& path) {
  return path == kStandardInput ? "standard input" : path;
}

FileContents::~FileContents() {
  if (data_ != nullptr) ::munmap(data_, capacity_);
}

// Large buffers ask for huge pages: 24 MB are then 12 page faults, not 6 000.
Result<void> FileContents::reserve(size_t capacity) {
  void* grown = data_ == nullptr ? ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE,
                                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                                 : ::mremap(data_, capacity_, capacity, MREMAP_MAYMOVE);
  if (grown == MAP_FAILED) return fail(ErrorCode::out_of_memory, "no memory for the file");
  data_ = static_cast<uint8_t*>(grown);
  capacity_ = capacity;
  if (capacity >= kHugePageBytes) ::madvise(data_, capacity_, MADV_HUGEPAGE);
  return {};
}

Result<void> FileContents::read_all(int fd, uint64_t max_bytes) {
  while (true) {
    if (size_ == capacity_) TRY(reserve(std::max(2 * capacity_, kChunkBytes)));
    ssize_t got = ::read(fd, data_ + size_, capacity_ - size_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refuse(errno);
    if (got == 0) return {};
    size_ += static_cast<size_t>(got);
    if (size_ > max_bytes) {
      return fail(ErrorCode::limit, "larger than " + std::to_string(max_bytes) + " bytes");
    }
  }
}

Result<std::shared_ptr<const FileContents>> FileContents::read(const std::string& path,
                                                               uint64_t max_bytes) {
  OwnedFd fd(path == kStandardInput ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                    : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return refuse(errno);
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0) return refuse(errno);
  if (S_ISDIR(status.st_mode)) return fail(ErrorCode::io, "it is a directory, not a file");

  std::shared_ptr<FileContents> file(new FileContents);
  auto size = static_cast<uint64_t>(std::max<off_t>(status.st_size, 0));
  if (size > max_bytes) {
    return fail(ErrorCode::limit, "larger than " + std::to_string(max_bytes) + " bytes");
  }
  // One byte more than the file says to have: the read that finds the end then needs no growth.
  if (S_ISREG(status.st_mode) && size != 0) TRY(file->reserve(size + 1));
  TRY(file->read_all(fd.get(), max_bytes));
  return file;
}

}  // namespace nacre::os

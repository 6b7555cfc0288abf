#include "os/memory_image.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace nacre::os {
namespace {

bool is_zero(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

Bytes page_at(Bytes contents, uint64_t offset) {
  return contents.subspan(offset, std::min<uint64_t>(page_bytes(), contents.size() - offset));
}

// `contents` up to its last page that is not all zero, in whole pages.
uint64_t used_bytes(Bytes contents) {
  uint64_t size = round_up_to_page(contents.size());
  while (size != 0 && is_zero(page_at(contents, size - page_bytes()))) size -= page_bytes();
  return size;
}

bool write_pages(int file, Bytes contents, uint64_t size) {
  if (::ftruncate(file, static_cast<off_t>(size)) != 0) return false;
  for (uint64_t offset = 0; offset < size; offset += page_bytes()) {
    Bytes page = page_at(contents, offset);
    if (is_zero(page)) continue;
    ssize_t written = ::pwrite(file, page.data(), page.size(), static_cast<off_t>(offset));
    if (written != static_cast<ssize_t>(page.size())) return false;
  }
  return ::fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0;
}

}  // namespace

MemoryImage::MemoryImage(MemoryImage&& other) noexcept
    : file_(std::exchange(other.file_, -1)),
      data_(std::exchange(other.data_, nullptr)),
      size_bytes_(std::exchange(other.size_bytes_, 0)),
      budget_(other.budget_) {}

MemoryImage& MemoryImage::operator=(MemoryImage&& other) noexcept {
  if (this != &other) {
    reset();
    file_ = std::exchange(other.file_, -1);
    data_ = std::exchange(other.data_, nullptr);
    size_bytes_ = std::exchange(other.size_bytes_, 0);
    budget_ = other.budget_;
  }
  return *this;
}

void MemoryImage::reset() {
  if (data_ != nullptr) {
    ::munmap(const_cast<uint8_t*>(data_), size_bytes_);
    if (budget_ != nullptr) budget_->give_back(size_bytes_);
  }
  if (file_ >= 0) ::close(file_);
  file_ = -1;
  data_ = nullptr;
  size_bytes_ = 0;
}

Result<MemoryImage> MemoryImage::create(Bytes contents, MappingContext context) {
  MemoryImage image;
  uint64_t size = used_bytes(contents);
  if (size == 0) return image;
  auto refuse = [](const char* why) {
    return fail(ErrorCode::out_of_memory,
                std::string("cannot keep the initial contents of a memory: ") + why);
  };
  if (context.fail_point != nullptr && context.fail_point->hit()) return refuse("injected failure");
  if (context.budget != nullptr && !context.budget->take(size))
    return refuse("the engine's budget of address space is used up");
  void* data = MAP_FAILED;
  image.file_ = ::memfd_create("nacre-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (image.file_ >= 0 && write_pages(image.file_, contents, size))
    data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, image.file_, 0);
  if (data == MAP_FAILED) {
    int error = errno;
    if (context.budget != nullptr) context.budget->give_back(size);
    return refuse(std::strerror(error));
  }
  image.data_ = static_cast<const uint8_t*>(data);
  image.size_bytes_ = size;
  image.budget_ = context.budget;
  return image;
}

}  // namespace nacre::os

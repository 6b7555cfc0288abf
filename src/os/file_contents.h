// A whole file in memory, read-only.
//
// It is read, not mapped: shortening a mapped file kills a process that reads beyond the new end,
// and the guest itself can do that if it may write to its own program's file. Immutable; any thread
// may read.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace nacre::os {

// What people call an input: "-" is standard input.
inline constexpr std::string_view kStandardInput = "-";
std::string name_of_input(const std::string& path);

class FileContents {
 public:
  // Files, pipes, terminals; the rest of standard input for "-". Errors do not name the path: io
  // (missing, not readable, a directory), limit (larger than `max_bytes`), out_of_memory.
  static Result<std::shared_ptr<const FileContents>> read(const std::string& path,
                                                          uint64_t max_bytes);
  FileContents(const FileContents&) = delete;
  FileContents& operator=(const FileContents&) = delete;
  ~FileContents();

  Bytes bytes() const { return {data_, size_}; }

 private:
  FileContents() = default;
  Result<void> reserve(size_t capacity);
  Result<void> read_all(int fd, uint64_t max_bytes);

  uint8_t* data_ = nullptr;  // mapped without a file
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace nacre::os

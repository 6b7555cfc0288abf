// A file's contents, read-only, without copying them where that is possible.
//
// Regular files are mapped: they must not shrink while the object lives (reading behind a new end
// kills the process). Others that can be read (pipes, terminals, /dev/stdin) are read to their end.
// Immutable; any thread may read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace nacre::os {

class MappedFile {
 public:
  // Errors: io (missing, not readable, a directory: the message names the path and says which),
  // limit (larger than `max_bytes`), out_of_memory.
  static Result<std::shared_ptr<const MappedFile>> open(const std::string& path,
                                                        uint64_t max_bytes);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  Bytes bytes() const { return bytes_; }

 private:
  MappedFile() = default;

  Bytes bytes_;
  void* mapping_ = nullptr;     // of regular files
  std::vector<uint8_t> owned_;  // of others
};

}  // namespace nacre::os

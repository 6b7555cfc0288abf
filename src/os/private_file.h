// A small file that belongs to one user, is read whole and replaced whole.
//
// A replacement is complete or did not happen, whenever the process or the machine dies; writers in
// several processes take turns. The folder is made for its owner alone (0700), the file too (0600).
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "os/file.h"

namespace nacre::os {

class PrivateFile {
 public:
  explicit PrivateFile(std::string path) : path_(std::move(path)) {}
  const std::string& path() const { return path_; }

  // Nothing if there is no file. Errors: io (also when somebody else could have written it: wrong
  // owner, or writable for others), limit (larger than `max_bytes`). All name the path.
  Result<std::optional<std::string>> read(uint64_t max_bytes) const;

  // Holds the lock of the file while it lives; waits for it.
  class Lock {
   public:
    // Replaces the contents. Durable when it returns.
    Result<void> replace(std::string_view text);

   private:
    friend class PrivateFile;
    Lock(std::string path, OwnedFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
    std::string path_;
    OwnedFd fd_;
  };
  Result<Lock> lock() const;

 private:
  std::string path_;
};

// The same replacement for a file that no other process replaces.
Result<void> replace_file(const std::string& path, std::string_view text);

// For logs: made for its owner alone if it is not there, written at its end.
Sys<OwnedFd> open_for_appending(const std::string& path);

}  // namespace nacre::os

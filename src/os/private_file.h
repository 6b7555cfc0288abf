// A small file that belongs to one user, is read whole and replaced whole.
//
// A replacement is complete or did not happen, whenever the process or the machine dies; writers in
// several processes take turns. The folder is made for its owner alone (0700), the file too (0600).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "os/file.h"

namespace nacre::os {

class PrivateFile {
 public:
  explicit PrivateFile(std::string path) : path_(std::move(path)) {}
  const std::string& path() const { return path_; }

  // Nothing if there is no file. Links are followed. Errors: io (also when another user could have
  // written it: wrong owner, or writable for others, the file itself, its folder or a directory
  // that the name leads through), limit (larger than `max_bytes`). All name the path.
  Result<std::optional<std::string>> read(uint64_t max_bytes) const;

  // Holds the lock of the file while it lives; waits for it.
  class Lock {
   public:
    // Replaces the contents: where the path is a link, those of what it leads to. Durable when it
    // returns.
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

// The place of a file that will be written later. The directory is held open, so it does not matter
// if its path leads elsewhere by then.
class HeldName {
 public:
  // `path`: absolute, without links and dots. Errors: io, there is no such directory.
  static Result<HeldName> find(std::string path);
  // Replaces the file as PrivateFile does, but without a lock. A link that is there by then is
  // replaced, not followed.
  Result<void> replace(std::string_view text) const;

 private:
  HeldName(std::string path, OwnedFd folder) : path_(std::move(path)), folder_(std::move(folder)) {}
  std::string path_;
  OwnedFd folder_;
};
// The name of the temporary file that is written first and then renamed to `path`.
std::string next_path(std::string_view path);

// Whether something is there, links followed, that is not a regular file: a directory, a device, a
// pipe.
bool has_no_contents(const std::string& path);

// Opens a file to append to, for logs; made readable for its owner alone if it does not exist.
Sys<OwnedFd> open_for_appending(const std::string& path);

}  // namespace nacre::os

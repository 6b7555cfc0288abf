// The base of all capability objects that a guest can hold open.
//
// A Handle is a File, Dir, Stream or Socket (kind() tells which; the cast is static). Handles are
// shared_ptr-owned: the last owner closes. Times are nanoseconds since 1970. A handle may be used
// by one thread at a time unless its class says otherwise.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "host/errno.h"
#include "os/file.h"

namespace nacre::host {

enum class FileType : uint8_t {
  unknown,
  block_device,
  character_device,
  directory,
  regular_file,
  socket_datagram,
  socket_stream,
  symbolic_link,
  pipe,
};

struct FileStat {
  uint64_t device = 0;
  uint64_t inode = 0;
  FileType type = FileType::unknown;
  uint64_t link_count = 1;
  uint64_t size_bytes = 0;
  uint64_t access_time = 0;
  uint64_t modified_time = 0;
  uint64_t change_time = 0;
};

using FileTimes = os::FileTimes;

FileStat to_file_stat(const struct stat& status);
FileType to_file_type(mode_t mode);

enum class HandleKind : uint8_t { file, dir, stream, socket };

// Whether reading (writing) would go on without waiting.
struct Readiness {
  bool ready = false;
  bool hangup = false;
  uint64_t bytes = 0;  // known to be available; 0 where that is unknown
};

class Handle {
 public:
  virtual ~Handle() = default;
  HandleKind kind() const { return kind_; }

  virtual HostResult<FileStat> stat() = 0;
  virtual HostResult<void> set_times(const FileTimes&) { return failed(Errno::notsup); }
  virtual HostResult<void> sync(bool data_only) = 0;

  // As messages and logs name it; empty if it has no name.
  std::string_view display_name() const { return name_; }

  // The descriptor to wait on; -1: never waits, or only readiness() can tell.
  virtual int poll_fd() const { return -1; }
  // As of now. Only asked where poll_fd() is -1.
  virtual Readiness readiness(bool writing) { return {true, false, writing ? uint64_t{1} : 0}; }

  // Its descriptor, to be handed to another process; -1: it has none.
  virtual int native_fd() const { return -1; }

 protected:
  explicit Handle(HandleKind kind, std::string name = {}) : kind_(kind), name_(std::move(name)) {}
  void set_display_name(std::string name) { name_ = std::move(name); }

 private:
  HandleKind kind_;
  std::string name_;
};

using HandlePtr = std::shared_ptr<Handle>;

}  // namespace nacre::host

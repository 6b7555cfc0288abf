// A sequence of bytes without offsets: standard input and output, pipes, terminals, devices.
//
// Reads and writes may be short and may wait; a read of 0 bytes is the end. Asking poll_fd() or
// readiness() first is how a skin implements a non-blocking mode: the descriptor's own mode is
// shared with other processes and never changed.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/handle.h"
#include "os/file.h"

namespace nacre::host {

class Stream : public Handle {
 public:
  bool readable() const { return readable_; }
  bool writable() const { return writable_; }
  virtual bool is_terminal() const { return false; }

  virtual HostResult<size_t> read(std::span<const MutableBytes> to) = 0;
  virtual HostResult<size_t> write(std::span<const Bytes> from) = 0;
  // Where the stream is a file in truth (`app < file`); spipe otherwise. `whence` is SEEK_*.
  virtual HostResult<uint64_t> seek(int64_t, int) { return failed(Errno::spipe); }
  virtual bool seekable() const { return false; }

 protected:
  Stream(bool readable, bool writable)
      : Handle(HandleKind::stream), readable_(readable), writable_(writable) {}

 private:
  bool readable_;
  bool writable_;
};

// Takes over a descriptor that is a pipe, device, terminal, or an inherited file.
std::shared_ptr<Stream> make_real_stream(os::OwnedFd fd);
// A duplicate of one of this process's own (0, 1, 2); badf if it is closed. Ignores SIGPIPE from
// then on, so that a guest writing to a closed pipe gets an error and cannot end its host.
HostResult<std::shared_ptr<Stream>> inherit_stream(int fd);

// Reads nothing, swallows everything.
std::shared_ptr<Stream> make_null_stream(bool readable, bool writable);

// Reads from a fixed text.
std::shared_ptr<Stream> make_memory_input(std::string text);

// Collects what is written; refuses with nospc beyond `max_bytes`.
class MemoryOutput final : public Stream {
 public:
  explicit MemoryOutput(size_t max_bytes = 64 << 20) : Stream(false, true), max_bytes_(max_bytes) {}
  const std::string& text() const { return text_; }
  HostResult<FileStat> stat() override;
  HostResult<void> sync(bool) override { return {}; }
  HostResult<size_t> read(std::span<const MutableBytes>) override { return failed(Errno::badf); }
  HostResult<size_t> write(std::span<const Bytes> from) override;

 private:
  size_t max_bytes_;
  std::string text_;
};

// Passes writes through a filter on their way: the place where policy will make a guest's output
// safe for a terminal. The filter gets a copy and returns what is to be written; all of the
// original counts as written once the inner stream took all of the result.
using OutputFilter = std::function<std::string(std::string_view)>;
std::shared_ptr<Stream> make_filtered_stream(std::shared_ptr<Stream> inner, OutputFilter filter);

}  // namespace nacre::host

// A sequence of bytes: standard input and output, pipes, terminals, devices.
//
// If it is really a file (`app < in > out`), it can be used as one: at the offset that it shares
// with the process that opened it, or at any other. If not, these operations fail as the system's
// do. What was opened for appending is appended to, whatever flags a guest sets, and is never made
// shorter. Reads and writes may be short and may wait; a read of 0 bytes is the end. Asking
// poll_fd() or readiness() first is how a skin implements a non-blocking mode: the descriptor's own
// mode is shared with other processes and never changed.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/file.h"
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
  // `whence` is SEEK_*.
  virtual HostResult<uint64_t> seek(int64_t, int) { return failed(Errno::spipe); }
  virtual bool seekable() const { return false; }
  // As those of host::File.
  virtual HostResult<size_t> read_at(std::span<const MutableBytes>, uint64_t) {
    return failed(Errno::spipe);
  }
  virtual HostResult<size_t> write_at(std::span<const Bytes>, uint64_t) {
    return failed(Errno::spipe);
  }
  // Appends atomically; the shared offset is then at the end. For what is not a file: as write.
  virtual HostResult<size_t> append(std::span<const Bytes> from) { return write(from); }
  virtual HostResult<void> set_size(uint64_t) { return failed(Errno::inval); }
  virtual HostResult<void> allocate(uint64_t, uint64_t) { return failed(Errno::spipe); }
  virtual HostResult<void> advise(uint64_t, uint64_t, Advice) { return failed(Errno::spipe); }
  // How it was opened.
  virtual os::OpenedAs opened_as() const { return {}; }

 protected:
  Stream(bool readable, bool writable)
      : Handle(HandleKind::stream), readable_(readable), writable_(writable) {}

 private:
  bool readable_;
  bool writable_;
};

// The base of streams that wrap another one: what they do not override is passed on.
class ForwardingStream : public Stream {
 public:
  bool is_terminal() const override { return inner_->is_terminal(); }
  bool seekable() const override { return inner_->seekable(); }
  os::OpenedAs opened_as() const override { return inner_->opened_as(); }
  int poll_fd() const override { return inner_->poll_fd(); }
  Readiness readiness(bool writing) override { return inner_->readiness(writing); }
  HostResult<FileStat> stat() override { return inner_->stat(); }
  HostResult<void> set_times(const FileTimes& times) override { return inner_->set_times(times); }
  HostResult<void> sync(bool data_only) override { return inner_->sync(data_only); }
  HostResult<size_t> read(std::span<const MutableBytes> to) override { return inner_->read(to); }
  HostResult<size_t> write(std::span<const Bytes> from) override { return inner_->write(from); }
  HostResult<uint64_t> seek(int64_t offset, int whence) override {
    return inner_->seek(offset, whence);
  }
  HostResult<size_t> read_at(std::span<const MutableBytes> to, uint64_t offset) override {
    return inner_->read_at(to, offset);
  }
  HostResult<size_t> write_at(std::span<const Bytes> from, uint64_t offset) override {
    return inner_->write_at(from, offset);
  }
  HostResult<size_t> append(std::span<const Bytes> from) override { return inner_->append(from); }
  HostResult<void> set_size(uint64_t size_bytes) override { return inner_->set_size(size_bytes); }
  HostResult<void> allocate(uint64_t offset, uint64_t length) override {
    return inner_->allocate(offset, length);
  }
  HostResult<void> advise(uint64_t offset, uint64_t length, Advice advice) override {
    return inner_->advise(offset, length, advice);
  }

 protected:
  ForwardingStream(std::shared_ptr<Stream> inner, bool readable, bool writable)
      : Stream(readable, writable), inner_(std::move(inner)) {}
  const std::shared_ptr<Stream>& inner() const { return inner_; }

 private:
  std::shared_ptr<Stream> inner_;
};

// Takes over a descriptor that is a pipe, device, terminal, or an inherited file.
std::shared_ptr<Stream> make_real_stream(os::OwnedFd fd);
// A duplicate of one of this process's own (0, 1, 2); badf if it is closed, or was not opened for
// reading (0) or writing (1, 2). Ignores SIGPIPE from then on, so that a guest writing to a closed
// pipe gets an error and cannot end its host.
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

// Passes writes through a filter, which can make a guest's output safe for a terminal. The filter
// gets a copy and returns what is to be written; all of the original counts as written once the
// inner stream took all of the result. Filtered streams have no offsets.
using OutputFilter = std::function<std::string(std::string_view)>;
std::shared_ptr<Stream> make_filtered_stream(const std::shared_ptr<Stream>& inner,
                                             OutputFilter filter);

}  // namespace nacre::host

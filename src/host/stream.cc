#include "host/stream.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "os/file.h"
#include "os/poll.h"

namespace nacre::host {
namespace {

class RealStream final : public Stream {
 public:
  explicit RealStream(os::OwnedFd fd)
      : Stream(os::can_read(fd.get()), os::can_write(fd.get())),
        fd_(std::move(fd)),
        is_terminal_(os::is_terminal(fd_.get())),
        seekable_(!is_terminal_ && os::seek(fd_.get(), 0, SEEK_CUR).has_value()),
        opened_as_(os::opened_as(fd_.get())) {}

  bool is_terminal() const override { return is_terminal_; }
  bool seekable() const override { return seekable_; }
  int poll_fd() const override { return fd_.get(); }
  int native_fd() const override { return fd_.get(); }

  HostResult<FileStat> stat() override {
    return to_file_stat(HOST_TRY(from_sys(os::file_status(fd_.get()))));
  }
  HostResult<void> sync(bool data_only) override {
    return from_sys(os::sync_file(fd_.get(), data_only));
  }
  HostResult<size_t> read(std::span<const MutableBytes> to) override {
    return from_sys(waited(false, [&] { return os::read_vectors(fd_.get(), to); }));
  }
  HostResult<size_t> write(std::span<const Bytes> from) override {
    return from_sys(waited(true, [&] { return os::write_vectors(fd_.get(), from); }));
  }
  HostResult<uint64_t> seek(int64_t offset, int whence) override {
    if (!seekable_) return failed(Errno::spipe);
    return from_sys(os::seek(fd_.get(), offset, whence));
  }
  os::OpenedAs opened_as() const override { return opened_as_; }
  HostResult<size_t> read_at(std::span<const MutableBytes> to, uint64_t offset) override {
    return from_sys(os::read_vectors_at(fd_.get(), to, offset));
  }
  HostResult<size_t> write_at(std::span<const Bytes> from, uint64_t offset) override {
    return from_sys(os::write_vectors_at(fd_.get(), from, offset));
  }
  HostResult<size_t> append(std::span<const Bytes> from) override {
    if (opened_as_.append || !size_of_file()) return write(from);
    return HOST_TRY(from_sys(os::append_vectors(fd_.get(), from))).written;
  }
  HostResult<void> set_size(uint64_t size_bytes) override {
    if (size_bytes > INT64_MAX) return failed(Errno::inval);
    // What is there may belong to another process, which may append at this moment.
    bool cuts_off = opened_as_.append && size_bytes < size_of_file().value_or(0);
    if (cuts_off) return failed(Errno::perm);
    return from_sys(os::set_size(fd_.get(), size_bytes));
  }
  HostResult<void> allocate(uint64_t offset, uint64_t length) override {
    return from_sys(os::allocate(fd_.get(), offset, length));
  }
  HostResult<void> advise(uint64_t offset, uint64_t length, Advice advice) override {
    return from_sys(os::advise(fd_.get(), offset, length, native_advice(advice)));
  }
  HostResult<void> set_times(const FileTimes& times) override {
    // Those of a terminal or a device are not this stream's.
    if (!size_of_file()) return failed(Errno::notsup);
    return from_sys(os::set_times(fd_.get(), times));
  }

 private:
  // Nothing: it is not a regular file.
  std::optional<uint64_t> size_of_file() const {
    auto status = os::file_status(fd_.get());
    if (!status || to_file_type(status->st_mode) != FileType::regular_file) return std::nullopt;
    return static_cast<uint64_t>(status->st_size);
  }

  // Another process that shares the pipe or terminal may have made it nonblocking; that is not what
  // the guest asked for.
  template <class Transfer>
  os::Sys<size_t> waited(bool writing, Transfer transfer) {
    for (;;) {
      os::Sys<size_t> done = transfer();
      if (done || done.error() != EAGAIN) return done;
      os::PollItem item{.fd = fd_.get(), .want_read = !writing, .want_write = writing};
      auto ready = os::poll_until(std::span(&item, 1), std::nullopt);
      if (!ready) return std::unexpected(ready.error());
    }
  }

  os::OwnedFd fd_;
  bool is_terminal_;
  bool seekable_;
  os::OpenedAs opened_as_;
};

class NullStream final : public Stream {
 public:
  NullStream(bool readable, bool writable) : Stream(readable, writable) {}
  HostResult<FileStat> stat() override { return FileStat{}; }
  HostResult<void> sync(bool) override { return {}; }
  HostResult<size_t> read(std::span<const MutableBytes>) override {
    if (!readable()) return failed(Errno::badf);
    return 0;
  }
  HostResult<size_t> write(std::span<const Bytes> from) override {
    if (!writable()) return failed(Errno::badf);
    size_t total = 0;
    for (Bytes bytes : from) total += bytes.size();
    return total;
  }
};

class MemoryInput final : public Stream {
 public:
  explicit MemoryInput(std::string text) : Stream(true, false), text_(std::move(text)) {}
  HostResult<FileStat> stat() override { return FileStat{.size_bytes = text_.size() - at_}; }
  HostResult<void> sync(bool) override { return {}; }
  HostResult<size_t> read(std::span<const MutableBytes> to) override {
    size_t total = 0;
    for (MutableBytes bytes : to) {
      size_t count = std::min(bytes.size(), text_.size() - at_);
      if (count != 0) std::memcpy(bytes.data(), text_.data() + at_, count);
      at_ += count;
      total += count;
    }
    return total;
  }
  HostResult<size_t> write(std::span<const Bytes>) override { return failed(Errno::badf); }
  Readiness readiness(bool) override { return {true, false, text_.size() - at_}; }

 private:
  std::string text_;
  size_t at_ = 0;
};

class FilteredStream final : public ForwardingStream {
 public:
  FilteredStream(const std::shared_ptr<Stream>& inner, OutputFilter filter)
      : ForwardingStream(inner, inner->readable(), inner->writable()), filter_(std::move(filter)) {}

  HostResult<size_t> write_at(std::span<const Bytes>, uint64_t) override {
    return failed(Errno::spipe);
  }
  HostResult<size_t> append(std::span<const Bytes> from) override { return write(from); }
  HostResult<void> set_size(uint64_t) override { return failed(Errno::inval); }
  HostResult<void> allocate(uint64_t, uint64_t) override { return failed(Errno::spipe); }

  HostResult<size_t> write(std::span<const Bytes> from) override {
    std::string text;
    for (Bytes bytes : from) {
      size_t room = kMaxChunk - std::min(kMaxChunk, text.size());
      text += as_text(bytes.subspan(0, std::min(bytes.size(), room)));
    }
    std::string filtered = filter_(text);
    for (Bytes left = as_bytes(filtered); !left.empty();) {
      size_t written = HOST_TRY(inner()->write(std::span<const Bytes>(&left, 1)));
      if (written == 0) return failed(Errno::io);
      left = left.subspan(written);
    }
    return text.size();
  }

 private:
  // A short write; the guest writes the rest next.
  static constexpr size_t kMaxChunk = 64 * 1024;

  OutputFilter filter_;
};

}  // namespace

HostResult<FileStat> MemoryOutput::stat() { return FileStat{.size_bytes = text_.size()}; }

HostResult<size_t> MemoryOutput::write(std::span<const Bytes> from) {
  size_t total = 0;
  for (Bytes bytes : from) {
    size_t count = std::min(bytes.size(), max_bytes_ - text_.size());
    text_ += as_text(bytes.subspan(0, count));
    total += count;
    if (count != bytes.size()) break;
  }
  if (total == 0 && std::any_of(from.begin(), from.end(), [](Bytes b) { return !b.empty(); })) {
    return failed(Errno::nospc);
  }
  return total;
}

std::shared_ptr<Stream> make_real_stream(os::OwnedFd fd) {
  return std::make_shared<RealStream>(std::move(fd));
}

HostResult<std::shared_ptr<Stream>> inherit_stream(int fd) {
  os::OwnedFd copy = HOST_TRY(from_sys(os::duplicate(fd)));
  bool usable = fd == 0 ? os::can_read(fd) : os::can_write(fd);
  if (!usable) return failed(Errno::badf);
  os::ignore_write_signals();
  return make_real_stream(std::move(copy));
}

std::shared_ptr<Stream> make_null_stream(bool readable, bool writable) {
  return std::make_shared<NullStream>(readable, writable);
}

std::shared_ptr<Stream> make_memory_input(std::string text) {
  return std::make_shared<MemoryInput>(std::move(text));
}

std::shared_ptr<Stream> make_filtered_stream(const std::shared_ptr<Stream>& inner,
                                             OutputFilter filter) {
  return std::make_shared<FilteredStream>(inner, std::move(filter));
}

}  // namespace nacre::host

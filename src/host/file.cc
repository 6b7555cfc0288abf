#include "host/file.h"

#include <fcntl.h>

#include <limits>
#include <utility>

namespace nacre::host {
namespace {

constexpr uint64_t kMaxOffset = std::numeric_limits<int64_t>::max();

class RealFile final : public File {
 public:
  RealFile(os::OwnedFd fd, bool readable, bool writable, std::shared_ptr<const Grant> grant,
           std::string path)
      : File(readable, writable, std::move(grant), std::move(path)), fd_(std::move(fd)) {}

  int native_fd() const override { return fd_.get(); }
  HostResult<FileStat> stat() override {
    return to_file_stat(HOST_TRY(from_sys(os::file_status(fd_.get()))));
  }
  HostResult<void> sync(bool data_only) override {
    return from_sys(os::sync_file(fd_.get(), data_only));
  }
  HostResult<void> advise(uint64_t offset, uint64_t length, Advice advice) override {
    return from_sys(os::advise(fd_.get(), offset, length, native_advice(advice)));
  }

 private:
  HostResult<size_t> do_read_at(std::span<const MutableBytes> to, uint64_t offset) override {
    return from_sys(os::read_vectors_at(fd_.get(), to, offset));
  }
  HostResult<size_t> do_read_cached(std::span<const MutableBytes> to, uint64_t offset) override {
    return from_sys(os::read_vectors_cached(fd_.get(), to, offset));
  }
  HostResult<size_t> do_write_at(std::span<const Bytes> from, uint64_t offset) override {
    return from_sys(os::write_vectors_at(fd_.get(), from, offset));
  }
  HostResult<Appended> do_append(std::span<const Bytes> from) override {
    return from_sys(os::append_vectors(fd_.get(), from));
  }
  HostResult<void> do_set_size(uint64_t size_bytes) override {
    return from_sys(os::set_size(fd_.get(), size_bytes));
  }
  HostResult<void> do_allocate(uint64_t offset, uint64_t length) override {
    return from_sys(os::allocate(fd_.get(), offset, length));
  }
  HostResult<void> do_set_times(const FileTimes& times) override {
    return from_sys(os::set_times(fd_.get(), times));
  }

  os::OwnedFd fd_;
};

}  // namespace

int native_advice(Advice advice) {
  switch (advice) {
    case Advice::normal:
      return POSIX_FADV_NORMAL;
    case Advice::sequential:
      return POSIX_FADV_SEQUENTIAL;
    case Advice::random:
      return POSIX_FADV_RANDOM;
    case Advice::will_need:
      return POSIX_FADV_WILLNEED;
    case Advice::dont_need:
      return POSIX_FADV_DONTNEED;
    case Advice::no_reuse:
      return POSIX_FADV_NOREUSE;
  }
  return POSIX_FADV_NORMAL;
}

HostResult<size_t> File::read_at(std::span<const MutableBytes> to, uint64_t offset) {
  if (!readable_) return failed(Errno::badf);
  if (offset > kMaxOffset) return failed(Errno::inval);
  return do_read_at(to, offset);
}

HostResult<size_t> File::read_cached(std::span<const MutableBytes> to, uint64_t offset) {
  if (!readable_) return failed(Errno::badf);
  if (offset > kMaxOffset) return failed(Errno::inval);
  return do_read_cached(to, offset);
}

HostResult<size_t> File::write_at(std::span<const Bytes> from, uint64_t offset) {
  if (!writable_) return failed(Errno::badf);
  if (offset > kMaxOffset) return failed(Errno::fbig);
  return do_write_at(from, offset);
}

HostResult<File::Appended> File::append(std::span<const Bytes> from) {
  if (!writable_) return failed(Errno::badf);
  return do_append(from);
}

HostResult<void> File::set_size(uint64_t size_bytes) {
  if (!writable_) return failed(Errno::inval);
  if (size_bytes > kMaxOffset) return failed(Errno::inval);
  return do_set_size(size_bytes);
}

HostResult<void> File::allocate(uint64_t offset, uint64_t length) {
  if (!writable_) return failed(Errno::badf);
  if (length == 0 || offset > kMaxOffset || length > kMaxOffset) return failed(Errno::inval);
  if (length > kMaxOffset - offset) return failed(Errno::fbig);
  return do_allocate(offset, length);
}

HostResult<void> File::set_times(const FileTimes& times) {
  if (!grant_->covers(Action::set_times)) {
    return grant_->refuse(Action::set_times, display_name());
  }
  return do_set_times(times);
}

std::shared_ptr<File> make_real_file(os::OwnedFd fd, bool readable, bool writable,
                                     std::shared_ptr<const Grant> grant, std::string path) {
  return std::make_shared<RealFile>(std::move(fd), readable, writable, std::move(grant),
                                    std::move(path));
}

}  // namespace nacre::host

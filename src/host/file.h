// A regular file that is open. Every transfer names its offset: the position of a descriptor is
// kept by the skin (the version of WASI), so a File has no hidden position. Reads and writes may be
// short; a read of 0 bytes is the end. Many threads may use one File.
#pragma once

#include <span>

#include "host/grant.h"
#include "host/handle.h"
#include "os/file.h"

namespace nacre::host {

// As posix_fadvise; purely a hint.
enum class Advice : uint8_t { normal, sequential, random, will_need, dont_need, no_reuse };

// As the system counts it.
int native_advice(Advice advice);

class File : public Handle {
 public:
  // How it was opened; a File that may not be written refuses writes with badf, as POSIX does.
  bool readable() const { return readable_; }
  bool writable() const { return writable_; }

  HostResult<size_t> read_at(std::span<const MutableBytes> to, uint64_t offset);
  // Reads only what needs no waiting for the device; again: read_at would wait, or it is not known.
  HostResult<size_t> read_cached(std::span<const MutableBytes> to, uint64_t offset);
  HostResult<size_t> write_at(std::span<const Bytes> from, uint64_t offset);
  using Appended = os::Appended;
  // Appends atomically.
  HostResult<Appended> append(std::span<const Bytes> from);
  HostResult<void> set_size(uint64_t size_bytes);
  // Makes the file at least offset + length long, with room on the device where it can.
  HostResult<void> allocate(uint64_t offset, uint64_t length);
  HostResult<void> set_times(const FileTimes& times) final;
  virtual HostResult<void> advise(uint64_t offset, uint64_t length, Advice advice) = 0;

 protected:
  File(bool readable, bool writable, std::shared_ptr<const Grant> grant, std::string path)
      : Handle(HandleKind::file, std::move(path)),
        readable_(readable),
        writable_(writable),
        grant_(std::move(grant)) {}

 private:
  virtual HostResult<size_t> do_read_at(std::span<const MutableBytes> to, uint64_t offset) = 0;
  virtual HostResult<size_t> do_read_cached(std::span<const MutableBytes> to, uint64_t offset) {
    return do_read_at(to, offset);
  }
  virtual HostResult<size_t> do_write_at(std::span<const Bytes> from, uint64_t offset) = 0;
  virtual HostResult<Appended> do_append(std::span<const Bytes> from) = 0;
  virtual HostResult<void> do_set_size(uint64_t size_bytes) = 0;
  virtual HostResult<void> do_allocate(uint64_t offset, uint64_t length) = 0;
  virtual HostResult<void> do_set_times(const FileTimes& times) = 0;

  bool readable_;
  bool writable_;
  std::shared_ptr<const Grant> grant_;
};

// A file of the operating system.
std::shared_ptr<File> make_real_file(os::OwnedFd fd, bool readable, bool writable,
                                     std::shared_ptr<const Grant> grant, std::string path);

}  // namespace nacre::host

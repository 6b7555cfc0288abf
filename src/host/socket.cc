#include "host/socket.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "os/poll.h"

namespace nacre::host {
namespace {

class RealSocket final : public FdSocket {
 public:
  RealSocket(os::OwnedFd fd, std::shared_ptr<const Grant> grant)
      : FdSocket(std::move(grant)),
        fd_(std::move(fd)),
        is_stream_(os::socket_type(fd_.get()) == os::SocketType::stream) {}

  bool is_stream() const override { return is_stream_; }

 private:
  int fd() const override { return fd_.get(); }

  os::OwnedFd fd_;
  bool is_stream_;
};

// One direction of a connection in memory.
struct Pipe {
  static constexpr size_t kCapacity = 64 * 1024;
  std::mutex mutex;
  std::deque<uint8_t> bytes;
  bool closed = false;
};

class MemorySocket final : public Socket {
 public:
  MemorySocket(std::shared_ptr<const Grant> grant, std::shared_ptr<Pipe> in,
               std::shared_ptr<Pipe> out)
      : Socket(std::move(grant)), in_(std::move(in)), out_(std::move(out)) {}
  ~MemorySocket() override {
    close(*in_);
    close(*out_);
  }

  bool is_stream() const override { return true; }
  HostResult<FileStat> stat() override { return FileStat{.type = FileType::socket_stream}; }
  HostResult<void> sync(bool) override { return failed(Errno::inval); }

  HostResult<Received> receive(std::span<const MutableBytes> to, ReceiveOptions options) override {
    std::lock_guard lock(in_->mutex);
    if (in_->bytes.empty()) {
      if (in_->closed) return Received{};
      return failed(Errno::again);
    }
    size_t total = 0;
    for (MutableBytes bytes : to) {
      size_t count = std::min(bytes.size(), in_->bytes.size() - total);
      std::copy_n(in_->bytes.begin() + static_cast<std::ptrdiff_t>(total), count, bytes.begin());
      total += count;
    }
    if (!options.peek) {
      in_->bytes.erase(in_->bytes.begin(), in_->bytes.begin() + static_cast<std::ptrdiff_t>(total));
    }
    return Received{.bytes = total};
  }

  HostResult<size_t> send(std::span<const Bytes> from, bool) override {
    std::lock_guard lock(out_->mutex);
    if (out_->closed) return failed(Errno::pipe);
    size_t total = 0;
    for (Bytes bytes : from) {
      size_t count = std::min(bytes.size(), Pipe::kCapacity - out_->bytes.size());
      out_->bytes.insert(out_->bytes.end(), bytes.begin(),
                         bytes.begin() + static_cast<std::ptrdiff_t>(count));
      total += count;
      if (count != bytes.size())
        return total == 0 ? failed(Errno::again) : HostResult<size_t>(total);
    }
    return total;
  }

  HostResult<void> shut_down(bool reading, bool writing) override {
    if (!reading && !writing) return failed(Errno::inval);
    if (reading) close(*in_);
    if (writing) close(*out_);
    return {};
  }

  Readiness readiness(bool writing) override {
    Pipe& pipe = writing ? *out_ : *in_;
    std::lock_guard lock(pipe.mutex);
    uint64_t available =
        writing ? Pipe::kCapacity - pipe.bytes.size() : uint64_t{pipe.bytes.size()};
    return {available != 0 || pipe.closed, pipe.closed, available};
  }

 private:
  static void close(Pipe& pipe) {
    std::lock_guard lock(pipe.mutex);
    pipe.closed = true;
  }
  bool is_listening() const override { return false; }
  HostResult<std::shared_ptr<Socket>> do_accept(bool) override { return failed(Errno::inval); }

  std::shared_ptr<Pipe> in_;
  std::shared_ptr<Pipe> out_;
};

class ListeningSocket final : public Socket {
 public:
  static constexpr size_t kMaxPending = 128;

  explicit ListeningSocket(std::shared_ptr<const Grant> grant) : Socket(std::move(grant)) {}

  bool is_stream() const override { return true; }
  HostResult<FileStat> stat() override { return FileStat{.type = FileType::socket_stream}; }
  HostResult<void> sync(bool) override { return failed(Errno::inval); }
  HostResult<Received> receive(std::span<const MutableBytes>, ReceiveOptions) override {
    return failed(Errno::notconn);
  }
  HostResult<size_t> send(std::span<const Bytes>, bool) override { return failed(Errno::notconn); }
  HostResult<void> shut_down(bool, bool) override { return failed(Errno::notconn); }
  HostResult<void> listen(int) override { return {}; }
  Readiness readiness(bool) override {
    std::lock_guard lock(mutex_);
    return {!pending_.empty(), false, 0};
  }

  HostResult<std::shared_ptr<Socket>> add_connection() {
    std::lock_guard lock(mutex_);
    if (pending_.size() == kMaxPending) return failed(Errno::nobufs);
    auto there = std::make_shared<Pipe>();
    auto back = std::make_shared<Pipe>();
    pending_.push_back(std::make_shared<MemorySocket>(grant(), there, back));
    return std::make_shared<MemorySocket>(grant(), back, there);
  }

 private:
  bool is_listening() const override { return true; }
  HostResult<std::shared_ptr<Socket>> do_accept(bool) override {
    std::lock_guard lock(mutex_);
    if (pending_.empty()) return failed(Errno::again);
    std::shared_ptr<Socket> next = std::move(pending_.front());
    pending_.pop_front();
    return next;
  }

  std::mutex mutex_;
  std::deque<std::shared_ptr<Socket>> pending_;
};

}  // namespace

HostResult<std::shared_ptr<Socket>> Socket::accept(bool nonblocking) {
  // Only what listens is named after the place where it does.
  if (!is_listening()) return failed(Errno::inval);
  std::string object = "tcp://" + grant_->name();
  HOST_TRY(grant_->ask({.kind = Kind::listen, .object = object, .granted = true}));
  return do_accept(nonblocking);
}

HostResult<void> Socket::listen(int) { return failed(Errno::notsup); }
HostResult<void> Socket::connect(const Endpoint&, bool) { return failed(Errno::isconn); }
HostResult<size_t> Socket::send_to(const Endpoint&, std::span<const Bytes> from, bool nonblocking) {
  return is_stream() ? send(from, nonblocking) : failed(Errno::notsup);
}

HostResult<int> FdSocket::connected_fd() const {
  if (fd() < 0) return failed(Errno::notconn);
  return fd();
}

HostResult<FileStat> FdSocket::stat() {
  FileStat stat;
  if (fd() >= 0) stat = to_file_stat(HOST_TRY(from_sys(os::file_status(fd()))));
  stat.type = is_stream() ? FileType::socket_stream : FileType::socket_datagram;
  return stat;
}

HostResult<Socket::Received> FdSocket::receive(std::span<const MutableBytes> to,
                                               ReceiveOptions options) {
  int fd = HOST_TRY(connected_fd());
  std::optional<Endpoint> sender;
  auto received = HOST_TRY(from_sys(os::receive(fd, to, options, is_stream() ? nullptr : &sender)));
  return Received{received.bytes, received.truncated, sender};
}

HostResult<size_t> FdSocket::send(std::span<const Bytes> from, bool nonblocking) {
  return from_sys(os::send_vectors(HOST_TRY(connected_fd()), from, nonblocking));
}

HostResult<void> FdSocket::shut_down(bool reading, bool writing) {
  return from_sys(os::shut_down(HOST_TRY(connected_fd()), reading, writing));
}

HostResult<void> FdSocket::listen(int) {
  if (!os::is_listening(fd())) return failed(Errno::inval);
  return {};
}

HostResult<Endpoint> FdSocket::local_end() {
  return from_sys(os::local_end(HOST_TRY(connected_fd())));
}

HostResult<Endpoint> FdSocket::peer_end() {
  return from_sys(os::peer_end(HOST_TRY(connected_fd())));
}

HostResult<int64_t> FdSocket::option(SocketOption option) {
  return from_sys(os::socket_option(HOST_TRY(connected_fd()), option));
}

HostResult<void> FdSocket::set_option(SocketOption option, int64_t value) {
  // A connection is with one other whatever this says, and a process that is locked down may not
  // set it.
  if (option == SocketOption::broadcast && is_stream()) return {};
  return from_sys(os::set_socket_option(HOST_TRY(connected_fd()), option, value));
}

HostResult<std::shared_ptr<Socket>> FdSocket::do_accept(bool nonblocking) {
  if (nonblocking) {
    os::PollItem item{.fd = fd(), .want_read = true};
    size_t ready = HOST_TRY(from_sys(os::poll_until(std::span(&item, 1), 0)));
    if (ready == 0) return failed(Errno::again);
  }
  return make_real_socket(HOST_TRY(from_sys(os::accept_socket(fd()))), grant());
}

HostResult<std::shared_ptr<Socket>> make_real_socket(os::OwnedFd fd,
                                                     std::shared_ptr<const Grant> grant) {
  if (os::socket_type(fd.get()) == os::SocketType::none) return failed(Errno::notsock);
  return std::make_shared<RealSocket>(std::move(fd), std::move(grant));
}

MemoryListener::MemoryListener(std::shared_ptr<const Grant> grant)
    : socket_(std::make_shared<ListeningSocket>(std::move(grant))) {}

HostResult<std::shared_ptr<Socket>> MemoryListener::connect() {
  return static_cast<ListeningSocket&>(*socket_).add_connection();
}

}  // namespace nacre::host
